"""The same elements in another shape: views where memory allows, copies elsewhere.

https://docs.pytorch.org/docs/stable/tensor_view.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import arrays, dimensions, dispatch, functions
from .errors import ShapeError
from .rules import define, linear

if TYPE_CHECKING:
    from .tensors import Tensor


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


for _key, _node in (("view", "ViewBackward0"), ("reshape_copy", "UnsafeViewBackward0")):
    define(
        _key,
        _node,
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


def _unsqueeze_all(g: Tensor, dims: tuple[int, ...]) -> Tensor:
    for dim in dims:
        g = dispatch.apply_view("unsqueeze", g, dim)
    return g


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
    wanted = _resolved(x, dimensions.numbers(shape))
    if _is_viewable(x, wanted):
        return dispatch.apply_view("view", x, wanted, x.array.shape)
    return dispatch.apply("reshape_copy", (x,), wanted, x.array.shape)


def view(x: Tensor, *shape: Any) -> Tensor:
    """``x`` in another shape, sharing its memory.

    Raises:
        ShapeError: the strides do not allow it.
    """
    wanted = _resolved(x, dimensions.numbers(shape))
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
    first, last = dimensions.axis(start_dim, len(shape)), dimensions.axis(end_dim, len(shape))
    if first >= last:
        return x
    size = 1
    for length in shape[first : last + 1]:
        size *= length
    return reshape(x, (*shape[:first], size, *shape[last + 1 :]))


def expand(x: Tensor, *shape: Any) -> Tensor:
    """A view in which dimensions of size one are repeated; -1 keeps a size."""
    wanted = dimensions.numbers(shape)
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
    return dispatch.apply_view("unsqueeze", x, dimensions.axis(dim, x.array.ndim + 1))


def squeeze(x: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """A view without those of the dimensions (default: all) that have size one."""
    shape = x.array.shape
    if dim is None:
        wanted: Sequence[int] = range(len(shape))
    else:
        wanted = [dimensions.axis(d, len(shape)) for d in ([dim] if isinstance(dim, int) else dim)]
    return dispatch.apply_view(
        "squeeze", x, tuple(d for d in sorted(wanted) if shape and shape[d] == 1)
    )


def contiguous(x: Tensor) -> Tensor:
    """``x`` itself where its memory is in order, otherwise a copy that is."""
    return x if x.array.flags.c_contiguous else functions.clone(x)
