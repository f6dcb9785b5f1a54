"""Hooks: functions that see, and may replace, the gradient of one tensor.

A hook on an intermediate belongs to a place in the graph, a hook on a leaf to the leaf.
https://docs.pytorch.org/docs/stable/notes/autograd.html#backward-hooks-execution
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import graph, tensors
from .errors import HookResultError, LeafStateError, UntrackedInputError

if TYPE_CHECKING:
    from .graph import Node
    from .tensors import Tensor

_keys = itertools.count()


class RemovableHandle:
    """The registration of one hook; as a context manager it removes the hook on exit."""

    __slots__ = ("_key", "_registry")

    def __init__(self, registry: dict[int, Any], key: int) -> None:
        self._registry = registry
        self._key = key

    def remove(self) -> None:
        """Remove the hook; doing so again is harmless."""
        self._registry.pop(self._key, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def register(tensor: Tensor, hook: graph.Hook) -> RemovableHandle:
    """Let ``hook`` see the gradient of ``tensor`` in every later pass that reaches it.

    Raises:
        UntrackedInputError: the tensor is not tracked.
    """
    if not tensor.requires_grad:
        raise UntrackedInputError(
            "cannot register a hook on a tensor that doesn't require gradient; "
            "call requires_grad_() first"
        )
    if tensor.node is None:
        if tensor.hooks is None:
            tensor.hooks = {}
        return add(tensor.hooks, hook)
    if tensor.node.hooks is None:
        tensor.node.hooks = {}
    return add(tensor.node.hooks.setdefault(tensor.index, {}), hook)


def register_post_accumulate(tensor: Tensor, hook: Callable[[Tensor], None]) -> RemovableHandle:
    """Let ``hook`` run after each accumulation into the leaf ``tensor``.

    Raises:
        LeafStateError: the tensor is an intermediate.
        UntrackedInputError: the tensor is not tracked.
    """
    if not tensor.requires_grad:
        raise UntrackedInputError(
            "cannot register a hook on a tensor that doesn't require gradient; "
            "call requires_grad_() first"
        )
    if tensor.node is not None:
        raise LeafStateError(
            "post accumulate grad hooks cannot be registered on non-leaf tensors; "
            "use register_hook()"
        )
    if tensor.post_hooks is None:
        tensor.post_hooks = {}
    return add(tensor.post_hooks, hook)


def add(registry: dict[int, Any], hook: Callable[..., Any]) -> RemovableHandle:
    """Put ``hook`` behind those already registered."""
    key = next(_keys)
    registry[key] = hook
    return RemovableHandle(registry, key)


def run(registry: dict[int, graph.Hook], gradient: Tensor) -> Tensor:
    """The gradient after every hook, each given what the one before it left."""
    for hook in list(registry.values()):
        replacement = hook(gradient)
        if replacement is not None:
            check_replacement(replacement, gradient)
            gradient = replacement
    return gradient


def check_replacement(replacement: Any, gradient: Tensor) -> None:
    """Refuse what a hook returned unless it can stand for ``gradient``."""
    if not isinstance(replacement, tensors.Tensor):
        raise TypeError(f"a hook must return a tensor or None, not {type(replacement).__name__}")
    for what in ("shape", "dtype", "device"):
        if getattr(replacement, what) != getattr(gradient, what):
            raise HookResultError(
                f"a hook changed the {what} of a gradient from {getattr(gradient, what)} to "
                f"{getattr(replacement, what)}; return a gradient of the same {what}"
            )


def hooks_of(node: Node, index: int) -> dict[int, graph.Hook] | None:
    """The hooks that see the gradient of output ``index`` of ``node``."""
    if type(node) is graph.AccumulateGrad:
        return node.variable.hooks
    return None if node.hooks is None else node.hooks.get(index)


def retain(node: Node, index: int, tensor: Tensor) -> None:
    """Note that the gradient of this output is to be kept in ``tensor.grad``."""
    if node.retainers is None:
        node.retainers = {}
    node.retainers[index] = weakref.ref(tensor)


def forget_retained(node: Node, index: int) -> None:
    """Undo ``retain``."""
    if node.retainers is not None:
        node.retainers.pop(index, None)


def retainer(node: Node, index: int) -> Tensor | None:
    """The living tensor that keeps the gradient of this output, if there is one."""
    if node.retainers is None or index not in node.retainers:
        return None
    return node.retainers[index]()
