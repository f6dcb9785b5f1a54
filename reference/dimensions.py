"""The order of dimensions, and of the elements along them.

https://docs.pytorch.org/docs/stable/tensor_view.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import dispatch
from .errors import ShapeError
from .rules import define, linear

if TYPE_CHECKING:
    from .tensors import Tensor


def axis(dim: int, ndim: int) -> int:
    """``dim`` counted from the front.

    Raises:
        IndexError: there is no such dimension.
    """
    size = max(ndim, 1)
    if not -size <= dim < size:
        raise IndexError(f"dimension out of range: {dim} is not in [{-size}, {size - 1}]")
    return dim % size


def numbers(given: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes or dimensions given one by one or as one sequence."""
    if len(given) == 1 and not isinstance(given[0], int | np.integer):
        given = tuple(given[0])
    return tuple(int(number) for number in given)


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes ``dims``."""
    order = [0] * len(dims)
    for place, dim in enumerate(dims):
        order[dim] = place
    return tuple(order)


define(
    "transpose",
    "TransposeBackward0",
    lambda xp, a, d0, d1: xp.swapaxes(a, d0, d1),
    lambda s, g: dispatch.apply_view("transpose", g, *s.params),
    jvp=linear,
)
define(
    "permute",
    "PermuteBackward0",
    lambda xp, a, dims: xp.transpose(a, dims),
    lambda s, g: dispatch.apply_view("permute", g, _inverse(s.params[0])),
    jvp=linear,
)
define(
    "flip",
    "FlipBackward0",
    lambda xp, a, dims: xp.flip(a, dims).copy(),
    lambda s, g: dispatch.apply("flip", (g,), *s.params),
    jvp=linear,
)


def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """``x`` with two dimensions exchanged."""
    if x.array.ndim == 0:
        return dispatch.apply_view("view", x, (), ())
    ndim = x.array.ndim
    return dispatch.apply_view("transpose", x, axis(dim0, ndim), axis(dim1, ndim))


def t(x: Tensor) -> Tensor:
    """The transpose of a matrix; vectors and scalars stay as they are."""
    if x.array.ndim > 2:
        raise ShapeError(f"t() expects at most 2 dimensions, not {x.array.ndim}; use permute()")
    return transpose(x, 0, x.array.ndim - 1)


def permute(x: Tensor, *dims: Any) -> Tensor:
    """``x`` with its dimensions in the order ``dims``."""
    order = tuple(axis(dim, x.array.ndim) for dim in numbers(dims))
    if sorted(order) != list(range(x.array.ndim)):
        raise ShapeError(f"permute needs each of the {x.array.ndim} dimensions once, not {dims}")
    return dispatch.apply_view("permute", x, order)


def flip(x: Tensor, dims: int | Sequence[int]) -> Tensor:
    """A copy with the order along ``dims`` reversed."""
    given = [dims] if isinstance(dims, int) else dims
    return dispatch.apply("flip", (x,), tuple(axis(dim, x.array.ndim) for dim in given))
