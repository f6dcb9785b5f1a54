"""Defects in hooks and retention on roots, on views and on what was written to."""

from __future__ import annotations

from conformance.reference import dispatch, graph, hooks, modes, reverse, views

from .defect import HARD, MEDIUM, VERY_HARD, Defect, method, patched, sharing, together
from .marks import Marks


def _without_hooks(skipped):
    """An engine that runs no hooks where ``skipped`` says so of a place and the pass's roots."""
    roots = []

    def walk(real):
        def wrapped(request):
            roots[:] = request.roots
            return real(request)

        return wrapped

    def hooks_of(real):
        return lambda node, index: None if skipped((node, index), roots) else real(node, index)

    return together(patched(reverse, "walk", walk), patched(hooks, "hooks_of", hooks_of))


def _is_later_root(place, roots):
    return place in roots[1:] and place != roots[0]


def _is_leaf_root(place, roots):
    return place in roots and type(place[0]) is graph.AccumulateGrad


def _noting_first_places(places):
    """An engine that notes in ``places`` where each view entered the graph when it was taken."""

    def apply_view(real):
        def wrapped(key, source, *params):
            result = real(key, source, *params)
            if result.node is not None:
                places.put(result, (result.node, result.index))
            return result

        return wrapped

    return patched(dispatch, "apply_view", apply_view)


def _hooked_where_it_was_taken():
    places = Marks()

    def register(real):
        def wrapped(tensor, hook):
            now = tensor.current_node(), tensor.index
            tensor.node, tensor.index = places.get(tensor) or now
            try:
                return real(tensor, hook)
            finally:
                tensor.node, tensor.index = now

        return wrapped

    return together(_noting_first_places(places), method("register_hook", register))


def _retained_where_it_was_taken():
    places = Marks()

    def retain_grad(real):
        def wrapped(tensor):
            if tensor.current_node() is None or places.get(tensor) is None:
                real(tensor)
                return
            tensor.retained = True
            hooks.retain(*places.get(tensor), tensor)

        return wrapped

    return together(_noting_first_places(places), method("retain_grad", retain_grad))


def _hooks_go_along(real):
    def set_history(tensor, node, index):
        old = tensor.node
        moved = None if old is None or not old.hooks else old.hooks.pop(tensor.index, None)
        real(tensor, node, index)
        if moved and node is not None:
            node.hooks = {**(node.hooks or {}), index: moved}

    return set_history


def _forgotten_in_a_write(real):
    def add_(tensor, other):
        result = real(tensor, other)
        if tensor.hooks and not modes.is_grad_enabled():
            tensor.hooks.clear()
        return result

    return add_


def _forgotten_when_switched_off(real):
    def requires_grad_(tensor, requires_grad=True):
        if tensor.hooks and not requires_grad:
            tensor.hooks.clear()
        return real(tensor, requires_grad)

    return requires_grad_


DEFECTS = (
    Defect(
        "Y16",
        "Of several roots only the first one's hooks run.",
        HARD,
        "hooks.act-on-roots",
        sharing(lambda: _without_hooks(_is_later_root)),
    ),
    Defect(
        "Y17",
        "Where a leaf is the root its hooks do not run.",
        MEDIUM,
        "hooks.act-on-roots",
        sharing(lambda: _without_hooks(_is_leaf_root)),
    ),
    Defect(
        "Y18",
        "A hook on a view is given the gradient of what the view showed when it was taken.",
        VERY_HARD,
        "hooks.in-place-separates-old-and-new-value",
        sharing(_hooked_where_it_was_taken),
    ),
    Defect(
        "Y19",
        "A view retains the gradient of what it showed when it was taken.",
        VERY_HARD,
        "retain-grad.follows-writes",
        sharing(_retained_where_it_was_taken),
    ),
    Defect(
        "Y22",
        "A write takes the hooks of its target along to the new value.",
        HARD,
        "hooks.in-place-separates-old-and-new-value",
        patched(views, "set_history", _hooks_go_along),
    ),
    Defect(
        "Y24",
        "A write with recording off takes a leaf's hooks away.",
        MEDIUM,
        "hooks.leaf-hooks-survive-untracked-updates",
        method("add_", _forgotten_in_a_write),
    ),
    Defect(
        "Y25",
        "A leaf whose tracking is switched off forgets its hooks.",
        MEDIUM,
        "hooks.leaf-hooks-survive-untracked-updates",
        method("requires_grad_", _forgotten_when_switched_off),
    ),
)
