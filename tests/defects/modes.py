"""Defects in grad modes, tracking flags and leaves."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from conformance.reference import (
    accumulation,
    dispatch,
    elementwise,
    graph,
    modes,
    reverse,
)  # fmt: skip
from conformance.reference.methods import Methods

from .defect import EASY, HARD, MEDIUM, VERY_HARD, Defect, method, patched


def _always_on_after(real):
    return lambda context, *exc: modes.switch(True) and None


def _off_after_error(real):
    def leave(context, kind, error, trace):
        if kind is None:
            real(context, kind, error, trace)

    return leave


def _flagged_results(real):
    def apply(key, operands, *params):
        result = real(key, operands, *params)
        if not modes.is_grad_enabled() and graph.fits(result.array.dtype):
            result.flag = any(operand.requires_grad for operand in operands)
        return result

    return apply


def _first_operand(real):
    return lambda operands: real(operands) if operands[0].requires_grad else None


def _detached_clone(real):
    return lambda x: real(x.detach())


def _always_on(real):
    def run(request):
        before = modes.switch(True)
        try:
            return reverse.walk(request)
        finally:
            modes.switch(before)

    return run


def _ambient(real):
    def run(request):
        return reverse.walk(request) if modes.is_grad_enabled() is False else real(request)

    return run


def accumulate_regardless(real):
    """Leaves take what arrives, tracked or not."""

    def arrive(leaf, gradient):
        flag, leaf.flag = leaf.flag, True
        real(leaf, gradient)
        leaf.flag = flag

    return arrive


def _track_integers(real):
    return lambda dtype: dtype.kind in "fi"


def _tracked_comparison(real):
    def compare(operation, a, b):
        result = real(operation, a, b)
        result.flag = a.requires_grad
        return result

    return compare


def _drop_gradient(real):
    def setter(tensor, value):
        real.fset(tensor, value)
        if not value:
            tensor.gradient = None

    return property(real.fget, setter)


def _switch_results(real):
    def setter(tensor, value):
        if tensor.current_node() is not None and not value:
            tensor.node = None
        real.fset(tensor, value)

    return property(real.fget, setter)


def _narrow_cast(real):
    def conform(contribution, edge):
        node, index = edge
        shape, dtype, _ = node.outputs[index]
        if contribution.array.dtype == dtype or dtype != np.float64:
            return real(contribution, edge)
        return accumulation.unbroadcast(contribution, shape)

    return conform


def _copying_detach(real):
    def detach(tensor):
        result = real(tensor)
        result.array = tensor.array if tensor.view_of is None else tensor.array.copy()
        return result

    return detach


DEFECTS = (
    Defect(
        "H02",
        "Leaving a mode's block always switches recording on.",
        MEDIUM,
        "modes.nesting-restores-previous",
        patched(modes.GradMode, "__exit__", _always_on_after),
    ),
    Defect(
        "X41",
        "A mode's block that is left by an exception leaves its mode behind.",
        HARD,
        "modes.nesting-restores-previous",
        patched(modes.GradMode, "__exit__", _off_after_error),
    ),
    Defect(
        "H04",
        "Recording is switched for all threads at once.",
        HARD,
        "modes.mode-belongs-to-its-thread",
        patched(modes, "_state", lambda real: SimpleNamespace(recording=True)),
    ),
    Defect(
        "H08",
        "With recording off, results of tracked operands are tracked leaves.",
        MEDIUM,
        "modes.no-grad-results-are-untracked",
        patched(dispatch, "apply", _flagged_results),
    ),
    Defect(
        "H10",
        "Whether a result is tracked is decided by the first operand.",
        EASY,
        "state.tracked-iff-any-input-tracked",
        patched(graph, "edges_to", _first_operand),
    ),
    Defect(
        "H12",
        "Untracked tensors are no leaves.",
        MEDIUM,
        "state.untracked-by-default",
        method("is_leaf", lambda real: property(lambda tensor: tensor.flag)),
    ),
    Defect(
        "H14",
        "A clone is cut off from what it was made of.",
        EASY,
        "state.tracked-iff-any-input-tracked",
        patched(Methods, "clone", _detached_clone),
    ),
    Defect(
        "F11",
        "Ordinary passes are recorded, and what they store is tracked.",
        MEDIUM,
        "accumulation.gradient-tensor-is-plain-leaf",
        patched(reverse, "run", _always_on),
    ),
    Defect(
        "X42",
        "With recording off around it, a pass that should build a graph does not.",
        VERY_HARD,
        "backward.ignores-ambient-grad-mode",
        patched(reverse, "run", _ambient),
    ),
    Defect(
        "B30",
        "A leaf that is no longer tracked when backward runs is filled all the same.",
        VERY_HARD,
        "toggle.off-before-backward-skips-leaf",
        patched(accumulation, "arrive", accumulate_regardless),
    ),
    Defect(
        "E05",
        "A double precision leaf behind a cast is given a single precision gradient.",
        MEDIUM,
        "accumulation.gradient-matches-leaf-metadata",
        patched(accumulation, "conform", _narrow_cast),
    ),
    Defect(
        "E09",
        "Gradients pass through a conversion to integers and back.",
        MEDIUM,
        "state.discrete-results-untracked",
        patched(graph, "fits", _track_integers),
    ),
    Defect(
        "E11",
        "The result of a comparison is tracked.",
        MEDIUM,
        "state.discrete-results-untracked",
        patched(elementwise, "compare", _tracked_comparison),
    ),
    Defect(
        "X43",
        "Switching a leaf's tracking off empties its gradient slot.",
        HARD,
        "toggle.in-place-and-returns-self",
        method("requires_grad", _drop_gradient),
    ),
    Defect(
        "X44",
        "Switching tracking off on a result detaches it.",
        MEDIUM,
        "toggle.nonleaf-cannot-be-switched",
        method("requires_grad", _switch_results),
    ),
    Defect(
        "X45",
        "Detaching a view copies its memory.",
        HARD,
        "detach.shares-memory-both-ways",
        method("detach", _copying_detach),
    ),
)
