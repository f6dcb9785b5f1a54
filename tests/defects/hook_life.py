"""Defects in the life of hooks: who may have one, from when on, and what becomes of its answer."""

from __future__ import annotations

import weakref

from conformance.reference import graph, hooks, reverse

from .defect import EASY, HARD, MEDIUM, Defect, method, patched, sharing, together


def _too_late_once_used():
    used = weakref.WeakSet()

    def edge_to(real):
        def wrapped(tensor):
            edge = real(tensor)
            if edge is not None and type(edge[0]) is not graph.AccumulateGrad:
                used.add(edge[0])
            return edge

        return wrapped

    def register(real):
        def wrapped(tensor, hook):
            late = tensor.current_node() in used
            return hooks.add({}, hook) if late else real(tensor, hook)

        return wrapped

    return together(patched(graph, "edge_to", edge_to), method("register_hook", register))


def _older_than_the_entrance(real):
    def hooks_of(node, index):
        registry = real(node, index)
        if registry is None or type(node) is not graph.AccumulateGrad:
            return registry
        return {key: hook for key, hook in registry.items() if key < node.order}

    return hooks_of


def _accepted_in_vain(real):
    def register(tensor, hook):
        return real(tensor, hook) if tensor.requires_grad else hooks.add({}, hook)

    return register


class _Unchanged(list):
    def __setitem__(self, index, value):
        pass


def _leaf_ignores_answer(real):
    def visit(node, gradients, *rest):
        leaf = type(node) is graph.AccumulateGrad
        real(node, _Unchanged(gradients) if leaf else gradients, *rest)

    return visit


def _into_the_cotangent(real):
    def run(registry, gradient):
        answer = real(registry, gradient)
        if answer is gradient or gradient.requires_grad or not gradient.array.flags.writeable:
            return answer
        gradient.array[...] = answer.array
        return gradient

    return run


DEFECTS = (
    Defect(
        "W01",
        "A hook on a result that was used already never runs.",
        MEDIUM,
        "hooks.may-be-added-after-the-graph-is-built",
        sharing(_too_late_once_used),
    ),
    Defect(
        "W02",
        "A leaf's hook comes too late for the graph that leads to the leaf already.",
        MEDIUM,
        "hooks.may-be-added-after-the-graph-is-built",
        together(
            patched(hooks, "_keys", lambda real: graph._sequence),
            patched(hooks, "hooks_of", _older_than_the_entrance),
        ),
    ),
    Defect(
        "W03",
        "A hook on an untracked tensor is accepted, and waits in vain.",
        EASY,
        "hooks.need-a-tracked-tensor",
        method("register_hook", _accepted_in_vain),
    ),
    Defect(
        "W04",
        "A leaf accumulates what its hook was given, not what it returned.",
        MEDIUM,
        "hooks.tensor-hook-replaces-grad",
        patched(reverse, "visit", _leaf_ignores_answer),
    ),
    Defect(
        "W05",
        "What a hook returns is written into the cotangent's memory, which branches may share.",
        HARD,
        "hooks.accumulating-fan-in-sees-each-hooked-branch",
        patched(hooks, "run", _into_the_cotangent),
    ),
)
