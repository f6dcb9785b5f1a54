"""Defects in views, and in writes through them."""

from __future__ import annotations

from conformance.reference import (
    arrays,
    dispatch,
    forward_ad,
    inplace,
    modes,
    tensors,
    views,
)  # fmt: skip

from .defect import HARD, MEDIUM, VERY_HARD, Defect, method, patched, sharing, together
from .marks import Marks


def _bump_bases(real):
    return lambda target: real(target) if target.view_of is None else None


def _old_siblings(real):
    return lambda tensor: tensor.node


def _untracked_target(real):
    return lambda target, written: real(target, written) if target.requires_grad else None


def _cut_when_unrecorded(real):
    def store(target, result):
        real(target, result)
        if not modes.is_grad_enabled() and target.node is not None:
            views.set_history(target, None, 0)
            target.rewrites += 1

    return store


def _viewing_detach(real):
    def detach(tensor):
        if tensor.view_of is None or not modes.is_grad_enabled():
            return real(tensor)
        return forward_ad.alias(tensor)

    return detach


def _version_of_view(real):
    def apply_view(key, source, *params):
        result = real(key, source, *params)
        if key == "transpose":
            result.version = tensors.Version()
        return result

    return apply_view


def _keep_region(real):
    def without_region(g, chain):
        return real(g, chain) if chain[0] is None else g

    return without_region


def _copied_when_written():
    shared = Marks()

    def apply(real):
        def wrapped(key, operands, *params):
            result = real(key, operands, *params)
            first, *others = params[0] if key == "index" else (None,)
            listed = [] if others or first is None or first.dtype.kind != "i" else first.tolist()
            if listed and listed == list(range(listed[0], listed[0] + len(listed))):
                result.array = operands[0].array[listed[0] : listed[-1] + 1]
                shared.put(result)
            return result

        return wrapped

    def store(real):
        def wrapped(target, result):
            if shared.get(target):
                target.array = target.array.copy()
                shared.put(target, None)
            real(target, result)

        return wrapped

    return together(patched(dispatch, "apply", apply), patched(inplace, "store", store))


DEFECTS = (
    Defect(
        "C02",
        "Writing through a view does not count as modifying the memory.",
        HARD,
        "inplace.saved-operand-mutated-raises",
        patched(inplace, "bump", _bump_bases),
    ),
    Defect(
        "C16",
        "Views taken before a write keep the history that they had.",
        HARD,
        "view.mutation-of-base-reaches-all-views",
        method("current_node", _old_siblings),
    ),
    Defect(
        "C18",
        "The old value of an overwritten region still gets a gradient.",
        MEDIUM,
        "inplace.index-assignment-builds-graph",
        patched(views, "without_region", lambda real: lambda g, chain: g),
    ),
    Defect(
        "C26",
        "An untracked tensor stays untracked when tracked values are written into it.",
        HARD,
        "inplace.untracked-target-becomes-tracked",
        patched(views, "rebase", _untracked_target),
    ),
    Defect(
        "C30",
        "A stretched view may be written, once for each element it shows.",
        HARD,
        "inplace.overlapping-target-raises",
        patched(arrays, "overlaps_itself", lambda real: lambda array: False),
    ),
    Defect(
        "C32",
        "Writing with recording off cuts the tensor off its history.",
        VERY_HARD,
        "inplace.unrecorded-write-leaves-the-history",
        patched(inplace, "store", _cut_when_unrecorded),
    ),
    Defect(
        "C34",
        "Detaching a view leaves its history on.",
        HARD,
        "detach.result-is-untracked-leaf",
        method("detach", _viewing_detach),
    ),
    Defect(
        "X14",
        "A transposed view counts its modifications on its own.",
        VERY_HARD,
        "inplace.saved-operand-mutated-raises",
        patched(dispatch, "apply_view", _version_of_view),
    ),
    Defect(
        "X18",
        "Behind a view of a view, the old value of an overwritten region still gets a gradient.",
        VERY_HARD,
        "view.mutation-through-view-rewrites-base",
        patched(views, "without_region", _keep_region),
    ),
    Defect(
        "Y14",
        "What is picked by a list of positions is copied no sooner than it is written to.",
        HARD,
        "view.advanced-indexing-copies",
        sharing(_copied_when_written),
    ),
)
