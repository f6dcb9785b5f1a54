"""Defects in switching the tracking of leaves."""

from __future__ import annotations

from conformance.reference import accumulation, graph, reverse

from .defect import MEDIUM, Defect, method, patched, sharing, together
from .marks import Marks, marking_frozen


def _as_long_as_its_leaves(real):
    def getter(tensor):
        node = tensor.current_node()
        if node is None:
            return tensor.flag
        nodes = reverse.topological_order([node])
        leaves = [n.variable for n in nodes if type(n) is graph.AccumulateGrad]
        return any(leaf.flag for leaf in leaves)

    return property(getter, real.fset)


def _still_recorded():
    frozen = Marks()

    def edge_to(real):
        def wrapped(tensor):
            return (graph.accumulator(tensor), 0) if frozen.get(tensor) else real(tensor)

        return wrapped

    return together(marking_frozen(frozen), patched(graph, "edge_to", edge_to))


def _filled_beside_others():
    frozen = Marks()

    def edge(x, known):
        return (graph.accumulator(x), 0) if frozen.get(x) else known

    def edges_to(real):
        def wrapped(operands):
            edges = real(operands)
            return None if edges is None else tuple(map(edge, operands, edges))

        return wrapped

    def arrive(real):
        def wrapped(leaf, gradient):
            if frozen.get(leaf):
                accumulation.accumulate(leaf, gradient)
            else:
                real(leaf, gradient)

        return wrapped

    return together(
        marking_frozen(frozen),
        patched(graph, "edges_to", edges_to),
        patched(accumulation, "arrive", arrive),
    )


DEFECTS = (
    Defect(
        "W34",
        "A result is tracked only as long as one of its leaves is.",
        MEDIUM,
        "toggle.affects-later-operations-only",
        method("requires_grad", _as_long_as_its_leaves),
    ),
    Defect(
        "W35",
        "A frozen leaf is filled all the same where it is used beside a tracked one.",
        MEDIUM,
        "toggle.freezing-isolates",
        sharing(_filled_beside_others),
    ),
    Defect(
        "W45",
        "Operations on a frozen leaf are recorded as before, only the leaf is not filled.",
        MEDIUM,
        "toggle.freezing-isolates",
        sharing(_still_recorded),
    ),
)
