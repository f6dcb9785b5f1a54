"""Defects that show when one pass or one run follows another."""

from __future__ import annotations

import weakref
from dataclasses import replace

from conformance.reference import (
    accumulation,
    dispatch,
    functions,
    graph,
    hooks,
    inplace,
    modes,
    reverse,
)

from .defect import HARD, MEDIUM, Defect, patched, sharing, together


def _own_sum():
    sums = {}

    def remember(leaf, total):
        sums[id(leaf)] = (weakref.ref(leaf), total)

    def accumulate(real):
        def wrapped(leaf, gradient):
            owner, total = sums.get(id(leaf), (lambda: None, None))
            held = leaf.gradient
            if held is None or modes.is_grad_enabled() or owner() is not leaf:
                real(leaf, gradient)
                remember(leaf, functions.clone(leaf.gradient.detach()))
                return
            remember(leaf, total + gradient)
            held.array[...] = (total + gradient).array
            inplace.bump(held)

        return wrapped

    return patched(accumulation, "accumulate", accumulate)


def _cleared_tape():
    start = [-1]

    def walk(real):
        def wrapped(request):
            found = real(request)
            if not request.retain_graph:
                start[0] = next(graph._sequence)
            return found

        return wrapped

    def propagate(real):
        def wrapped(node, cotangents, wanted):
            found = real(node, cotangents, wanted)
            return [(edge, g * 0.0) for edge, g in found] if node.order < start[0] else found

        return wrapped

    return together(
        patched(reverse, "walk", walk), patched(graph.Operation, "propagate", propagate)
    )


def _retained_for_good():
    retained = weakref.WeakSet()

    def visit(real):
        def wrapped(node, gradients, request, *rest):
            if request.retain_graph:
                retained.add(node)
            elif node in retained:
                request = replace(request, retain_graph=True)
            real(node, gradients, request, *rest)

        return wrapped

    return patched(reverse, "visit", visit)


def _hooks_of_one_graph():
    homes, current = {}, []

    def walk(real):
        def wrapped(request):
            current[:] = [node for node, _ in request.roots]
            return real(request)

        return wrapped

    def hooks_of(real):
        def wrapped(node, index):
            registry = real(node, index)
            if not registry or type(node) is not graph.AccumulateGrad:
                return registry
            _, home = homes.setdefault(id(registry), (registry, list(current)))
            return registry if home == current else None

        return wrapped

    return together(patched(reverse, "walk", walk), patched(hooks, "hooks_of", hooks_of))


def _scaling_reused():
    known = weakref.WeakKeyDictionary()

    def scales_a_leaf(rule, operands, edges):
        return (
            rule.key == "mul"
            and edges[0] is not None
            and type(edges[0][0]) is graph.AccumulateGrad
            and edges[1] is None
            and operands[1].ndim == 0
        )

    def record(real):
        def wrapped(rule, operands, edges, params, result):
            real(rule, operands, edges, params, result)
            if not scales_a_leaf(rule, operands, edges):
                return
            scalings = known.setdefault(edges[0][0], {})
            number = operands[1].array.item()
            node = scalings[number]() if number in scalings else None
            if node is None:
                scalings[number] = weakref.ref(result.node)
            else:
                result.node = node

        return wrapped

    return patched(dispatch, "record", record)


DEFECTS = (
    Defect(
        "V01",
        "A pass adds to the sum that the one before left, whatever was done to the slot since.",
        MEDIUM,
        "accumulation.zeroing-in-place-restarts",
        sharing(_own_sum),
    ),
    Defect(
        "V02",
        "A pass that frees its graph makes zeros of the derivatives of all that was recorded yet.",
        HARD,
        "backward.composes-by-chain-rule",
        sharing(_cleared_tape),
    ),
    Defect(
        "V03",
        "What one pass retained, no later one frees.",
        HARD,
        "graph.unretained-call-frees",
        sharing(_retained_for_good),
    ),
    Defect(
        "V04",
        "A leaf's hook runs only in passes from the roots of the first pass that it saw.",
        HARD,
        "hooks.persist-across-backwards",
        sharing(_hooks_of_one_graph),
    ),
    Defect(
        "V05",
        "Scaling a leaf by a number that it was scaled by before goes into the earlier graph.",
        HARD,
        "control.recorded-afresh-each-run",
        sharing(_scaling_reused),
    ),
)
