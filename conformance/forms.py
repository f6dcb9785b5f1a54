"""The forms of operations: how values are computed and how derivatives of every order pass.

An operation is linear in all operands jointly, bilinear, a function of each element, a choice
between elements, or a composition of other operations. Nothing here knows any engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from conformance.kernels import Array, Kernel


@dataclass(frozen=True, slots=True)
class Linear:
    """Jointly linear in its operands; ``magnitude`` is the kernel without the signs."""

    kernel: Kernel
    magnitude: Kernel


@dataclass(frozen=True, slots=True)
class Bilinear:
    """Linear in each of its two operands."""

    kernel: Kernel


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A function of each element; ``derivatives(x, y, order, *params)`` go up to order."""

    function: Callable[..., Array]
    derivatives: Callable[..., list[Array]]


@dataclass(frozen=True, slots=True)
class Choice:
    """A weighted choice among elements; ``weights`` are constant around any point off the kinks.

    ``gap`` is each element's distance from the nearest kink.
    """

    function: Callable[..., Array]
    weights: Callable[..., list[Array]]
    gap: Callable[..., Array]


Term: TypeAlias = tuple[str, tuple[int, ...], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Composite:
    """A composition: ``terms(*params)`` lists (operation, operand positions, params)."""

    terms: Callable[..., Sequence[Term]]


Form: TypeAlias = Linear | Bilinear | Elementwise | Choice | Composite


@dataclass(frozen=True, slots=True)
class Op:
    """One operation.

    ``params`` name its static arguments. ``keeps`` says which values any sensible implementation
    must keep for the backward pass ("a", "b" the operands, "out" the result); ``may_keep`` whether
    some do keep something although nothing, or less, is needed. ``exact`` operations take dyadic
    numbers to dyadic numbers. ``view`` results share memory with the first operand, and
    ``passes_on`` operations may hand their cotangent's memory on to an operand's gradient as a
    view, ``transparent`` ones hand on the very cotangent.
    """

    name: str
    form: Form
    params: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    may_keep: bool = False
    exact: bool = True
    view: bool = False
    passes_on: bool = False
    transparent: bool = False


def linear(
    name: str, kernel: Kernel, *params: str, magnitude: Kernel | None = None, **traits: Any
) -> Op:
    return Op(name, Linear(kernel, magnitude or kernel), params, **traits)


def elementwise(name: str, function: Any, derivatives: Any, *params: str, **traits: Any) -> Op:
    return Op(name, Elementwise(function, derivatives), params, **traits)


def choice(name: str, function: Any, weights: Any, gap: Any) -> Op:
    return Op(name, Choice(function, weights, gap), may_keep=True)


def composite(
    name: str, terms: Any, *params: str, keeps: tuple[str, ...] = (), exact: bool = False
) -> Op:
    return Op(name, Composite(terms), params, keeps=keeps, may_keep=True, exact=exact)
