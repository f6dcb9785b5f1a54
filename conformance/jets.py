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
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from conformance import kernels
from conformance.forms import Bilinear, Choice, Composite, Elementwise, Form, Linear, Op
from conformance.kernels import Array, Kernel
from conformance.ops import OPS, Terms, unfold

Jet: TypeAlias = list[Array]
Jets: TypeAlias = Sequence[Jet | None]
Positions: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Algebra:
    """How coefficients combine: as they are, or as magnitudes, which bound sums over all paths."""

    coefficient: Callable[[Array], Array]
    linear: Callable[[Linear], Kernel]


SIGNED = Algebra(lambda x: x, lambda form: form.kernel)
MAGNITUDE = Algebra(lambda x: np.abs(x), lambda form: form.magnitude)


class Point(NamedTuple):
    """An operation at a point: operand values ``(*batch, *core)``, how many axes of each are core,
    the static arguments, the result's value, and the terms of a composition if they are known.
    """

    xs: Sequence[Array]
    ranks: Sequence[int]
    params: tuple[Any, ...]
    out: Array
    terms: Terms | None = None


def push(op: Op, at: Point, jets: Jets, algebra: Algebra) -> Jet | None:
    """The jet of an operation's result, from the jets of its operands; None if none has one."""
    for jet in jets:
        if jet is not None:
            return _RULES[type(op.form)](op.form, at, jets, algebra, len(jet))
    return None


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
    if coefficient.ndim == rank:
        return coefficient[(None,) * order]
    cut = coefficient.ndim - rank
    start = cut - len(positions)
    directions = iter(coefficient.shape[start:cut])
    axes = tuple(next(directions) if i in positions else 1 for i in range(order))
    return coefficient.reshape(coefficient.shape[:start] + axes + coefficient.shape[cut:])


def _zeros(x: Array, rank: int, order: int) -> Array:
    cut = x.ndim - rank
    return np.zeros((1,) * (cut + order) + x.shape[cut:])


def _linear(form: Linear, at: Point, jets: Jets, algebra: Algebra, order: int) -> Jet:
    kernel = algebra.linear(form)
    result = []
    for m in range(1, order + 1):
        moved = [
            _zeros(x, rank, m) if jet is None else jet[m - 1]
            for x, rank, jet in zip(at.xs, at.ranks, jets, strict=True)
        ]
        result.append(kernel(moved, at.ranks, *at.params))
    return result


def _coefficients(
    x: Array, rank: int, jet: Jet | None, order: int, algebra: Algebra
) -> dict[Positions, Array]:
    """An operand's value and derivatives by where their directions lie among ``order`` of them."""
    found: dict[Positions, Array] = {(): place(algebra.coefficient(x), rank, (), order)}
    if jet is not None:
        for positions, _ in splits(order)[1:]:
            found[positions] = place(jet[len(positions) - 1], rank, positions, order)
    return found


def _bilinear(form: Bilinear, at: Point, jets: Jets, algebra: Algebra, order: int) -> Jet:
    if order == 1:
        return [_product_rule(form, at, jets, algebra)]
    result = []
    for m in range(1, order + 1):
        a = _coefficients(at.xs[0], at.ranks[0], jets[0], m, algebra)
        b = _coefficients(at.xs[1], at.ranks[1], jets[1], m, algebra)
        pairs = [(a[left], b[right]) for left, right in splits(m) if left in a and right in b]
        result.append(_sum([form.kernel(pair, at.ranks) for pair in pairs]))
    return result


def _product_rule(form: Bilinear, at: Point, jets: Jets, algebra: Algebra) -> Array:
    """The first derivative, which most jets end with."""
    (a, b), (da, db), ranks = at.xs, jets, at.ranks
    terms = []
    if da is not None:
        terms.append(form.kernel((da[0], place(algebra.coefficient(b), ranks[1], (), 1)), ranks))
    if db is not None:
        terms.append(form.kernel((place(algebra.coefficient(a), ranks[0], (), 1), db[0]), ranks))
    return _sum(terms)


def _elementwise(form: Elementwise, at: Point, jets: Jets, algebra: Algebra, order: int) -> Jet:
    (x,), (rank,), (jet,) = at.xs, at.ranks, jets
    assert jet is not None
    slopes = [algebra.coefficient(d) for d in form.derivatives(x, at.out, order, *at.params)]
    if order == 1:
        return [place(slopes[0], rank, (), 1) * jet[0]]
    result = []
    for m in range(1, order + 1):
        terms = []
        for blocks in partitions(m):
            term = place(slopes[len(blocks) - 1], rank, (), m)
            for block in blocks:
                term = term * place(jet[len(block) - 1], rank, block, m)
            terms.append(term)
        result.append(_sum(terms))
    return result


def _choice(form: Choice, at: Point, jets: Jets, algebra: Algebra, order: int) -> Jet:
    weights = form.weights(*kernels.lifted(at.xs, at.ranks))
    widest = max(at.ranks)
    result = []
    for m in range(1, order + 1):
        terms = [
            place(algebra.coefficient(weight), widest, (), m)
            * kernels.lift(jet[m - 1], rank, widest)
            for weight, rank, jet in zip(weights, at.ranks, jets, strict=True)
            if jet is not None
        ]
        result.append(_sum(terms))
    return result


def _composite(form: Composite, at: Point, jets: Jets, algebra: Algebra, order: int) -> Jet:
    values = at.terms or unfold(form, at.xs, at.ranks, at.params)
    known = list(jets)
    for (name, positions, params), (value, _) in zip(
        form.terms(*at.params), values[len(at.xs) :], strict=True
    ):
        xs, ranks = zip(*(values[i] for i in positions), strict=True)
        term = Point(xs, ranks, params, value)
        known.append(push(OPS[name], term, [known[i] for i in positions], algebra))
    result = known[-1]
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
