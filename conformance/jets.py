"""Forward-mode derivatives of any order, pushed through one operation at a time.

A jet of order n holds the derivatives of a value along N directions: coefficient m has shape
``(*batch, N, …, N, *core)`` with m direction axes. ``None`` in place of a jet means that the value
does not depend on any direction at all, which is not the same as depending with derivative zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np

from conformance import kernels
from conformance.kernels import Array, Kernel
from conformance.ops import OPS, Bilinear, Choice, Composite, Elementwise, Form, Linear, Op, unfold

Jet: TypeAlias = list[Array]
Positions: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Algebra:
    """How coefficients combine: as they are, or as magnitudes, which bound sums over all paths."""

    coefficient: Callable[[Array], Array]
    linear: Callable[[Linear], Kernel]


SIGNED = Algebra(lambda x: x, lambda form: form.kernel)
MAGNITUDE = Algebra(lambda x: np.abs(x), lambda form: form.magnitude)


@dataclass(frozen=True, slots=True)
class Operand:
    """A value with its core rank and its jet, if it depends on any direction."""

    value: Array
    rank: int
    jet: Jet | None


def push(
    op: Op, operands: Sequence[Operand], params: tuple[Any, ...], out: Array, algebra: Algebra
) -> Jet | None:
    """The jet of ``op`` applied to ``operands``, whose value is ``out``; None if none has a jet."""
    if all(operand.jet is None for operand in operands):
        return None
    return _RULES[type(op.form)](op.form, operands, params, out, algebra)


@lru_cache
def splits(order: int) -> tuple[tuple[Positions, Positions], ...]:
    """All ways to give the positions 0…order-1 to two factors."""
    every = range(order)
    return tuple(
        (chosen, tuple(i for i in every if i not in chosen))
        for size in range(order + 1)
        for chosen in combinations(every, size)
    )


@lru_cache
def partitions(order: int) -> tuple[tuple[Positions, ...], ...]:
    """All partitions of the positions 0…order-1 into blocks (Faà di Bruno's sum)."""
    if order == 0:
        return ((),)
    last = order - 1
    grown = []
    for smaller in partitions(last):
        grown.append((*smaller, (last,)))
        for i, block in enumerate(smaller):
            grown.append((*smaller[:i], (*block, last), *smaller[i + 1 :]))
    return tuple(grown)


def place(coefficient: Array, rank: int, positions: Positions, order: int) -> Array:
    """``coefficient`` with its direction axes at ``positions`` among ``order`` of them."""
    if len(positions) == order:
        return coefficient
    cut = coefficient.ndim - rank
    start = cut - len(positions)
    directions = iter(coefficient.shape[start:cut])
    axes = tuple(next(directions) if i in positions else 1 for i in range(order))
    return coefficient.reshape(coefficient.shape[:start] + axes + coefficient.shape[cut:])


def _order(operands: Sequence[Operand]) -> int:
    return next(len(operand.jet) for operand in operands if operand.jet is not None)


def _zeros(operand: Operand, order: int) -> Array:
    value = operand.value
    cut = value.ndim - operand.rank
    return np.zeros((1,) * (cut + order) + value.shape[cut:])


def _linear(
    form: Form, operands: Sequence[Operand], params: tuple[Any, ...], out: Array, algebra: Algebra
) -> Jet:
    assert isinstance(form, Linear)
    kernel = algebra.linear(form)
    ranks = [operand.rank for operand in operands]
    jet = []
    for order in range(1, _order(operands) + 1):
        xs = [_zeros(o, order) if o.jet is None else o.jet[order - 1] for o in operands]
        jet.append(kernel(xs, ranks, *params))
    return jet


def _coefficient(
    operand: Operand, positions: Positions, order: int, algebra: Algebra
) -> Array | None:
    if not positions:
        return place(algebra.coefficient(operand.value), operand.rank, (), order)
    if operand.jet is None:
        return None
    return place(operand.jet[len(positions) - 1], operand.rank, positions, order)


def _bilinear(
    form: Form, operands: Sequence[Operand], params: tuple[Any, ...], out: Array, algebra: Algebra
) -> Jet:
    assert isinstance(form, Bilinear)
    a, b = operands
    ranks = (a.rank, b.rank)
    jet = []
    for order in range(1, _order(operands) + 1):
        terms: list[Array] = []
        for left, right in splits(order):
            x = _coefficient(a, left, order, algebra)
            y = _coefficient(b, right, order, algebra)
            if x is not None and y is not None:
                terms.append(form.kernel((x, y), ranks))
        jet.append(_sum(terms))
    return jet


def _elementwise(
    form: Form, operands: Sequence[Operand], params: tuple[Any, ...], out: Array, algebra: Algebra
) -> Jet:
    assert isinstance(form, Elementwise)
    (x,) = operands
    assert x.jet is not None
    highest = len(x.jet)
    slopes = [algebra.coefficient(d) for d in form.derivatives(x.value, out, highest, *params)]
    if highest == 1:
        return [place(slopes[0], x.rank, (), 1) * x.jet[0]]
    jet = []
    for order in range(1, highest + 1):
        terms = []
        for blocks in partitions(order):
            term = place(slopes[len(blocks) - 1], x.rank, (), order)
            for block in blocks:
                term = term * place(x.jet[len(block) - 1], x.rank, block, order)
            terms.append(term)
        jet.append(_sum(terms))
    return jet


def _choice(
    form: Form, operands: Sequence[Operand], params: tuple[Any, ...], out: Array, algebra: Algebra
) -> Jet:
    assert isinstance(form, Choice)
    ranks = [operand.rank for operand in operands]
    weights = form.weights(*kernels.lifted([operand.value for operand in operands], ranks))
    rank = max(ranks)
    jet = []
    for order in range(1, _order(operands) + 1):
        terms = [
            place(algebra.coefficient(weight), rank, (), order)
            * kernels.lift(operand.jet[order - 1], operand.rank, rank)
            for weight, operand in zip(weights, operands, strict=True)
            if operand.jet is not None
        ]
        jet.append(_sum(terms))
    return jet


def _composite(
    form: Form, operands: Sequence[Operand], params: tuple[Any, ...], out: Array, algebra: Algebra
) -> Jet:
    assert isinstance(form, Composite)
    values = unfold(form, [o.value for o in operands], [o.rank for o in operands], params)
    steps = list(operands)
    for (name, positions, term_params), (value, rank) in zip(
        form.terms(*params), values[len(operands) :], strict=True
    ):
        jet = push(OPS[name], [steps[i] for i in positions], term_params, value, algebra)
        steps.append(Operand(value, rank, jet))
    result = steps[-1].jet
    assert result is not None
    return result


def _sum(terms: Sequence[Array]) -> Array:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


_RULES: dict[type[Form], Callable[..., Jet]] = {
    Linear: _linear,
    Bilinear: _bilinear,
    Elementwise: _elementwise,
    Choice: _choice,
    Composite: _composite,
}
