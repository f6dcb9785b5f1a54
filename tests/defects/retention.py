"""Defects in keeping intermediates' gradients, and in hooks beside them."""

from __future__ import annotations

from conformance.reference import (
    accumulation,
    hooks,
    reverse,
    views,
)

from .defect import HARD, VERY_HARD, Defect, patched, sharing, together


def _keep_before_hooks(real):
    def visit(node, gradients, request, *rest):
        retainers, node.retainers = node.retainers, None
        for index in retainers or ():
            keeper = retainers[index]()
            if keeper is not None and gradients[index] is not None and not request.capture:
                accumulation.keep(keeper, gradients[index])
        try:
            real(node, gradients, request, *rest)
        finally:
            node.retainers = retainers

    return visit


def _twice_is_double():
    counts = {}

    def retain(real):
        def wrapped(node, index, tensor):
            again = (node.retainers or {}).get(index) is not None
            counts[id(tensor)] = counts.get(id(tensor), 1) + 1 if again else 1
            real(node, index, tensor)

        return wrapped

    def keep(real):
        def wrapped(tensor, gradient):
            real(tensor, gradient * counts.get(id(tensor), 1))

        return wrapped

    return together(patched(hooks, "retain", retain), patched(accumulation, "keep", keep))


def _skip_requested(real):
    def visit(node, gradients, request, *rest):
        asked = request.targets is not None and (node, 0) in request.targets
        held, node.hooks = node.hooks, None if asked else node.hooks
        try:
            real(node, gradients, request, *rest)
        finally:
            node.hooks = held

    return visit


def _stay_behind(real):
    def set_history(tensor, node, index):
        retained, tensor.retained = tensor.retained, False
        real(tensor, node, index)
        tensor.retained = retained

    return set_history


def _overwrite_kept(real):
    def keep(tensor, gradient):
        tensor.gradient = None
        real(tensor, gradient)

    return keep


def _pruned_hooks(real):
    return lambda order, targets: lambda edge: True


DEFECTS = (
    Defect(
        "G07",
        "The gradient kept for an intermediate is the one before its hooks.",
        HARD,
        "hooks.run-before-retain-grad",
        patched(reverse, "visit", _keep_before_hooks),
    ),
    Defect(
        "G09",
        "Asking twice to keep a gradient keeps its double.",
        HARD,
        "retain-grad.eligibility-and-flag",
        sharing(_twice_is_double),
    ),
    Defect(
        "G13",
        "The hook of an intermediate that is asked about does not run.",
        VERY_HARD,
        "hooks.apply-to-functional-grad",
        patched(reverse, "visit", _skip_requested),
    ),
    Defect(
        "G15",
        "Keeping the gradient stays with the old value when a tensor is written.",
        VERY_HARD,
        "retain-grad.follows-writes",
        patched(views, "set_history", _stay_behind),
    ),
    Defect(
        "A19",
        "A second pass overwrites an intermediate's kept gradient.",
        HARD,
        "retain-grad.accumulates",
        patched(accumulation, "keep", _overwrite_kept),
    ),
    Defect(
        "X40",
        "Hooks off the way to the requested inputs run too.",
        HARD,
        "hooks.silent-off-the-requested-path",
        patched(reverse, "wanted_edges", _pruned_hooks),
    ),
)
