"""Straight-line tensor programs as frozen data: what is drawn, shrunk, run and printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np

from conformance.kernels import Array

T = TypeVar("T")


class Applies(Protocol[T]):
    """Anything that can apply an operation of the table to its own kind of tensors."""

    def apply(self, op: str, operands: Sequence[T], params: tuple[Any, ...] = ()) -> T:
        """The result of the operation."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A tensor that a program starts from: its values in row-major order and whether it is tracked.

    A ``strided`` leaf is laid out with its axes reversed in memory.
    """

    shape: tuple[int, ...]
    numbers: tuple[float, ...]
    requires_grad: bool = True
    strided: bool = False

    @property
    def value(self) -> Array:
        """The values as an array of ``shape`` in float64."""
        return np.array(self.numbers, dtype=np.float64).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: ``operands`` are positions among the leaves and the steps before."""

    op: str
    operands: tuple[int, ...]
    params: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Program:
    """Leaves, steps, and the positions of the outputs; calling it on leaves runs the steps.

    ``exact`` programs are free of rounding in every dtype they were drawn for.
    """

    leaves: tuple[Leaf, ...]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    exact: bool = True

    def run(self, engine: Applies[T], known: Sequence[T]) -> list[T]:
        """All outputs, computed by ``engine`` from its own leaves.

        ``known`` are the leaves, and possibly the results of the first steps after them.
        """
        values = list(known)
        for step in self.steps[len(values) - len(self.leaves) :]:
            operands = [values[i] for i in step.operands]
            values.append(engine.apply(step.op, operands, step.params))
        return [values[i] for i in self.outputs]

    def __call__(self, *leaves: Any) -> Any:
        """The first output, computed by the session that the leaves belong to."""
        return self.run(leaves[0].session, leaves)[0]

    @cached_property
    def tracked(self) -> tuple[int, ...]:
        """The positions of the leaves that need a gradient."""
        return tuple(i for i, leaf in enumerate(self.leaves) if leaf.requires_grad)

    @cached_property
    def used(self) -> frozenset[int]:
        """The positions of everything that the first output depends on."""
        reached: set[int] = set()
        pending = [self.outputs[0]]
        while pending:
            position = pending.pop()
            if position not in reached:
                reached.add(position)
                if position >= len(self.leaves):
                    pending.extend(self.steps[position - len(self.leaves)].operands)
        return frozenset(reached)
