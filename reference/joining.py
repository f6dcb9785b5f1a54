"""Operations that join tensors, and those that take them apart again.

https://docs.pytorch.org/docs/stable/generated/torch.cat.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import dimensions, dispatch, dtypes, indexing, shapes
from .errors import ShapeError
from .rules import define, linear

if TYPE_CHECKING:
    from .tensors import Tensor


def _cat_forward(xp: Any, *args: Any) -> Any:
    *parts, dim, _ = args
    first = parts[0].dtype
    if any(part.dtype != first for part in parts):
        wide = parts[0]
        for part in parts[1:]:
            wide = xp.empty((1,), dtype=dtypes.promote(wide, part))
        parts = [part.astype(wide.dtype) for part in parts]
    return xp.concatenate(parts, axis=dim)


def _cat_part(s: Any, g: Any, operand: int) -> Any:
    dim, offsets = s.params
    return indexing.narrow(g, dim, offsets[operand], offsets[operand + 1])


define("cat", "CatBackward0", _cat_forward, each=_cat_part, jvp=linear)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after the other along ``dim``."""
    if not tensors:
        raise ShapeError("cat expects a non-empty list of tensors")
    along = dimensions.axis(dim, tensors[0].array.ndim)
    offsets = [0]
    for part in tensors:
        rest = part.array.shape[:along] + part.array.shape[along + 1 :]
        if rest != tensors[0].array.shape[:along] + tensors[0].array.shape[along + 1 :]:
            raise ShapeError("cat needs equal sizes in every dimension but the one joined")
        if part.array.ndim == 0:
            raise ShapeError("zero-dimensional tensors cannot be concatenated; use stack()")
        offsets.append(offsets[-1] + part.array.shape[along])
    return dispatch.apply("cat", tuple(tensors), along, tuple(offsets))


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors joined along a new dimension."""
    if not tensors:
        raise ShapeError("stack expects a non-empty list of tensors")
    if any(part.array.shape != tensors[0].array.shape for part in tensors):
        raise ShapeError("stack expects each tensor to be equal size")
    return cat([shapes.unsqueeze(part, dim) for part in tensors], dim)


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along ``dim``, as views."""
    along = dimensions.axis(dim, x.array.ndim)
    if x.array.ndim == 0:
        raise ShapeError("unbind needs at least one dimension")
    return tuple(indexing.select(x, along, place) for place in range(x.array.shape[along]))


def split(x: Tensor, size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of ``size`` elements each along ``dim``, the last one perhaps smaller."""
    along = dimensions.axis(dim, x.array.ndim)
    length = x.array.shape[along]
    if isinstance(size, int):
        ends = [min(start + size, length) for start in range(0, max(length, 1), size)]
    else:
        ends = [sum(size[: place + 1]) for place in range(len(size))]
        if not ends or ends[-1] != length:
            raise ShapeError(f"split sizes must add up to {length}, not {size}")
    starts = [0, *ends[:-1]]
    return tuple(indexing.narrow(x, along, a, b) for a, b in zip(starts, ends, strict=True))
