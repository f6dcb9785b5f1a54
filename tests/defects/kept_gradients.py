"""Defects in which intermediates keep their gradients, and from when on."""

from __future__ import annotations

import weakref

from conformance.reference import accumulation, hooks, reverse

from .defect import HARD, Defect, method, patched, sharing, together


def _roots_keep(real):
    def root_edges(roots):
        for root in roots:
            node = root.current_node()
            if node is not None:
                hooks.retain(node, root.index, root)
        return real(roots)

    return root_edges


def _not_at_the_root(real):
    def visit(node, gradients, request, *rest):
        held = node.retainers
        node.retainers = None if any(node is root for root, _ in request.roots) else held
        try:
            real(node, gradients, request, *rest)
        finally:
            node.retainers = held

    return visit


def _too_late_after_a_pass():
    walked = weakref.WeakSet()

    def visit(real):
        def wrapped(node, *rest):
            walked.add(node)
            real(node, *rest)

        return wrapped

    def retain(real):
        def wrapped(node, index, tensor):
            if node not in walked:
                real(node, index, tensor)

        return wrapped

    return together(patched(reverse, "visit", visit), patched(hooks, "retain", retain))


def _brought_back():
    found = weakref.WeakKeyDictionary()

    def visit(real):
        def wrapped(node, gradients, *rest):
            real(node, gradients, *rest)
            found[node] = list(gradients)

        return wrapped

    def retain_grad(real):
        def wrapped(tensor):
            real(tensor)
            known = found.get(tensor.node)
            if known is not None and tensor.gradient is None:
                accumulation.keep(tensor, known[tensor.index])

        return wrapped

    return together(patched(reverse, "visit", visit), method("retain_grad", retain_grad))


DEFECTS = (
    Defect(
        "W20",
        "A root keeps its gradient without being asked to.",
        HARD,
        "nonleaf.gradient-none-and-warns",
        patched(reverse, "root_edges", _roots_keep),
    ),
    Defect(
        "W21",
        "A root is asked to keep its gradient in vain.",
        HARD,
        "retain-grad.populates-nonleaf",
        patched(reverse, "visit", _not_at_the_root),
    ),
    Defect(
        "W22",
        "An intermediate that a pass went through is asked to keep its gradient in vain.",
        HARD,
        "retain-grad.any-time-before-backward",
        sharing(_too_late_after_a_pass),
    ),
    Defect(
        "W23",
        "Asking for an intermediate's gradient brings back that of the pass before.",
        HARD,
        "retain-grad.any-time-before-backward",
        sharing(_brought_back),
    ),
)
