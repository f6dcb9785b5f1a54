"""Defects in where a graph begins and ends: what is asked about, what was freed or detached."""

from __future__ import annotations

import weakref

from conformance.reference import arguments, autograd, dispatch, graph, modes, reverse
from conformance.reference.errors import AutogradError, UnusedInputError

from .defect import EASY, HARD, MEDIUM, VERY_HARD, Defect, patched, sharing, together


def _one_for_itself(real):
    def run(request):
        found = real(request)
        for edge in request.roots:
            if edge in found and request.capture:
                found[edge] = arguments.ones(found[edge])
        return found

    return run


def _refused_if_all_unused(real):
    def grad(outputs, inputs, *given, allow_unused=None, **options):
        found = real(outputs, inputs, *given, allow_unused=True, **options)
        if not allow_unused and all(gradient is None for gradient in found):
            raise UnusedInputError("none of the differentiated Tensors was used in the graph")
        return found

    return grad


def _clone_in_place_of(real):
    def record(rule, operands, edges, params, result):
        if rule.key == "clone":
            result.node, result.index = edges[0]
        else:
            real(rule, operands, edges, params, result)

    return record


def _keeps_the_graph(real):
    def grad(*given, retain_graph=None, **options):
        return real(*given, retain_graph=retain_graph is not False, **options)

    return grad


def _freed_passed_over():
    roots = []

    def walk(real):
        def wrapped(request):
            roots[:] = [node for node, _ in request.roots]
            return real(request)

        return wrapped

    def propagate(real):
        def wrapped(node, cotangents, wanted):
            if node.saved is None and node not in roots:
                return []
            return real(node, cotangents, wanted)

        return wrapped

    return together(
        patched(reverse, "walk", walk), patched(graph.Operation, "propagate", propagate)
    )


def _freed_is_constant(real):
    def edges_to(operands):
        edges = real(operands) or ()
        living = tuple(None if e is None or e[0].saved is None else e for e in edges)
        return living if any(living) else None

    return edges_to


def _history_by_memory():
    producers = {}

    def record(real):
        def wrapped(rule, operands, edges, params, result):
            real(rule, operands, edges, params, result)
            array = result.array
            producers[id(array)] = (weakref.ref(array), weakref.ref(result.node))

        return wrapped

    def producer(array):
        known, node = producers.get(id(array), (lambda: None, lambda: None))
        return (node(), 0) if known() is array and node() is not None else None

    def edges_to(real):
        def wrapped(operands):
            edges = real(operands)
            if edges is None:
                return None
            pairs = zip(operands, edges, strict=True)
            return tuple(producer(x.array) if edge is None else edge for x, edge in pairs)

        return wrapped

    return together(patched(dispatch, "record", record), patched(graph, "edges_to", edges_to))


def _freed_by_refusal(real):
    def seeds_for(roots, *given):
        try:
            return real(roots, *given)
        except AutogradError:
            for root in roots:
                if root.node is not None:
                    graph.release(root.node)
            raise

    return seeds_for


def _refused_unrecorded(real):
    def seeds_for(*given):
        try:
            return real(*given)
        except AutogradError:
            modes.switch(False)
            raise

    return seeds_for


DEFECTS = (
    Defect(
        "V37",
        "The gradient of a tensor with respect to itself is ones, whatever the cotangent.",
        MEDIUM,
        "grad.root-with-respect-to-itself",
        patched(reverse, "run", _one_for_itself),
    ),
    Defect(
        "V38",
        "Unused inputs are refused only where none of the inputs was used.",
        MEDIUM,
        "grad.unused-input-raises",
        patched(autograd, "grad", _refused_if_all_unused),
    ),
    Defect(
        "V39",
        "A clone stands at its source's place in the graph.",
        HARD,
        "grad.reachability-is-by-tensor-object",
        patched(dispatch, "record", _clone_in_place_of),
    ),
    Defect(
        "V40",
        "The functional form retains the graph unless it is told not to.",
        EASY,
        "graph.unretained-call-frees",
        patched(autograd, "grad", _keeps_the_graph),
    ),
    Defect(
        "V41",
        "A pass goes past operations that were freed, unless a root is one of them.",
        HARD,
        "graph.shared-trunk",
        sharing(_freed_passed_over),
    ),
    Defect(
        "V42",
        "A result whose graph was freed is a constant in what is computed from it later.",
        HARD,
        "graph.extending-a-freed-graph-raises-later",
        patched(graph, "edges_to", _freed_is_constant),
    ),
    Defect(
        "V43",
        "A detached tensor has its history back where it meets a tracked one.",
        VERY_HARD,
        "graph.truncation-by-detach",
        sharing(_history_by_memory),
    ),
    Defect(
        "V44",
        "A pass that is refused for its cotangents has already freed its roots.",
        HARD,
        "graph.rejected-call-changes-nothing",
        patched(arguments, "seeds_for", _freed_by_refusal),
    ),
    Defect(
        "Y05",
        "A pass that is refused for its cotangents leaves recording off.",
        MEDIUM,
        "graph.rejected-call-changes-nothing",
        patched(arguments, "seeds_for", _refused_unrecorded),
    ),
)
