"""Defects in what a pass frees, and in what a failed pass leaves behind."""

from __future__ import annotations

from dataclasses import replace
from weakref import WeakSet

from conformance.reference import graph, modes, reverse

from .defect import EASY, HARD, MEDIUM, VERY_HARD, Defect, patched, sharing, together


def _release_all(real):
    def release(node):
        node.saved = None

    return release


def _retain_roots_only(real):
    def visit(node, gradients, request, *rest):
        real(node, gradients, request, *rest)
        if all(node is not root for root, _ in request.roots):
            graph.release(node)

    return visit


def _stale_cotangents():
    stale, current = {}, {}

    def walk(real):
        def wrapped(request):
            try:
                return real(request)
            except Exception:
                stale.update(current.get("map", {}))
                raise

        return wrapped

    def add(real):
        def wrapped(cotangents, edge, contribution):
            current["map"] = cotangents
            if edge[0] in stale and edge[0] not in cotangents:
                cotangents[edge[0]] = stale.pop(edge[0])
            real(cotangents, edge, contribution)

        return wrapped

    return together(patched(reverse, "walk", walk), patched(reverse, "add", add))


def _one_tape():
    recorded = WeakSet()

    def noted(real):
        def init(node, *args):
            real(node, *args)
            recorded.add(node)

        return init

    def run(real):
        def wrapped(request):
            found = real(request)
            if not request.retain_graph:
                for node in list(recorded):
                    graph.release(node)
            return found

        return wrapped

    return together(patched(graph.Operation, "__init__", noted), patched(reverse, "run", run))


def _mode_left(real):
    def run(request):
        before = modes.switch(request.create_graph)
        found = reverse.walk(request)
        modes.switch(before)
        return found

    return run


def _free_when_building(real):
    def run(request):
        return real(
            replace(request, retain_graph=request.retain_graph and not request.create_graph)
        )

    return run


DEFECTS = (
    Defect(
        "B12",
        "Freeing a graph also closes operations that had kept nothing.",
        HARD,
        "graph.second-backward-fine-when-nothing-saved",
        patched(graph, "release", _release_all),
    ),
    Defect(
        "B14",
        "Retaining the graph retains the roots' own operations only.",
        MEDIUM,
        "graph.retain-allows-repeats",
        patched(reverse, "visit", _retain_roots_only),
    ),
    Defect(
        "B16",
        "Cotangents of a pass that failed midway are added to by the next pass.",
        VERY_HARD,
        "hooks.exception-aborts-backward",
        sharing(_stale_cotangents),
    ),
    Defect(
        "F17",
        "A pass that builds a graph frees the one that it went through.",
        HARD,
        "higher.create-graph-implies-retain",
        patched(reverse, "run", _free_when_building),
    ),
    Defect(
        "K02",
        "A pass that fails leaves recording switched off.",
        VERY_HARD,
        "hooks.exception-aborts-backward",
        patched(reverse, "run", _mode_left),
    ),
    Defect(
        "K08",
        "A pass frees every graph there is, also those it did not visit.",
        HARD,
        "graph.freeing-is-per-visited-node",
        sharing(_one_tape),
    ),
    Defect(
        "X04",
        "Nothing is ever freed.",
        EASY,
        "graph.second-backward-raises-when-saved",
        patched(graph, "release", lambda real: lambda node: None),
    ),
)
