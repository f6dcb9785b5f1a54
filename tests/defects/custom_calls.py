"""Defects in calling custom functions, and in what is made of the gradients they give."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from conformance.reference import custom, dispatch, function, graph, modes, reverse, tensors

from .defect import EASY, HARD, MEDIUM, Defect, patched, sharing, together


def _never_released(real):
    return lambda node: None if isinstance(node, function.FunctionNode) else real(node)


def _always_released(real):
    def visit(node, *rest):
        real(node, *rest)
        if isinstance(node, function.FunctionNode):
            graph.release(node)

    return visit


def _own_history_first(real):
    def entered(output, place, ctx, args, node):
        made = custom.is_tensor(output) and output.node is not None
        if made and node is not None and not custom.contains(args, output):
            return output
        return real(output, place, ctx, args, node)

    return entered


def _right_behind_the_first(real):
    def init(node, cls, ctx, edges, *rest):
        real(node, cls, ctx, edges, *rest)
        node.order = next(edge[0].order for edge in edges if edge is not None) + 0.5

    return init


def _zeros_to(edge):
    shape, dtype, kind = edge[0].outputs[edge[1]]
    return tensors.Tensor(dispatch.zeros(kind, shape, dtype))


def _zeros_for_none(real):
    def propagate(node, cotangents, wanted):
        found = real(node, cotangents, wanted)
        reached = {edge for edge, _ in found}
        left = [e for e in node.edges if e is not None and e not in reached and wanted(e)]
        return [*found, *((edge, _zeros_to(edge)) for edge in left)]

    return propagate


def _tensors_only(real):
    def check_gradients(node, gradients):
        known = node.are_tensors
        real(
            node,
            tuple(
                None if place < len(known) and not known[place] else gradient
                for place, gradient in enumerate(gradients)
            ),
        )

    return check_gradients


def _spread(value, edge):
    if edge is None or not isinstance(value, float):
        return value
    full = _zeros_to(edge)
    return tensors.Tensor(np.asarray(full.array + value, dtype=full.array.dtype))


def _numbers_spread(real):
    def propagate(node, cotangents, wanted):
        called = node.function

        def backward(ctx, *given):
            gradients = called.backward(ctx, *given)
            listed = gradients if isinstance(gradients, tuple) else (gradients,)
            edges = (*node.edges, *(None,) * len(listed))
            return tuple(_spread(g, edge) for g, edge in zip(listed, edges, strict=False))

        node.function = SimpleNamespace(backward=backward, __name__=called.__name__)
        try:
            return real(node, cotangents, wanted)
        finally:
            node.function = called

    return propagate


def _whatever_the_mode(real):
    def apply(cls, args):
        with modes.GradMode(True):
            return real(cls, args)

    return apply


def _results_not_released(real):
    def release(node):
        custom_node = isinstance(node, function.FunctionNode)
        if not (custom_node and any(isinstance(x, graph.SavedOutput) for x in node.saved or ())):
            real(node)

    return release


def _replacing():
    brought = set()

    def visit(real):
        def wrapped(node, gradients, request, is_wanted, cotangents, captured):
            if isinstance(node, function.FunctionNode):
                brought.update(e for e in node.edges if e is not None and e[0] in cotangents)
            real(node, gradients, request, is_wanted, cotangents, captured)
            brought.clear()

        return wrapped

    def add(real):
        def wrapped(cotangents, edge, contribution):
            if edge in brought:
                brought.remove(edge)
                cotangents[edge[0]][edge[1]] = None
            real(cotangents, edge, contribution)

        return wrapped

    return together(patched(reverse, "visit", visit), patched(reverse, "add", add))


DEFECTS = (
    Defect(
        "V29",
        "What custom functions saved is never freed.",
        MEDIUM,
        "function.saved-tensors-freed-after-backward",
        patched(graph, "release", _never_released),
    ),
    Defect(
        "V30",
        "What custom functions saved is freed also where the graph is retained.",
        MEDIUM,
        "function.saved-tensors-freed-after-backward",
        patched(reverse, "visit", _always_released),
    ),
    Defect(
        "V31",
        "What a custom forward records itself takes the place of its backward.",
        MEDIUM,
        "function.backward-formula-is-trusted",
        patched(custom, "entered", _own_history_first),
    ),
    Defect(
        "V32",
        "A custom function is visited as if it had been recorded right behind its first argument.",
        HARD,
        "function.composes-with-recorded-ops",
        patched(function.FunctionNode, "__init__", _right_behind_the_first),
    ),
    Defect(
        "V33",
        "None in place of a gradient counts as zeros.",
        EASY,
        "function.none-means-no-contribution",
        patched(function.FunctionNode, "propagate", _zeros_for_none),
    ),
    Defect(
        "V34",
        "Gradients of arguments that are no tensors are ignored.",
        MEDIUM,
        "function.non-tensor-arguments-need-none",
        patched(function, "check_gradients", _tensors_only),
    ),
    Defect(
        "V35",
        "A number in place of a gradient stands for a tensor full of it.",
        MEDIUM,
        "function.non-tensor-arguments-need-none",
        patched(function.FunctionNode, "propagate", _numbers_spread),
    ),
    Defect(
        "V36",
        "Custom functions are recorded also with recording off.",
        MEDIUM,
        "function.not-recorded-when-nothing-is-tracked",
        patched(custom, "apply", _whatever_the_mode),
    ),
    Defect(
        "Y04",
        "What a custom function saved is not freed if there is a result among it.",
        MEDIUM,
        "function.saved-tensors-freed-after-backward",
        patched(graph, "release", _results_not_released),
    ),
    Defect(
        "Y06",
        "What a custom backward gives takes the place of what other uses brought.",
        MEDIUM,
        "function.composes-with-recorded-ops",
        sharing(_replacing),
    ),
)
