"""Views and their base: one piece of memory, one history.

A view remembers the operations that lead to it from its base. Writing through it records, on the
base, that the viewed region was replaced; every view then finds its new producer by walking its
operations again from the base. https://docs.pytorch.org/docs/stable/notes/autograd.html#in-place-operations-with-autograd
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import dispatch, graph, hooks, modes
from .rules import RULES, Point, define, linear

if TYPE_CHECKING:
    from .tensors import Tensor


def replay(chain: tuple[Any, ...] | None, base: Tensor) -> Tensor:
    """The view that ``chain`` makes of ``base``."""
    steps = []
    while chain is not None:
        chain, key, params = chain
        steps.append((key, params))
    result = base
    for key, params in reversed(steps):
        result = dispatch.apply_view(key, result, *params)
    return result


def regenerate(tensor: Tensor) -> None:
    """Give a view the producer that follows from its base's present history."""
    view = tensor.view_of
    assert view is not None
    with modes.GradMode(True):
        fresh = replay(view.chain, view.base)
    view.seen = view.base.rewrites
    set_history(tensor, fresh.node, fresh.index)


def rebase(target: Tensor, written: Tensor) -> None:
    """Let ``target``, just overwritten with the values of ``written``, have its history too.

    A view passes the change on to its base; its own producer is found when next asked for.
    """
    view = target.view_of
    if view is None:
        set_history(target, written.node, written.index)
        target.rewrites += 1
        return
    base = view.base
    edges = (graph.edge_to(base), graph.edge_to(written))
    node = graph.Operation(RULES["copy_slices"], edges, (view.chain,), base.array)
    set_history(base, node, 0)
    base.rewrites += 1
    regenerate(target)


def set_history(tensor: Tensor, node: graph.Node | None, index: int) -> None:
    """Replace the producer of ``tensor``; hooks stay behind, retention follows the tensor."""
    if tensor.retained and tensor.node is not None:
        hooks.forget_retained(tensor.node, tensor.index)
    tensor.node, tensor.index = node, index
    if node is not None:
        tensor.flag = False
        if tensor.retained:
            hooks.retain(node, index, tensor)


def without_region(g: Tensor, chain: tuple[Any, ...]) -> Tensor:
    """``g`` with zeros where ``chain`` looks."""
    rest = g.clone()
    replay(chain, rest).zero_()
    return rest


def _replaced(point: Point, g: Tensor) -> Tensor:
    return without_region(g, point.params[0])


def _replacement(point: Point, g: Tensor) -> Tensor:
    return replay(point.params[0], g)


define(
    "copy_slices",
    "CopySlices",
    lambda xp, base, written, chain: base,
    _replaced,
    _replacement,
    jvp=linear,
)
