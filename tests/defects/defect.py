"""A planted defect, and how to plant one: a function, method or rule replaced for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, TypeAlias

from conformance.reference import modes, tensors
from conformance.reference.rules import RULES

Plant: TypeAlias = Callable[[], AbstractContextManager[Any]]
Wrapper: TypeAlias = Callable[[Any], Any]


class Difficulty(IntEnum):
    """How much must coincide before a defect shows."""

    EASY = 1
    MEDIUM = 2
    HARD = 3
    VERY_HARD = 4


EASY, MEDIUM, HARD, VERY_HARD = Difficulty


@dataclass(frozen=True, slots=True)
class Defect:
    """One decision gone wrong.

    ``behavior`` is the promise that it breaks most plainly, ``plant`` gives a context in which the
    reference engine has the defect; each planting starts without memory of the one before.
    """

    id: str
    sentence: str
    difficulty: Difficulty
    behavior: str
    plant: Plant

    @contextmanager
    def planted(self) -> Iterator[None]:
        """The engine with the defect, and afterwards without it and recording again."""
        try:
            with self.plant():
                yield
        finally:
            modes.switch(True)


def patched(holder: Any, name: str, wrapper: Wrapper) -> Plant:
    """``wrapper(real)`` in place of the attribute ``name`` of a module or class."""

    @contextmanager
    def planted() -> Iterator[None]:
        own = name in vars(holder)
        real = vars(holder)[name] if own else getattr(holder, name)
        setattr(holder, name, wrapper(real))
        try:
            yield
        finally:
            if own:
                setattr(holder, name, real)
            else:
                delattr(holder, name)

    return planted


def method(name: str, wrapper: Wrapper) -> Plant:
    """``wrapper(real)`` in place of a tensor's method."""
    return patched(tensors.Tensor, name, wrapper)


def rule(key: str, **changes: Any) -> Plant:
    """Fields of an operation's rule replaced."""

    @contextmanager
    def planted() -> Iterator[None]:
        real = RULES[key]
        RULES[key] = replace(real, **changes)
        try:
            yield
        finally:
            RULES[key] = real

    return planted


def vjp(key: str, operand: int, wrapper: Wrapper, reads: str | None = None) -> Plant:
    """``wrapper(real)`` as the cotangent of one operand, which then reads the values ``reads``."""

    @contextmanager
    def planted() -> Iterator[None]:
        real = RULES[key]
        vjps, uses = list(real.vjps), list(real.uses)
        vjps[operand] = wrapper(vjps[operand])
        uses[operand] = uses[operand] if reads is None else reads
        with rule(key, vjps=tuple(vjps), uses=tuple(uses))():
            yield

    return planted


def together(*plants: Plant) -> Plant:
    """Several places that one decision is spread over."""

    @contextmanager
    def planted() -> Iterator[None]:
        with ExitStack() as stack:
            for plant in plants:
                stack.enter_context(plant())
            yield

    return planted


def sharing(build: Callable[[], Plant]) -> Plant:
    """A plant built anew for each planting, so that its places may share a memory."""
    return lambda: build()()
