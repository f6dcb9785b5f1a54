"""Forward mode: tensors that carry a tangent while a dual level is open.

Only a tensor that owns its memory carries a tangent; a view's tangent is the same view of its
base's. So a write through either shows in both.
https://docs.pytorch.org/docs/stable/generated/torch.autograd.forward_ad.dual_level.html
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from . import dispatch, graph, shapes, tensors, views
from .errors import ForwardModeError

if TYPE_CHECKING:
    from .tensors import Tensor


class _Open(threading.local):
    level: dual_level | None = None


_open = _Open()


def level() -> dual_level | None:
    """The level that is open in this thread."""
    return _open.level


class dual_level:  # noqa: N801 - spelled like the function it stands for
    """The context in which tangents live; leaving it drops them all."""

    __slots__ = ()

    def __enter__(self) -> dual_level:
        if _open.level is not None:
            raise ForwardModeError("nested forward mode is not supported; close the open level")
        _open.level = self
        return self

    def __exit__(self, *exc: object) -> None:
        _open.level = None


class suspended:  # noqa: N801
    """The context in which tangents are computed: they carry no tangents themselves."""

    __slots__ = ("_level",)

    def __enter__(self) -> None:
        self._level = _open.level
        _open.level = None

    def __exit__(self, *exc: object) -> None:
        _open.level = self._level


class UnpackedDualTensor(NamedTuple):
    """A value without its tangent, and the tangent."""

    primal: Tensor
    tangent: Tensor | None


def make_dual(tensor: Tensor, tangent: Tensor) -> Tensor:
    """The value of ``tensor`` carrying ``tangent``, of the same shape and type.

    Raises:
        ForwardModeError: no level is open, or the tangent does not fit.
        ValueError: the tensor holds integers or booleans.
    """
    if _open.level is None:
        raise ForwardModeError("make_dual needs an open level: with forward_ad.dual_level():")
    if not isinstance(tensor, tensors.Tensor) or not isinstance(tangent, tensors.Tensor):
        raise TypeError("make_dual takes a tensor and its tangent, also a tensor")
    if not graph.fits(tensor.array.dtype):
        raise ValueError(f"a tensor of type {tensor.dtype} has no tangent; use a float type")
    if tangent.shape != tensor.shape or tangent.dtype != tensor.dtype:
        raise ForwardModeError(
            f"the tangent has shape {tangent.shape} and dtype {tangent.dtype}, the tensor "
            f"{tensor.shape} and {tensor.dtype}; they must be equal"
        )
    if tangent_of(tensor) is not None:
        raise ForwardModeError("the tensor already carries a tangent at this level")
    result = alias(tensor)
    attach(result, tangent)
    return result


def unpack_dual(tensor: Tensor) -> UnpackedDualTensor:
    """The value and the tangent of ``tensor``, None where it carries none."""
    tangent = tangent_of(tensor)
    return UnpackedDualTensor(tensor if tangent is None else alias(tensor), tangent)


def alias(tensor: Tensor) -> Tensor:
    """The same memory and history in a tensor of its own, without tangent."""
    with suspended():
        result = dispatch.apply("alias", (tensor,))
    result.version = tensor.version
    return result


def attach(tensor: Tensor, tangent: Tensor) -> None:
    """Let ``tensor``, not a view, carry ``tangent`` until the level closes."""
    tensor.tangent = (_open.level, tangent)


def tangent_of(tensor: Tensor) -> Tensor | None:
    """The tangent that ``tensor`` carries at the open level."""
    if _open.level is None:
        return None
    view = tensor.view_of
    if view is not None:
        below = tangent_of(view.base)
        if below is None:
            return None
        with suspended():
            return views.replay(view.chain, below)
    if tensor.tangent is None or tensor.tangent[0] is not _open.level:
        return None
    return tensor.tangent[1]


def write(target: Tensor, tangent: Tensor | None) -> None:
    """Replace the tangent of ``target`` after it was overwritten in place.

    Through a view this replaces one region of the base's tangent; None stands for zeros.
    """
    view = target.view_of
    if tangent is None:
        if tangent_of(target) is None:
            return
        tangent = dispatch.zeros_like(target)
    if view is None:
        attach(target, tangent)
        return
    whole = tangent_of(view.base)
    with suspended():
        renewed = dispatch.zeros_like(view.base) if whole is None else whole.clone()
        views.replay(view.chain, renewed).copy_(tangent)
    attach(view.base, renewed)


def conform(tangent: Tensor, result: Tensor) -> Tensor:
    """``tangent`` in the shape and type of ``result``."""
    if tangent.array.dtype != result.array.dtype:
        tangent = dispatch.apply("cast", (tangent,), result.array.dtype)
    if tangent.array.shape != result.array.shape:
        tangent = shapes.broadcast_to(tangent, result.array.shape)
    return tangent
