"""Defects in walking and pruning the graph."""

from __future__ import annotations

from dataclasses import replace

from conformance.reference import graph, reverse

from .defect import HARD, MEDIUM, VERY_HARD, Defect, patched, together


def _preorder(real):
    def order(roots):
        found, stack = {}, list(roots)
        while stack:
            node = stack.pop()
            if node not in found:
                found[node] = None
                stack.extend(edge[0] for edge in node.edges if edge is not None)
        return list(found)

    return order


def _breadth_first(roots):
    found, level = dict.fromkeys(roots), list(roots)
    while level:
        below = [edge[0] for node in level for edge in node.edges if edge is not None]
        level = [node for node in dict.fromkeys(below) if node not in found]
        found.update(dict.fromkeys(level))
    return list(found)


def _breadth_first_when_deep(real):
    def order(roots):
        found = real(roots)
        return found if len(found) <= 64 else _breadth_first(roots)

    return order


def _recursive(real):
    def order(roots):
        seen = {}

        def enter(node):
            if node not in seen:
                seen[node] = None
                for edge in node.edges:
                    if edge is not None:
                        enter(edge[0])

        for root in roots:
            enter(root)
        return sorted(seen, key=lambda node: node.order, reverse=True)

    return order


def _each_root_once(real):
    def walk(request):
        pairs = dict(zip(request.roots, request.seeds, strict=True))
        return real(replace(request, roots=list(pairs), seeds=list(pairs.values())))

    return walk


def _skip_leaf_roots(real):
    def run(request):
        if all(type(node) is graph.AccumulateGrad for node, _ in request.roots):
            return {}
        return real(request)

    return run


def _first_depth_only(real):
    def wanted_edges(order, targets):
        if targets is None:
            return real(order, targets)
        ends = {node for node, _ in targets}
        leading = set(ends)
        for node in reversed(order):
            if reverse.leads_to(node, leading):
                leading.add(node)
        near = set()
        for node in order:
            if any(edge is not None and edge[0] in ends for edge in node.edges):
                near = ends | {n for n in leading if n.order >= node.order}
                break
        return lambda edge: edge[0] in (near or leading)

    return wanted_edges


def _fill_others(real):
    def visit(node, gradients, request, *rest):
        if type(node) is graph.AccumulateGrad and request.capture and request.targets:
            (total,) = gradients
            if (node, 0) not in request.targets and total is not None:
                reverse.accumulation.arrive(node.variable, total)
                return
        real(node, gradients, request, *rest)

    return visit


class _Once(dict):
    def get(self, key, default=None):
        return self.pop(key, default)


def _want_all(real):
    def wanted_edges(order, targets):
        return lambda edge: True

    return wanted_edges


def _from_first_root(real):
    def order(roots):
        return real(roots[:1]) if len(roots) > 2 else real(roots)

    return order


DEFECTS = (
    Defect(
        "B02",
        "Nodes are visited in depth-first pre-order, some before all their consumers.",
        MEDIUM,
        "backward.vjp-equals-weighted-sum",
        patched(reverse, "topological_order", _preorder),
    ),
    Defect(
        "B04",
        "Graphs of more than 64 nodes are walked breadth first.",
        VERY_HARD,
        "backward.deep-graphs",
        patched(reverse, "topological_order", _breadth_first_when_deep),
    ),
    Defect(
        "B06",
        "The walk recurses, and a long chain exhausts the stack.",
        HARD,
        "backward.deep-graphs",
        patched(reverse, "topological_order", _recursive),
    ),
    Defect(
        "B08",
        "A root given twice is seeded once.",
        HARD,
        "roots.duplicates-and-ancestors",
        patched(reverse, "walk", _each_root_once),
    ),
    Defect(
        "B10",
        "Backward from a leaf leaves its slot empty.",
        MEDIUM,
        "backward.leaf-root",
        patched(reverse, "run", _skip_leaf_roots),
    ),
    Defect(
        "B18",
        "Pruning follows a requested input to its latest use only, not to those further down.",
        HARD,
        "grad.agrees-with-backward",
        patched(reverse, "wanted_edges", _first_depth_only),
    ),
    Defect(
        "B20",
        "The functional form fills the slots of leaves that it was not asked about.",
        MEDIUM,
        "grad.never-touches-leaf-grad",
        together(
            patched(reverse, "wanted_edges", _want_all), patched(reverse, "visit", _fill_others)
        ),
    ),
    Defect(
        "B22",
        "An input that is asked about twice gets its gradient at the first place only.",
        HARD,
        "grad.tuple-in-input-order",
        patched(reverse, "run", lambda real: lambda request: _Once(real(request))),
    ),
    Defect(
        "B24",
        "Backward restricted to some inputs fills the other leaves too.",
        MEDIUM,
        "inputs.restrict-accumulation",
        patched(reverse, "wanted_edges", _want_all),
    ),
    Defect(
        "X03",
        "Only the first of three or more roots is walked from.",
        HARD,
        "roots.sum-of-contributions",
        patched(reverse, "topological_order", _from_first_root),
    ),
)
