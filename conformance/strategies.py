"""What behaviors draw: programs of several kinds, cotangents, and plain choices."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from conformance import alone
from conformance.adapter import Unsupported
from conformance.decoder import decode_program
from conformance.draft import SHAPES, Recipe
from conformance.draw import (
    ByteSource,
    Draw,
    Scope,
    booleans,
    integers,
    lists,
    raw,
    sampled,
    tuples,
)
from conformance.kernels import Array
from conformance.program import Program
from conformance.var import Ones, Var

__all__ = [
    "Cotangents",
    "arrays",
    "booleans",
    "cotangents",
    "integers",
    "lists",
    "offered",
    "programs",
    "raw",
    "sampled",
    "scalar_programs",
    "single_operations",
    "smooth_programs",
    "smooth_scalar_programs",
    "tuples",
]

NUMBERS = (1.0, 2.0, -1.0, 3.0, 0.5, -2.0, 1.5, -3.0)


def programs(
    *,
    leaves: int = 3,
    steps: int = 5,
    leading_views: bool = False,
    exclude: Sequence[str] = (),
    only: Sequence[str] | None = None,
    bits: float = 0.0,
    ranks: tuple[int, int] = (0, 3),
) -> Draw[Program]:
    """Exact programs: dyadic numbers, and operations that never round them.

    Args:
        leaves: the largest number of leaves.
        steps: the largest number of steps.
        leading_views: allow leaves to enter by operations that may hand on a cotangent's memory.
        exclude: operations left out.
        only: the operations used, all if None.
        bits: the largest significant width of any number, the dtype's own bound if 0.
        ranks: the smallest and the largest rank of leaves.
    """
    return _draw(
        Recipe(
            steps=steps,
            leaves=leaves,
            guarded=not leading_views,
            exclude=frozenset(exclude),
            only=None if only is None else frozenset(only),
            bits=bits,
            shapes=tuple(s for s in SHAPES if ranks[0] <= len(s) <= ranks[1]),
        )
    )


def scalar_programs(
    *, leaves: int = 3, steps: int = 5, leading_views: bool = False
) -> Draw[Program]:
    """Exact programs with one output of one element, in which no two entries weigh the same."""
    return _draw(Recipe(steps=steps, leaves=leaves, guarded=not leading_views, scalar=True))


def smooth_programs(
    *, leaves: int = 3, steps: int = 5, leading_views: bool = True
) -> Draw[Program]:
    """Programs with transcendental operations, away from kinks and from ill-conditioned points."""
    return _draw(Recipe(steps=steps, leaves=leaves, guarded=not leading_views, smooth=True))


def smooth_scalar_programs(*, leaves: int = 3, steps: int = 5) -> Draw[Program]:
    """Smooth programs with one output of one element, in which no two entries weigh the same."""
    return _draw(Recipe(steps=steps, leaves=leaves, guarded=False, smooth=True, scalar=True))


def single_operations(*, bits: float = 0.0, twice: bool = False) -> Draw[Program]:
    """Programs of one operation, each about as likely as any other.

    Args:
        bits: the largest significant width of exact operations' numbers, the dtype's own if 0.
        twice: only operations of two operands, with one tensor for both.
    """
    return Draw(
        alone.WIDTH,
        lambda source, scope: alone.decode_alone(ByteSource(source.data), scope, bits, twice),
    )


def offered(*options: str | tuple[str, tuple[object, ...]]) -> Draw[Any]:
    """One of those options whose operation the engine has.

    An option is an operation's name, or the name and the parameters. Decoding raises
    :class:`Unsupported` if the engine has none of them.
    """

    def decode(source: ByteSource, scope: Scope) -> Any:
        there = [option for option in options if _operation(option) in scope.ops]
        if not there:
            raise Unsupported(_operation(options[0]))
        return source.choose(there)

    return Draw(1, decode)


def _operation(option: str | tuple[str, tuple[object, ...]]) -> str:
    return option if isinstance(option, str) else option[0]


def _draw(recipe: Recipe) -> Draw[Program]:
    return Draw(
        recipe.width, lambda source, scope: decode_program(ByteSource(source.data), scope, recipe)
    )


class Cotangents:
    """Numbers for a cotangent of any shape: one-hot half of the time, small integers otherwise.

    Without ``data`` they are the ones that a backward pass starts from by itself.
    """

    __slots__ = ("data",)

    def __init__(self, data: bytes | None) -> None:
        self.data = data

    def __call__(self, shape: tuple[int, ...]) -> Array:
        """A cotangent of this shape, in float64; never only ones unless it has one element."""
        if self.data is None:
            return np.ones(shape)
        size = prod(shape)
        source = ByteSource(self.data)
        style, hot = source.byte(), source.byte()
        if style % 2 and size:
            flat = np.zeros(size)
            flat[hot % size] = 1.0
        else:
            flat = np.array([source.choose(NUMBERS) + (i % 3) for i in range(size)])
        return flat.reshape(shape)

    def like(self, y: Var) -> Var:
        """An untracked tensor of the shape of ``y`` holding these numbers."""
        return Ones(y) if self.data is None else y.session.tensor(self(y.shape))


def cotangents() -> Draw[Cotangents]:
    """Numbers for a cotangent whose shape is only known once the program ran."""
    return Draw(12, lambda source, scope: Cotangents(source.data if scope.cotangents else None))


def arrays(*shapes: tuple[int, ...]) -> Draw[Array]:
    """Small dyadic numbers in one of the shapes."""
    widest = max(prod(shape) for shape in shapes)

    def decode(source: ByteSource, scope: Scope) -> Array:
        fitting = [s for s in shapes if len(s) <= scope.max_ndim] or [()]
        shape = source.choose(fitting)
        return np.array([source.choose(NUMBERS) for _ in range(prod(shape))]).reshape(shape)

    return Draw(1 + widest, decode)
