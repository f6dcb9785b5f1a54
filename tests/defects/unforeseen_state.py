"""Defects in state that were written without a look at the suite, filed under what they break."""

from __future__ import annotations

import numpy as np
from conformance.reference import (
    accumulation,
    arguments,
    elementwise,
    functional,
    functions,
    graph,
    hooks,
    modes,
    reverse,
)  # fmt: skip
from conformance.reference.methods import Methods

from .defect import HARD, MEDIUM, VERY_HARD, Defect, method, patched, vjp


def _cut_widening(real):
    def cast(x, dtype):
        wider = x.array.dtype == np.float32 and dtype == np.float64
        return real(x.detach() if wider else x, dtype)

    return cast


def _single_overwritten(real):
    def accumulate(leaf, gradient):
        if leaf.gradient is not None and leaf.array.size == 1 and leaf.array.ndim == 2:
            leaf.gradient = functions.clone(gradient)
        else:
            real(leaf, gradient)

    return accumulate


def _outputs_kept(real):
    return lambda node: None if node.name() in ("ExpBackward0", "TanhBackward0") else real(node)


def _off_stays_off(real):
    def enter(context):
        real(context)
        if context.recording and context._before is False and modes.is_grad_enabled():
            modes.switch(not getattr(context, "_recording", False) or context._before)

    return enter


def _first_row_of_source(real):
    def cotangent(s, g):
        return g[:1].expand(g.shape) if g.ndim > 1 and not g.requires_grad else real(s, g)

    return cotangent


def _shared_version(real):
    def clone(x):
        result = real(x)
        result.version = x.version
        return result

    return clone


def _copies_strided(real):
    def detach(tensor):
        result = real(tensor)
        if not tensor.array.flags.c_contiguous:
            result.array = tensor.array.copy()
        return result

    return detach


def _swapped_blocks(real):
    def rows(output, points, create_graph, strict):
        blocks = real(output, points, create_graph, strict)
        alike = len(points) == 2 and points[0].shape == points[1].shape
        return blocks[::-1] if alike else blocks

    return rows


def _tracked_zeros(real):
    return lambda like: real(like).requires_grad_()


def _dropped_in_wide_graph(real):
    def wrapped(cotangents, edge, contribution):
        node, _ = edge
        if type(node) is graph.AccumulateGrad and len(cotangents) > 3 and node in cotangents:
            return
        real(cotangents, edge, contribution)

    return wrapped


def _removed_while_running(real):
    def run(registry, gradient):
        count = len(registry)
        result = real(registry, gradient)
        return result if count != 2 else real(dict(list(registry.items())[1:]), gradient)

    return run


def _kept_when_functional(real):
    def visit(node, gradients, request, *rest):
        real(node, gradients, request, *rest)

    def wrapped(node, gradients, request, *rest):
        saved = node.saved
        visit(node, gradients, request, *rest)
        if request.capture and len(request.roots) > 1:
            node.saved = saved

    return wrapped


DEFECTS = (
    Defect(
        "U04",
        "Converting to a wider type cuts the history.",
        MEDIUM,
        "accumulation.gradient-matches-leaf-metadata",
        patched(elementwise, "cast", _cut_widening),
    ),
    Defect(
        "U05",
        "The slot of a one by one leaf is overwritten.",
        VERY_HARD,
        "accumulation.sums-over-calls",
        patched(accumulation, "accumulate", _single_overwritten),
    ),
    Defect(
        "U07",
        "Exponentials and hyperbolic tangents are never freed.",
        HARD,
        "graph.every-keeping-operation-is-freed",
        patched(graph, "release", _outputs_kept),
    ),
    Defect(
        "U08",
        "Recording cannot be switched on inside a block that switched it off.",
        MEDIUM,
        "modes.nesting-restores-previous",
        patched(modes.GradMode, "__enter__", _off_stays_off),
    ),
    Defect(
        "U10",
        "What is copied in place gets its first row's gradient everywhere.",
        HARD,
        "inplace.overwriting-cuts-the-old-value",
        vjp("copy", 1, _first_row_of_source),
    ),
    Defect(
        "U14",
        "Writing to a clone counts as writing to what was cloned.",
        HARD,
        "convert.clone-differentiable-and-independent",
        patched(Methods, "clone", _shared_version),
    ),
    Defect(
        "U15",
        "Detaching what is not contiguous copies it.",
        HARD,
        "detach.shares-memory-both-ways",
        method("detach", _copies_strided),
    ),
    Defect(
        "U16",
        "A Jacobian's two blocks of one shape are swapped.",
        HARD,
        "functional.jacobian-shape-and-nesting",
        patched(functional, "_rows", _swapped_blocks),
    ),
    Defect(
        "U18",
        "The zeros for an unused input are tracked.",
        HARD,
        "grad.materialize-gives-zeros",
        patched(arguments, "zeros", _tracked_zeros),
    ),
    Defect(
        "U19",
        "A leaf's further uses are lost while many cotangents are pending.",
        VERY_HARD,
        "backward.fan-out-sums",
        patched(reverse, "add", _dropped_in_wide_graph),
    ),
    Defect(
        "U20",
        "Of two hooks the second runs twice.",
        HARD,
        "hooks.chain-in-registration-order",
        patched(hooks, "run", _removed_while_running),
    ),
    Defect(
        "U22",
        "The functional form never frees a graph of several outputs.",
        HARD,
        "graph.every-keeping-operation-is-freed",
        patched(reverse, "visit", _kept_when_functional),
    ),
)
