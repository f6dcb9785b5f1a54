"""Defects in rearranging, joining and indexing."""

from __future__ import annotations

import numpy as np
from conformance.reference import (
    dimensions,
    dispatch,
    indexing,
    joining,
    tensors,
)  # fmt: skip
from conformance.reference.methods import Methods

from conformance import reference

from .defect import HARD, MEDIUM, VERY_HARD, Defect, patched, rule, vjp


def _even_parts(s, g, operand):
    dim, offsets = s.params
    start = offsets[-1] // (len(offsets) - 1) * operand
    return indexing.narrow(g, dim, start, start + offsets[operand + 1] - offsets[operand])


def _ones_part(s, g, operand):
    return joining._cat_part(s, g * 0 + 1, operand)


def _stack_before_last(real):
    def stack(tensors_, dim=0):
        return real(tensors_, dim - 1 if dim < 0 and tensors_[0].ndim else dim)

    return stack


def _contiguous_deposit(xp, g, key, shape):
    out = xp.zeros(shape, dtype=g.dtype)
    stepping = slice(None, None, 2), slice(1, None, 2)
    out[tuple(slice(g.shape[0]) if part in stepping else part for part in key)] = g
    return out


def _assigned(xp, g, key, shape):
    out = xp.zeros(shape, dtype=g.dtype)
    out[key] = g
    return out


def _cut_elements(real):
    def getitem(x, key):
        part = real(x, key)
        return part if part.ndim or not part.requires_grad else part.detach()

    return getitem


def _memory_order(real):
    def cotangent(s, g):
        if not g.array.flags.c_contiguous and not g.requires_grad:
            flat = np.array(g.array, order="K").ravel(order="K")
            g = tensors.Tensor(flat.reshape(g.shape))
        return real(s, g)

    return cotangent


def _swap_one_apart(real):
    def transposed(s, g):
        first, second = s.params
        if abs(first - second) == 2:
            return dispatch.apply_view("permute", g, (1, 2, 0))
        return real(s, g)

    return transposed


def _reversed_rows(real):
    def reshaped(s, g):
        back = real(s, g)
        old = s.params[1]
        if len(old) == 3:
            return back.transpose(0, 1).reshape(old)
        return back

    return reshaped


DEFECTS = (
    Defect(
        "D27",
        "The gradient of joined tensors is split into even parts.",
        HARD,
        "operation.gradient-is-its-derivative",
        rule("cat", each=_even_parts),
    ),
    Defect(
        "J32",
        "Joined tensors receive ones, whatever the cotangent.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        rule("cat", each=_ones_part),
    ),
    Defect(
        "D29",
        "Stacking along the last dimension stacks before it.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        patched(reference, "stack", _stack_before_last),
    ),
    Defect(
        "D31",
        "A permutation is pulled back by itself instead of by its inverse.",
        HARD,
        "operation.gradient-is-its-derivative",
        patched(dimensions, "_inverse", lambda real: lambda dims: dims),
    ),
    Defect(
        "D35",
        "The gradient of a slice with a step is put side by side.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        rule("embed", forward=_contiguous_deposit),
    ),
    Defect(
        "A21",
        "Of an element taken several times only the last use counts.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        rule("embed_sum", forward=_assigned),
    ),
    Defect(
        "E01",
        "A product reads its cotangent in the order of memory.",
        HARD,
        "operation.gradient-is-its-derivative",
        vjp("mul", 0, _memory_order),
    ),
    Defect(
        "E15",
        "An element picked by its index has lost its history.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        patched(Methods, "__getitem__", _cut_elements),
    ),
    Defect(
        "X20",
        "Exchanging the first and last of three dimensions is pulled back as a rotation.",
        HARD,
        "operation.gradient-is-its-derivative",
        vjp("transpose", 0, _swap_one_apart),
    ),
    Defect(
        "X23",
        "What was three dimensions before a reshape is restored from the transpose.",
        VERY_HARD,
        "operation.gradient-is-its-derivative",
        vjp("view", 0, _reversed_rows),
    ),
)
