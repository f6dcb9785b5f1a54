"""Defects in which writes are refused, counted and noticed."""

from __future__ import annotations

from conformance.reference import errors, function, graph, inplace, modes, reverse

from .defect import HARD, MEDIUM, Defect, patched, rule


def _only_direct_views(real):
    def check_target(target):
        try:
            real(target)
        except errors.InPlaceOnLeafError:
            if target.view_of is None or target.view_of.chain[0] is None:
                raise

    return check_target


def _skip_where_zero(real):
    def propagate(node, cotangents, wanted):
        (cotangent,) = cotangents
        if cotangent.requires_grad or cotangent.array.any():
            return real(node, cotangents, wanted)
        leading = [edge for edge in node.edges if edge is not None and wanted(edge)]
        return [(edge, _zeros_at(*edge)) for edge in leading]

    return propagate


def _zeros_at(node, index):
    return function.materialized(None, node.outputs[index], True)


def _count_while_recording(real):
    return lambda target: real(target) if modes.is_grad_enabled() else None


def _all_checked_first(real):
    def walk(request):
        for node in reverse.topological_order([node for node, _ in request.roots]):
            for kept in node.saved or ():
                if kept is not None:
                    kept.unpack(node)
        return real(request)

    return walk


DEFECTS = (
    Defect(
        "W06",
        "A tracked leaf may be overwritten through a view of a view.",
        HARD,
        "inplace.view-of-tracked-leaf-raises",
        patched(inplace, "check_target", _only_direct_views),
    ),
    Defect(
        "W07",
        "A difference keeps its operands, which its derivative does not need.",
        MEDIUM,
        "inplace.unsaved-mutation-is-harmless",
        rule("sub", uses=("a", "b")),
    ),
    Defect(
        "W08",
        "An operation whose cotangent is zero does not look at what it kept.",
        HARD,
        "inplace.check-happens-when-node-runs",
        patched(graph.Operation, "propagate", _skip_where_zero),
    ),
    Defect(
        "W09",
        "Writes do not count as modifications while recording is off.",
        MEDIUM,
        "inplace.mutation-counts-in-every-mode",
        patched(inplace, "bump", _count_while_recording),
    ),
    Defect(
        "Y09",
        "A pass checks all that was kept behind its roots before it starts.",
        HARD,
        "inplace.check-happens-when-node-runs",
        patched(reverse, "walk", _all_checked_first),
    ),
)
