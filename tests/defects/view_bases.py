"""Defects in what views and their bases know of each other."""

from __future__ import annotations

from conformance.reference import inplace, modes
from conformance.reference.methods import Methods

from .defect import HARD, MEDIUM, Defect, method, patched


def _moved_when_updated(real):
    def store(target, result):
        if target.flag and not modes.is_grad_enabled():
            target.array = target.array.copy()
        real(target, result)

    return store


def _asked_once(real):
    def current_node(tensor):
        unconnected = tensor.view_of is not None and tensor.node is None
        return None if unconnected else real(tensor)

    return current_node


def _slice_for_a_run(real):
    def getitem(x, key):
        run = isinstance(key, list) and key == list(range(key[0], key[0] + len(key)))
        return real(x, slice(key[0], key[0] + len(key)) if run and key[0] >= 0 else key)

    return getitem


DEFECTS = (
    Defect(
        "W31",
        "Updating a tracked leaf with recording off moves it to new memory, away from its views.",
        MEDIUM,
        "view.shares-memory-and-carries-gradient",
        patched(inplace, "store", _moved_when_updated),
    ),
    Defect(
        "W32",
        "A view that was untracked when it was taken stays so, whatever its base becomes.",
        HARD,
        "view.taken-before-base-was-tracked",
        method("current_node", _asked_once),
    ),
    Defect(
        "W33",
        "A list of consecutive positions is read as a slice, and takes a view.",
        HARD,
        "view.advanced-indexing-copies",
        patched(Methods, "__getitem__", _slice_for_a_run),
    ),
)
