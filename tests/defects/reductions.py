"""Defects in broadcasting and in reductions."""

from __future__ import annotations

import numpy as np
from conformance.reference import (
    accumulation,
    reductions,
)  # fmt: skip
from conformance.reference.methods import Methods

from .defect import EASY, HARD, MEDIUM, VERY_HARD, Defect, patched, sharing, together, vjp


def _never(real):
    return lambda gradient, shape: gradient


def _without_leading(real):
    def unbroadcast(gradient, shape):
        added = gradient.ndim - len(shape)
        return real(gradient, (*gradient.shape[:added], *shape))

    return unbroadcast


def _last_of_leading(real):
    def unbroadcast(gradient, shape):
        while gradient.ndim > len(shape):
            gradient = gradient[-1]
        return real(gradient, shape)

    return unbroadcast


def _front_for_middle(real):
    def unbroadcast(gradient, shape):
        if len(shape) == 3 and shape[1] == 1 and gradient.shape[0] == gradient.shape[1]:
            return gradient.transpose(0, 1).sum(dim=1, keepdim=True)
        return real(gradient, shape)

    return unbroadcast


def _one_element_vector(real):
    def unbroadcast(gradient, shape):
        total = real(gradient, shape)
        return total if shape else total.reshape(1)

    return unbroadcast


def _remembered_by_rank(real):
    known = {}

    def unbroadcast(gradient, shape):
        key = (gradient.ndim, len(shape))
        added = gradient.ndim - len(shape)
        stretched = [
            added + d for d, n in enumerate(shape) if n == 1 and gradient.shape[added + d] != 1
        ]
        total = (
            gradient.sum(known.setdefault(key, stretched), True)
            if known.get(key, stretched)
            else gradient
        )
        return total.sum(range(added)) if added else total

    return unbroadcast


def _unsorted(real):
    def axes_of(dim, ndim):
        axes = real(dim, ndim)
        given = [dim] if isinstance(dim, int) else dim
        return axes if not given else tuple(d % ndim for d in given) if ndim else ()

    return axes_of


def _total_mean(real):
    def spread(s, g):
        size = max(1, int(np.prod(s.params[2])))
        count = max(1, int(np.prod([s.params[2][d] for d in s.params[0]])))
        return real(s, g) * (count / size)

    return spread


def _forward_for_negative():
    negative = []

    def noted(real):
        def cumsum(x, dim):
            negative.append(dim < 0)
            result = real(x, dim)
            if negative.pop() and result.node is not None and x.ndim:
                result.node.params = (dim,)
            return result

        return cumsum

    def spread(real):
        return lambda s, g: reductions.cumsum(g, *s.params) if s.params[0] < 0 else real(s, g)

    return together(patched(Methods, "cumsum", noted), vjp("cumsum", 0, spread))


def _refuse_empty(real):
    def spread(s, g):
        if 0 in s.params[2]:
            raise ZeroDivisionError("no elements to spread over")
        return real(s, g)

    return spread


def _sums_one_wide(real):
    def spread(s, g):
        axes, _, shape = s.params
        return real(s, g * 0) if len(axes) == 1 and shape[axes[0]] == 1 else real(s, g)

    return spread


def _one_copy(real):
    def expanded(s, g):
        return g * 1 if g.ndim < 3 else g[:1].expand(g.shape)

    return expanded


DEFECTS = (
    Defect(
        "D01",
        "Gradients of stretched operands are not summed.",
        EASY,
        "backward.broadcast-operands-get-own-shape",
        patched(accumulation, "unbroadcast", _never),
    ),
    Defect(
        "D03",
        "Gradients are summed over stretched dimensions but not over added ones.",
        MEDIUM,
        "backward.broadcast-operands-get-own-shape",
        patched(accumulation, "unbroadcast", _without_leading),
    ),
    Defect(
        "X19",
        "Over added dimensions the last slice is taken instead of the sum.",
        MEDIUM,
        "backward.broadcast-operands-get-own-shape",
        patched(accumulation, "unbroadcast", _last_of_leading),
    ),
    Defect(
        "D05",
        "A stretched middle dimension of the size of the first is summed over the first.",
        HARD,
        "operation.gradient-is-its-derivative",
        patched(accumulation, "unbroadcast", _front_for_middle),
    ),
    Defect(
        "D07",
        "The summed gradient of a tensor without dimensions has one.",
        MEDIUM,
        "backward.broadcast-operands-get-own-shape",
        patched(accumulation, "unbroadcast", _one_element_vector),
    ),
    Defect(
        "K10",
        "The dimensions to sum over are remembered by the two ranks alone.",
        VERY_HARD,
        "backward.broadcast-operands-get-own-shape",
        patched(accumulation, "unbroadcast", _remembered_by_rank),
    ),
    Defect(
        "D17",
        "Reduced dimensions are put back in the order they were named.",
        HARD,
        "operation.gradient-is-its-derivative",
        patched(reductions, "axes_of", _unsorted),
    ),
    Defect(
        "D19",
        "The gradient of a mean is divided by the number of all elements.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        vjp("mean", 0, _total_mean),
    ),
    Defect(
        "D23",
        "A running sum along a dimension counted from the end is pulled back forwards.",
        HARD,
        "operation.gradient-is-its-derivative",
        sharing(_forward_for_negative),
    ),
    Defect(
        "E13",
        "A sum over no elements cannot be pulled back.",
        HARD,
        "operation.gradient-is-its-derivative",
        vjp("sum", 0, _refuse_empty),
    ),
    Defect(
        "X21",
        "A sum along a dimension of size one passes nothing on.",
        HARD,
        "operation.gradient-is-its-derivative",
        vjp("sum", 0, _sums_one_wide),
    ),
    Defect(
        "X22",
        "An expansion to three dimensions passes its first copy's gradient on for all.",
        HARD,
        "operation.gradient-is-its-derivative",
        vjp("expand", 0, _one_copy),
    ),
)
