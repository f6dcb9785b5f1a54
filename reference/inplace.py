"""Writing into a tensor that exists: the out-of-place result, stored, versioned and recorded.

An in-place operation is its out-of-place twin followed by a write; the target then takes the twin's
history. An operand that the write would destroy is copied first if its value will be needed.
https://docs.pytorch.org/docs/stable/notes/autograd.html#in-place-operations-with-autograd
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import (
    arrays,
    dispatch,
    elementwise,
    forward_ad,
    graph,
    modes,
    tensors,
    views,
)
from .errors import InPlaceError, InPlaceOnLeafError
from .rules import RULES, define, linear

if TYPE_CHECKING:
    from .tensors import Tensor

define(
    "copy",
    "CopyBackwards",
    lambda xp, a, source: _stored(xp, a, source),
    lambda s, g: dispatch.zeros_like(g),
    lambda s, g: g,
    jvp=linear,
)


def _stored(xp: Any, a: Any, source: Any) -> Any:
    out = xp.empty(a.shape, dtype=a.dtype)
    out[...] = source
    return out


def write(target: Tensor, key: str, others: tuple[Tensor, ...], *params: Any) -> Tensor:
    """Overwrite ``target`` with the operation ``key`` of itself and ``others``.

    Raises:
        InPlaceOnLeafError: the target is a tracked leaf, or a view of one, and recording is on.
        InPlaceError: the result does not fit the target's shape or dtype, or the target's
            elements share memory.
    """
    check_target(target)
    operands = (target, *others)
    if will_record(operands):
        operands = tuple(
            preserved(operand, target, letter, key)
            for letter, operand in zip("abc", operands, strict=False)
        )
    result = dispatch.apply(key, operands, *params)
    check_fits(target.array.shape, result.array.shape)
    check_castable(target, result)
    result = elementwise.cast(result, target.array.dtype)
    store(target, result)
    return target


def store(target: Tensor, result: Tensor) -> None:
    """Put the values, the history and the tangent of ``result`` into ``target``."""
    tangent = forward_ad.tangent_of(result)
    target.array[...] = result.array
    bump(target)
    if modes.is_grad_enabled() and result.node is not None:
        views.rebase(target, result)
    if forward_ad.level() is not None:
        forward_ad.write(target, tangent)


def bump(target: Tensor) -> None:
    """Note a modification of the memory, for everything that shares it."""
    target.version.count += 1


def preserved(operand: Tensor, target: Tensor, letter: str, key: str) -> Tensor:
    """``operand``, or a copy of its present value where the write destroys what a node needs."""
    if operand.version is not target.version:
        return operand
    if not any(letter in used for used in RULES[key].uses):
        return operand
    return snapshot(operand)


def will_record(operands: tuple[Tensor, ...]) -> bool:
    """Whether values matter after the write: for a graph or for a tangent."""
    if forward_ad.level() is not None:
        return True
    return modes.is_grad_enabled() and any(operand.requires_grad for operand in operands)


def snapshot(tensor: Tensor) -> Tensor:
    """The present value in memory of its own, with the history and tangent of ``tensor``."""
    copy = tensors.Tensor(tensor.array.copy())
    edge = graph.edge_to(tensor)
    if edge is not None:
        copy.node, copy.index = edge
    tangent = forward_ad.tangent_of(tensor)
    if tangent is not None:
        forward_ad.attach(copy, tangent)
    return copy


def check_target(target: Tensor) -> None:
    """Refuse to overwrite a tracked leaf while recording, and memory that overlaps itself."""
    if modes.is_grad_enabled():
        base = target if target.view_of is None else target.view_of.base
        if target.requires_grad and target.is_leaf:
            raise InPlaceOnLeafError(
                "a leaf Variable that requires grad is being used in an in-place operation; "
                "do it under no_grad(), or use the out-of-place operation"
            )
        if base.sealed:
            raise InPlaceError(
                "this tensor is an argument, or a view of one, that a custom Function returned; "
                "it cannot be modified in place: clone() it, or return a clone from forward"
            )
        if base.flag:
            raise InPlaceOnLeafError(
                "a view of a leaf Variable that requires grad is being used in an in-place "
                "operation; do it under no_grad(), or use the out-of-place operation"
            )
    if arrays.overlaps_itself(target.array):
        raise InPlaceError(
            "unsupported operation: several elements of the written-to tensor refer to a single "
            "memory location; clone() the tensor before the operation"
        )


def check_fits(target: tuple[int, ...], result: tuple[int, ...]) -> None:
    """Refuse a result that would make the target larger or does not broadcast into it."""
    added = len(target) - len(result)
    if added < 0 or any(
        size not in (1, wanted) for size, wanted in zip(result, target[added:], strict=True)
    ):
        raise InPlaceError(
            f"output with shape {target} doesn't match the broadcast shape of {result}; "
            "only the operand broadcasts in an in-place operation"
        )


def check_castable(target: Tensor, result: Tensor) -> None:
    """Refuse to store floats into integers, and numbers into booleans."""
    rank = "bif".index
    if rank(result.array.dtype.kind) > rank(target.array.dtype.kind):
        raise InPlaceError(
            f"result type {result.dtype} can't be cast to the desired output type {target.dtype}; "
            "convert the target with to() first"
        )


def _other(target: Tensor, other: Any) -> tuple[Tensor, ...]:
    return (dispatch.as_operand(other, target),)


def add_(x: Tensor, other: Any) -> Tensor:
    """``x += other``."""
    return write(x, "add", _other(x, other))


def sub_(x: Tensor, other: Any) -> Tensor:
    """``x -= other``."""
    return write(x, "sub", _other(x, other))


def mul_(x: Tensor, other: Any) -> Tensor:
    """``x *= other``."""
    return write(x, "mul", _other(x, other))


def div_(x: Tensor, other: Any) -> Tensor:
    """``x /= other``."""
    return write(x, "div", _other(x, other))


def pow_(x: Tensor, exponent: Any) -> Tensor:
    """``x **= exponent``."""
    if isinstance(exponent, bool | int | float):
        return write(x, "powi", (), exponent)
    return write(x, "pow", (exponent,))


def neg_(x: Tensor) -> Tensor:
    """``x = -x``."""
    return write(x, "neg", ())


def exp_(x: Tensor) -> Tensor:
    """``x = exp(x)``."""
    return write(x, "exp", ())


def relu_(x: Tensor) -> Tensor:
    """``x = relu(x)``."""
    return write(x, "relu", ())


def sigmoid_(x: Tensor) -> Tensor:
    """``x = sigmoid(x)``."""
    return write(x, "sigmoid", ())


def tanh_(x: Tensor) -> Tensor:
    """``x = tanh(x)``."""
    return write(x, "tanh", ())


def fill_(x: Tensor, value: Any) -> Tensor:
    """Every element becomes ``value``; expanded memory is permitted, all its elements agree."""
    if isinstance(value, tensors.Tensor):
        return copy_(x, value)
    if arrays.overlaps_itself(x.array) and not x.requires_grad:
        x.array[...] = value
        bump(x)
        return x
    return copy_(x, dispatch.constant(value, x))


def zero_(x: Tensor) -> Tensor:
    """Every element becomes zero."""
    return fill_(x, 0)


def copy_(x: Tensor, source: Tensor) -> Tensor:
    """The values of ``source``, cast and broadcast to the type and shape of ``x``.

    Raises:
        InPlaceError: ``source`` does not broadcast to the shape of ``x``.
    """
    if not isinstance(source, tensors.Tensor):
        raise TypeError(f"copy_ takes a tensor, not {type(source).__name__}")
    check_fits(x.array.shape, source.array.shape)
    return write(x, "copy", (source,))
