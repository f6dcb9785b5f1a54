"""Defects in values that were written without a look at the suite, filed under what they break."""

from __future__ import annotations

import numpy as np
from conformance.reference import (
    accumulation,
    elementwise,
    reductions,
    shapes,
)  # fmt: skip
from conformance.reference.methods import Methods

from .defect import HARD, MEDIUM, VERY_HARD, Defect, patched, rule, vjp


def _not_when_square(real):
    return lambda s, g: g if len(set(g.shape)) == 1 else real(s, g)


def _without_last(real):
    def cotangent(s, g):
        size = g.shape[s.params[0]] if g.ndim else 0
        return real(s, g) if size < 4 else real(s, g) * 2

    return cotangent


def _other_share_when_stretched(real):
    def cotangent(s, g):
        return g - real(s, g) if s.a.shape != s.b.shape else real(s, g)

    return cotangent


def _sum_in_half(real):
    def unbroadcast(gradient, shape):
        if gradient.array.dtype != np.float32:
            return real(gradient, shape)
        half = elementwise.cast(gradient, np.dtype("float16"))
        return elementwise.cast(real(half, shape), gradient.array.dtype)

    return unbroadcast


def _memory_order(xp, a, shape, old):
    return a.ravel(order="K").reshape(shape)


def _rows_for_columns(real):
    def select(x, dim, index):
        result = real(x, dim, index)
        square = x.ndim == 2 and x.shape[0] == x.shape[1]
        if square and dim in (1, -1) and result.node is not None:
            result.node.params = (result.node.params[0][::-1], x.shape)
        return result

    return select


def _untransposed_vector(real):
    def cotangent(s, g):
        back = real(s, g)
        square = s.params == (1, 2) and back.shape[-1] == back.shape[-2]
        return back.transpose(0, 1) if square else back

    return cotangent


def _own_factor(real):
    return lambda s, g: shapes.unsqueeze(g, -1) * s.b if s.params == (1, 1) else real(s, g)


def _divided_by_all(rule_, point, operands, tangents):
    total = reductions.sum(tangents[0], point.params[0], point.params[1])
    return total / max(1, operands[0].array.size)


DEFECTS = (
    Defect(
        "U01",
        "Square transposes are not transposed back.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        vjp("transpose", 0, _not_when_square),
    ),
    Defect(
        "U02",
        "Running sums over four or more elements are pulled back twice.",
        HARD,
        "operation.gradient-is-its-derivative",
        vjp("cumsum", 0, _without_last),
    ),
    Defect(
        "U03",
        "A minimum of stretched operands gives each the other's share.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        vjp("minimum", 0, _other_share_when_stretched),
    ),
    Defect(
        "U06",
        "Single precision gradients of stretched operands are summed in half.",
        HARD,
        "operation.gradient-is-its-derivative",
        patched(accumulation, "unbroadcast", _sum_in_half),
    ),
    Defect(
        "U09",
        "A reshape that copies takes elements in the order of memory.",
        HARD,
        "operation.gradient-is-its-derivative",
        rule("reshape_copy", forward=_memory_order),
    ),
    Defect(
        "U11",
        "Columns taken from a square matrix give their gradient to rows.",
        HARD,
        "operation.gradient-is-its-derivative",
        patched(Methods, "index_select", _rows_for_columns),
    ),
    Defect(
        "U12",
        "A square matrix times a vector from the left gets a transposed gradient.",
        VERY_HARD,
        "operation.gradient-is-its-derivative",
        vjp("matmul", 1, _untransposed_vector),
    ),
    Defect(
        "U13",
        "In an inner product the second vector gets itself as gradient.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        vjp("matmul", 1, _own_factor, "ab"),
    ),
    Defect(
        "U17",
        "The tangent of a mean is divided by the number of all elements.",
        MEDIUM,
        "operation.tangent-is-its-derivative",
        rule("mean", jvp=_divided_by_all),
    ),
)
