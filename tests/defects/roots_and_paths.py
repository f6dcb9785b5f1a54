"""Defects in roots, in requested inputs, and in what lies beside the way."""

from __future__ import annotations

import weakref
from collections import Counter

from conformance.reference import (
    accumulation,
    arguments,
    dispatch,
    errors,
    graph,
    passes,
    reverse,
)  # fmt: skip

from .defect import HARD, MEDIUM, VERY_HARD, Defect, patched, sharing, together

_MANY = 1_000_000


def _first_root_decides(real):
    def seeds_for(roots, given, create_graph):
        seeds = arguments.listed_seeds(given, len(roots))
        if roots[0].array.size == 1:
            pairs = zip(roots, seeds, strict=True)
            seeds = [arguments.ones(root) if seed is None else seed for root, seed in pairs]
        return real(roots, seeds, create_graph)

    return seeds_for


def _hooks_skipped_at_leaf_roots(real):
    def visit(node, gradients, request, *rest):
        if type(node) is not graph.AccumulateGrad or (node, 0) not in request.roots:
            real(node, gradients, request, *rest)
            return
        registry, node.variable.hooks = node.variable.hooks, None
        try:
            real(node, gradients, request, *rest)
        finally:
            node.variable.hooks = registry

    return visit


def _unreached(wanted, edges, captured):
    return [x for x, edge in zip(wanted, edges, strict=True) if edge not in captured]


def _zeros_where_unreached(real):
    def fill(wanted, edges, captured, create_graph):
        real(wanted, edges, captured, create_graph)
        for tensor in _unreached(wanted, edges, captured):
            accumulation.keep(tensor, dispatch.zeros_like(tensor))

    return fill


def _emptied_where_unreached(real):
    def fill(wanted, edges, captured, create_graph):
        real(wanted, edges, captured, create_graph)
        for tensor in _unreached(wanted, edges, captured):
            tensor.gradient = None

    return fill


def _beside_the_way():
    users = weakref.WeakKeyDictionary()

    def init(real):
        def wrapped(node, rule, edges, *rest):
            real(node, rule, edges, *rest)
            for edge in edges:
                if edge is not None:
                    users.setdefault(edge[0], []).append(weakref.ref(node))

        return wrapped

    def walk(real):
        def wrapped(request):
            captured = real(request)
            if request.targets is None:
                for node in reverse.topological_order([node for node, _ in request.roots]):
                    _start_leaves_of([user() for user in users.get(node, ())])
            return captured

        return wrapped

    return together(patched(graph.Operation, "__init__", init), patched(reverse, "walk", walk))


def _start_leaves_of(users):
    nodes = [edge[0] for user in users if user is not None for edge in user.edges if edge]
    for node in nodes:
        if type(node) is graph.AccumulateGrad and node.variable.gradient is None:
            accumulation.arrive(node.variable, dispatch.zeros_like(node.variable))


def _path_by_path(real):
    # Really following each path would take years; what counts is that it does not arrive.
    def walk(request):
        paths = Counter(node for node, _ in request.roots)
        for node in reverse.topological_order(list(paths)):
            for edge in node.edges:
                if edge is not None:
                    paths[edge[0]] += paths[node]
        if max(paths.values()) > _MANY:
            raise errors.AutogradError("the graph has too many paths")
        return real(request)

    return walk


DEFECTS = (
    Defect(
        "W24",
        "Whether cotangents may be left out is asked of the first root only.",
        HARD,
        "roots.none-for-one-element-roots",
        patched(arguments, "seeds_for", _first_root_decides),
    ),
    Defect(
        "W25",
        "A requested input that was not reached gets zeros.",
        MEDIUM,
        "inputs.unreachable-left-alone",
        patched(passes, "fill_intermediates", _zeros_where_unreached),
    ),
    Defect(
        "W26",
        "A requested input that was not reached has its slot emptied.",
        HARD,
        "inputs.unreachable-left-alone",
        patched(passes, "fill_intermediates", _emptied_where_unreached),
    ),
    Defect(
        "W27",
        "A pass puts zeros into the leaves used beside what it reached, off its way.",
        HARD,
        "backward.unreached-computation-is-irrelevant",
        sharing(_beside_the_way),
    ),
    Defect(
        "W28",
        "Gradients are carried along each path by itself, and beyond a million it gives up.",
        VERY_HARD,
        "backward.each-node-once",
        patched(reverse, "walk", _path_by_path),
    ),
    Defect(
        "W29",
        "A leaf's hooks do not run where the leaf itself is the root.",
        HARD,
        "session.any-sequence-follows-the-rules",
        patched(reverse, "visit", _hooks_skipped_at_leaf_roots),
    ),
)
