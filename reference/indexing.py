"""Reading and writing by index: slices are views, index arrays and masks copy.

https://docs.pytorch.org/docs/stable/tensor_view.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import arrays, dimensions, dispatch, dtypes, functions, inplace, shapes, tensors
from .errors import ShapeError
from .rules import define, linear

if TYPE_CHECKING:
    from .tensors import Tensor

Key = Any


def normalized(key: Any) -> tuple[tuple[Any, ...], bool]:
    """``key`` as a tuple of what arrays accept, and whether it selects a view."""
    parts = []
    is_view = True
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, tensors.Tensor):
            part = part.array
            part = int(part) if part.ndim == 0 and part.dtype.kind == "i" else part.copy()
        elif isinstance(part, list | range | np.ndarray | bool):
            part = np.asarray(part, dtype=None if np.size(part) else dtypes.DEFAULT_INT)
        if not (part is None or part is Ellipsis or isinstance(part, int | slice | np.integer)):
            if isinstance(part, float | str):
                raise TypeError(f"an index must be an integer, slice, None, ... or tensor: {part}")
            is_view = False
        parts.append(part)
    if is_view and not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    return tuple(parts), is_view


def _embed(xp: Any, g: Any, key: Key, shape: tuple[int, ...]) -> Any:
    out = xp.zeros(shape, dtype=g.dtype)
    out[key] = g
    return out


def _embed_sum(xp: Any, g: Any, key: Key, shape: tuple[int, ...]) -> Any:
    out = xp.zeros(shape, dtype=g.dtype)
    xp.add.at(out, key, g)
    return out


def _put(xp: Any, a: Any, value: Any, key: Key) -> Any:
    out = a.copy()
    out[key] = value
    return out


define(
    "slice",
    "SliceBackward0",
    lambda xp, a, key, shape: a[key],
    lambda s, g: dispatch.apply("embed", (g,), *s.params),
    jvp=linear,
)
define(
    "embed",
    "SliceBackwardBackward0",
    _embed,
    lambda s, g: dispatch.apply_view("slice", g, *s.params),
    jvp=linear,
)
define(
    "index",
    "IndexBackward0",
    lambda xp, a, key, shape: a[key],
    lambda s, g: dispatch.apply("embed_sum", (g,), *s.params),
    jvp=linear,
)
define(
    "embed_sum",
    "IndexPutBackward0",
    _embed_sum,
    lambda s, g: dispatch.apply("index", (g,), *s.params),
    jvp=linear,
)
define(
    "index_put",
    "IndexPutBackward1",
    _put,
    lambda s, g: dispatch.apply("index_put", (g, dispatch.constant(0, g)), *s.params),
    lambda s, g: dispatch.apply("index", (g,), s.params[0], g.shape),
    jvp=linear,
)


def getitem(x: Tensor, key: Any) -> Tensor:
    """``x[key]``: a view for integers, slices, None and ``...``; a copy for arrays and masks."""
    parts, is_view = normalized(key)
    if is_view:
        return dispatch.apply_view("slice", x, parts, x.array.shape)
    return dispatch.apply("index", (x,), on_device(x, parts), x.array.shape)


def on_device(x: Tensor, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """The key's arrays in the library of ``x``."""
    xp = arrays.namespace(x.array)
    return tuple(xp.asarray(p) if isinstance(p, np.ndarray) and xp is not np else p for p in parts)


def setitem(x: Tensor, key: Any, value: Any) -> None:
    """``x[key] = value``, recorded like any write in place."""
    source = dispatch.as_operand(value, x)
    parts, is_view = normalized(key)
    region = x.array[parts if is_view else on_device(x, parts)]
    while source.array.ndim > region.ndim and source.array.shape[0] == 1:
        source = select(source, 0, 0)
    inplace.check_fits(region.shape, source.array.shape)
    if is_view:
        inplace.copy_(getitem(x, key), source)
    else:
        inplace.write(x, "index_put", (source,), on_device(x, parts))


def narrow(x: Tensor, dim: int, start: int, stop: int) -> Tensor:
    """The view of positions ``start`` to ``stop`` along ``dim``."""
    return getitem(x, (*(slice(None),) * dim, slice(start, stop)))


def select(x: Tensor, dim: int, place: int) -> Tensor:
    """The view at one position along ``dim``, which disappears."""
    return getitem(x, (*(slice(None),) * dim, place))


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of ``x`` along ``dim`` at the positions ``index`` (1-D), as a copy."""
    check_index(index)
    if index.array.ndim > 1:
        raise ShapeError("index_select expects a vector of positions")
    along = dimensions.axis(dim, x.array.ndim)
    if x.array.ndim == 0:
        return functions.clone(x)
    return getitem(x, (*(slice(None),) * along, shapes.reshape(index, -1)))


def gather(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """For each place of ``index`` the element of ``x`` there, its position along ``dim`` replaced.

    Raises:
        ShapeError: ``index`` has another number of dimensions, or is larger elsewhere.
    """
    check_index(index)
    if index.array.ndim != x.array.ndim:
        raise ShapeError("gather needs an index with as many dimensions as its input")
    if x.array.ndim == 0:
        return functions.clone(x)
    along = dimensions.axis(dim, x.array.ndim)
    xp = arrays.namespace(x.array)
    places = list(xp.ogrid[tuple(slice(size) for size in index.array.shape)])
    if any(size > x.array.shape[d] for d, size in enumerate(index.array.shape) if d != along):
        raise ShapeError("gather needs an index no larger than its input outside of dim")
    places[along] = index.array.copy()
    return dispatch.apply("index", (x,), tuple(places), x.array.shape)


def check_index(index: Any) -> None:
    """Refuse positions that are not integers."""
    if not isinstance(index, tensors.Tensor) or index.array.dtype.kind != "i":
        raise TypeError("positions must be an integer tensor")
