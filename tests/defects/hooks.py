"""Defects in hooks: when they run, and what they are given."""

from __future__ import annotations

from conformance.reference import (
    dispatch,
    graph,
    hooks,
    modes,
    reverse,
)

from .defect import HARD, MEDIUM, VERY_HARD, Defect, patched, sharing, together


def _per_contribution():
    running = hooks.run

    def add(real):
        def wrapped(cotangents, edge, contribution):
            registry = hooks.hooks_of(*edge)
            real(cotangents, edge, running(registry, contribution) if registry else contribution)

        return wrapped

    return together(
        patched(reverse, "add", add),
        patched(hooks, "run", lambda real: lambda registry, gradient: gradient),
    )


def _zero_for_none(real):
    def run(registry, gradient):
        for hook in list(registry.values()):
            replacement = hook(gradient)
            gradient = dispatch.zeros_like(gradient) if replacement is None else replacement
        return gradient

    return run


def _sum_to_leaf_hook(real):
    def visit(node, gradients, request, *rest):
        held = None
        if type(node) is graph.AccumulateGrad and node.variable.hooks and not request.create_graph:
            held = node.variable.gradient
        if held is None:
            real(node, gradients, request, *rest)
            return
        registry, node.variable.hooks = node.variable.hooks, None
        total = held.detach().clone() + gradients[0]
        gradients[0] = hooks.run(registry, total) - held.detach()
        try:
            real(node, gradients, request, *rest)
        finally:
            node.variable.hooks = registry

    return visit


def _recorded_hooks(real):
    def run(registry, gradient):
        with modes.GradMode(True):
            tracked = gradient.detach().requires_grad_()
            return (
                real(registry, tracked) if not gradient.requires_grad else real(registry, gradient)
            )

    return run


def _nonzero_only(real):
    return lambda registry, gradient: real(registry, gradient) if gradient.array.any() else gradient


def _last_first(real):
    def run(registry, gradient):
        return real(dict(reversed(registry.items())), gradient)

    return run


def _original_to_all(real):
    def run(registry, gradient):
        result = gradient
        for hook in list(registry.values()):
            replacement = hook(gradient)
            result = result if replacement is None else replacement
        return result

    return run


def _one_call(real):
    def run(registry, gradient):
        result = real(registry, gradient)
        if len(registry) > 2:
            registry.clear()
        return result

    return run


def _one_registration(real):
    def add(registry, hook):
        for key, known in list(registry.items()):
            if known is hook:
                return hooks.RemovableHandle(registry, key)
        return real(registry, hook)

    return add


def _remove_last(real):
    def remove(handle):
        if handle._key in handle._registry:
            handle._registry.popitem()

    return remove


DEFECTS = (
    Defect(
        "G01",
        "A hook runs for each contribution instead of once with the sum.",
        MEDIUM,
        "hooks.total-gradient-once-per-backward",
        sharing(_per_contribution),
    ),
    Defect(
        "G03",
        "A hook that returns nothing makes the gradient zero.",
        MEDIUM,
        "hooks.returning-none-changes-nothing",
        patched(hooks, "run", _zero_for_none),
    ),
    Defect(
        "G05",
        "A leaf's hook is given the accumulated sum instead of what is new.",
        HARD,
        "hooks.run-before-accumulation",
        patched(reverse, "visit", _sum_to_leaf_hook),
    ),
    Defect(
        "G11",
        "A removed hook still runs.",
        MEDIUM,
        "hooks.removal",
        patched(hooks.RemovableHandle, "remove", lambda real: lambda handle: None),
    ),
    Defect(
        "G17",
        "What hooks compute is recorded also in an ordinary pass.",
        HARD,
        "hooks.apply-to-functional-grad",
        patched(hooks, "run", _recorded_hooks),
    ),
    Defect(
        "G19",
        "A hook does not run where the gradient is zero.",
        VERY_HARD,
        "hooks.total-gradient-once-per-backward",
        patched(hooks, "run", _nonzero_only),
    ),
    Defect(
        "X34",
        "Hooks run in reverse order of registration.",
        MEDIUM,
        "hooks.chain-in-registration-order",
        patched(hooks, "run", _last_first),
    ),
    Defect(
        "X35",
        "Every hook is given the original gradient.",
        MEDIUM,
        "hooks.chain-in-registration-order",
        patched(hooks, "run", _original_to_all),
    ),
    Defect(
        "X36",
        "Three or more hooks on one tensor run in one pass only.",
        VERY_HARD,
        "hooks.removal",
        patched(hooks, "run", _one_call),
    ),
    Defect(
        "X37",
        "A function that is registered twice runs once.",
        HARD,
        "hooks.same-function-registered-twice-runs-twice",
        patched(hooks, "add", _one_registration),
    ),
    Defect(
        "X38",
        "Removing any hook removes the one registered last.",
        HARD,
        "hooks.removal",
        patched(hooks.RemovableHandle, "remove", _remove_last),
    ),
)
