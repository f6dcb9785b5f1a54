"""Operations that rearrange elements: views where memory allows, and joins.

https://docs.pytorch.org/docs/stable/tensor_view.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import arrays, dispatch, functions
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


def sizes_of(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape given as separate numbers or as one sequence."""
    if len(shape) == 1 and not isinstance(shape[0], int | np.integer):
        shape = tuple(shape[0])
    return tuple(int(size) for size in shape)


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes ``dims``."""
    order = [0] * len(dims)
    for place, dim in enumerate(dims):
        order[dim] = place
    return tuple(order)


def _expand(xp: Any, a: Any, shape: tuple[int, ...]) -> Any:
    added = len(shape) - a.ndim
    strides = [0] * added + [
        0 if size != wanted else step
        for size, wanted, step in zip(a.shape, shape[added:], a.strides, strict=True)
    ]
    return xp.lib.stride_tricks.as_strided(a, shape, tuple(strides))


def _filled(xp: Any, a: Any, shape: tuple[int, ...]) -> Any:
    out = xp.empty(shape, dtype=a.dtype)
    out[...] = a
    return out


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
    "view",
    "ViewBackward0",
    lambda xp, a, shape, old: a.reshape(shape),
    lambda s, g: reshape(g, s.params[1]),
    jvp=linear,
)
define(
    "reshape_copy",
    "UnsafeViewBackward0",
    lambda xp, a, shape, old: a.reshape(shape),
    lambda s, g: reshape(g, s.params[1]),
    jvp=linear,
)
define(
    "unsqueeze",
    "UnsqueezeBackward0",
    lambda xp, a, dim: a[(*(slice(None),) * dim, None, ...)],
    lambda s, g: dispatch.apply_view("squeeze", g, (s.params[0],)),
    jvp=linear,
)
define(
    "squeeze",
    "SqueezeBackward0",
    lambda xp, a, dims: xp.squeeze(a, dims),
    lambda s, g: _unsqueeze_all(g, s.params[0]),
    jvp=linear,
)
define("expand", "ExpandBackward0", _expand, lambda s, g: g, jvp=linear)
define("broadcast_to", "BroadcastToBackward0", _filled, lambda s, g: g, jvp=linear)
define(
    "flip",
    "FlipBackward0",
    lambda xp, a, dims: xp.flip(a, dims).copy(),
    lambda s, g: dispatch.apply("flip", (g,), *s.params),
    jvp=linear,
)


def _unsqueeze_all(g: Tensor, dims: tuple[int, ...]) -> Tensor:
    for dim in dims:
        g = dispatch.apply_view("unsqueeze", g, dim)
    return g


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
    order = tuple(axis(dim, x.array.ndim) for dim in sizes_of(dims))
    if sorted(order) != list(range(x.array.ndim)):
        raise ShapeError(f"permute needs each of the {x.array.ndim} dimensions once, not {dims}")
    return dispatch.apply_view("permute", x, order)


def _resolved(x: Tensor, shape: tuple[int, ...]) -> tuple[int, ...]:
    """``shape`` with its -1 worked out."""
    count = x.array.size
    known = 1
    for size in shape:
        known *= size if size != -1 else 1
    if shape.count(-1) == 1 and known > 0 and count % known == 0:
        return tuple(count // known if size == -1 else size for size in shape)
    if -1 in shape or known != count:
        raise ShapeError(f"shape {shape} is invalid for input of size {count}")
    return shape


def reshape(x: Tensor, *shape: Any) -> Tensor:
    """``x`` in another shape: a view where memory allows, otherwise a copy."""
    wanted = _resolved(x, sizes_of(shape))
    if _is_viewable(x, wanted):
        return dispatch.apply_view("view", x, wanted, x.array.shape)
    return dispatch.apply("reshape_copy", (x,), wanted, x.array.shape)


def view(x: Tensor, *shape: Any) -> Tensor:
    """``x`` in another shape, sharing its memory.

    Raises:
        ShapeError: the strides do not allow it.
    """
    wanted = _resolved(x, sizes_of(shape))
    if not _is_viewable(x, wanted):
        raise ShapeError(
            f"view size {wanted} is not compatible with the strides of a tensor of shape "
            f"{x.array.shape}; use reshape()"
        )
    return dispatch.apply_view("view", x, wanted, x.array.shape)


def _is_viewable(x: Tensor, shape: tuple[int, ...]) -> bool:
    if x.array.flags.c_contiguous:
        return True
    return arrays.shares_memory(arrays.namespace(x.array), x.array, x.array.reshape(shape))


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """``x`` with the dimensions from ``start_dim`` to ``end_dim`` made one."""
    shape = x.array.shape
    if not shape:
        return reshape(x, 1)
    first, last = axis(start_dim, len(shape)), axis(end_dim, len(shape))
    if first >= last:
        return x
    size = 1
    for length in shape[first : last + 1]:
        size *= length
    return reshape(x, (*shape[:first], size, *shape[last + 1 :]))


def expand(x: Tensor, *shape: Any) -> Tensor:
    """A view in which dimensions of size one are repeated; -1 keeps a size."""
    wanted = sizes_of(shape)
    old = x.array.shape
    added = len(wanted) - len(old)
    if added < 0 or -1 in wanted[:added]:
        raise ShapeError(f"cannot expand a tensor of shape {old} to {wanted}")
    full = tuple(old[place - added] if size == -1 else size for place, size in enumerate(wanted))
    if any(size not in (1, new) for size, new in zip(old, full[added:], strict=True)):
        raise ShapeError(
            f"the expanded size {full} must match the existing size {old} "
            "in every dimension whose size is not one"
        )
    return dispatch.apply_view("expand", x, full)


def broadcast_to(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """``x`` repeated to ``shape`` in memory of its own."""
    return dispatch.apply("broadcast_to", (x,), shape)


def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """A view with a dimension of size one at ``dim``."""
    return dispatch.apply_view("unsqueeze", x, axis(dim, x.array.ndim + 1))


def squeeze(x: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """A view without those of the dimensions (default: all) that have size one."""
    shape = x.array.shape
    if dim is None:
        wanted: Sequence[int] = range(len(shape))
    else:
        wanted = [axis(d, len(shape)) for d in ([dim] if isinstance(dim, int) else dim)]
    return dispatch.apply_view(
        "squeeze", x, tuple(d for d in sorted(wanted) if shape and shape[d] == 1)
    )


def flip(x: Tensor, dims: int | Sequence[int]) -> Tensor:
    """A copy with the order along ``dims`` reversed."""
    given = [dims] if isinstance(dims, int) else dims
    return dispatch.apply("flip", (x,), tuple(axis(dim, x.array.ndim) for dim in given))


def contiguous(x: Tensor) -> Tensor:
    """``x`` itself where its memory is in order, otherwise a copy that is."""
    return x if x.array.flags.c_contiguous else functions.clone(x)


def to_device(x: Tensor, device: str) -> Tensor:
    """``x`` on ``device``; itself where it lives there already."""
    if arrays.device_of(x.array).type == device.partition(":")[0]:
        return x
    return dispatch.apply("to_device", (x,), device, arrays.device_of(x.array))


define(
    "to_device",
    "ToCopyBackward0",
    lambda xp, a, device, origin: arrays.from_data(a, None, device),
    lambda s, g: to_device(g, s.params[1]),
)
