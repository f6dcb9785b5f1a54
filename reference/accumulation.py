"""Adding gradients up: inside a pass without side effects, at its end into ``grad``.

https://docs.pytorch.org/docs/stable/notes/autograd.html#default-gradient-layouts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import elementwise, functions, modes, reductions
from .errors import GradientMismatchError

if TYPE_CHECKING:
    from .graph import Edge
    from .tensors import Tensor


def combine(a: Tensor, b: Tensor) -> Tensor:
    """The sum of two contributions to one value."""
    return functions.add(a, b)


def conform(contribution: Tensor, edge: Edge) -> Tensor:
    """A contribution in the shape and type of the value it belongs to."""
    node, index = edge
    shape, dtype, _ = node.outputs[index]
    if contribution.array.shape != shape:
        contribution = unbroadcast(contribution, shape)
    if contribution.array.dtype != dtype:
        contribution = elementwise.cast(contribution, dtype)
    return contribution


def unbroadcast(gradient: Tensor, shape: tuple[int, ...]) -> Tensor:
    """``gradient`` summed over the dimensions along which ``shape`` was broadcast.

    Raises:
        GradientMismatchError: ``shape`` does not broadcast to the gradient's shape.
    """
    given = gradient.array.shape
    added = len(given) - len(shape)
    if added < 0 or any(
        size not in (1, wide) for size, wide in zip(shape, given[added:], strict=True)
    ):
        raise GradientMismatchError(
            f"got a gradient of shape {given} for a tensor of shape {shape}; "
            "return a gradient of the tensor's own shape"
        )
    stretched = [added + d for d, size in enumerate(shape) if size == 1 and given[added + d] != 1]
    if stretched:
        gradient = reductions.sum(gradient, stretched, True)
    if added:
        gradient = reductions.sum(gradient, range(added))
    return gradient


def arrive(leaf: Tensor, gradient: Tensor) -> None:
    """A pass reached a leaf: accumulate, then tell those who wait for it."""
    if not leaf.flag:
        return
    accumulate(leaf, gradient)
    if leaf.post_hooks:
        for hook in list(leaf.post_hooks.values()):
            hook(leaf)


def accumulate(leaf: Tensor, gradient: Tensor) -> None:
    """Add to ``leaf.grad``: into the tensor that is there, unless a graph is being built."""
    held = leaf.gradient
    if held is None:
        leaf.gradient = functions.clone(gradient)
    elif modes.is_grad_enabled():
        leaf.gradient = combine(held, gradient)
    else:
        held.add_(gradient)


def keep(tensor: Tensor, gradient: Tensor) -> None:
    """Add to the ``grad`` of an intermediate that retains it."""
    held = tensor.gradient
    tensor.gradient = functions.clone(gradient) if held is None else combine(held, gradient)
