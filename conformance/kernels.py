"""NumPy kernels of the operation table, generic over leading batch axes.

Every kernel takes its arrays, then the number of *core* axes of each: the axes that the operation
is about. Axes before those are batch axes, which broadcast between operands, so that one kernel
computes values, a whole Jacobian's tangents, and perturbed runs alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Arrays: TypeAlias = Sequence[Array]
Ranks: TypeAlias = Sequence[int]
Kernel: TypeAlias = Callable[..., Array]

_reduce: Kernel = np.add.reduce


def lift(x: Array, rank: int, to: int) -> Array:
    """``x`` with size-one axes between batch and core, so that it has ``to`` core axes."""
    if rank == to:
        return x
    cut = x.ndim - rank
    return x.reshape(x.shape[:cut] + (1,) * (to - rank) + x.shape[cut:])


def lifted(xs: Arrays, ranks: Ranks) -> list[Array]:
    """All arrays lifted to the largest rank among them, ready to broadcast."""
    if len(ranks) == 2 and ranks[0] == ranks[1]:
        return list(xs)
    to = max(ranks)
    return [lift(x, rank, to) for x, rank in zip(xs, ranks, strict=True)]


def same_batch(xs: Arrays, ranks: Ranks) -> list[Array]:
    """All arrays broadcast to their common batch axes, cores untouched."""
    batches = [x.shape[: x.ndim - rank] for x, rank in zip(xs, ranks, strict=True)]
    if all(batch == batches[0] for batch in batches):
        return list(xs)
    batch = np.broadcast_shapes(*batches)
    return [
        np.broadcast_to(x, batch + x.shape[x.ndim - rank :])
        for x, rank in zip(xs, ranks, strict=True)
    ]


def from_end(axis: int, rank: int) -> int:
    """The axis counted from the end, which batch axes in front leave alone."""
    return axis - rank if axis >= 0 else axis


def all_axes(rank: int) -> tuple[int, ...]:
    """Every core axis, counted from the end."""
    return tuple(range(-rank, 0))


def reduced_axes(dim: int | tuple[int, ...] | None, rank: int) -> tuple[int, ...]:
    """The core axes that a reduction's ``dim`` names, counted from the end."""
    if dim is None:
        return all_axes(rank)
    if rank == 0:
        return ()
    dims = (dim,) if isinstance(dim, int) else dim
    return tuple(from_end(axis, rank) for axis in dims)


def add(xs: Arrays, ranks: Ranks) -> Array:
    a, b = xs if ranks[0] == ranks[1] else lifted(xs, ranks)
    return np.add(a, b)


def subtract(xs: Arrays, ranks: Ranks) -> Array:
    a, b = xs if ranks[0] == ranks[1] else lifted(xs, ranks)
    return np.subtract(a, b)


def multiply(xs: Arrays, ranks: Ranks) -> Array:
    a, b = xs if ranks[0] == ranks[1] else lifted(xs, ranks)
    return np.multiply(a, b)


def identity(xs: Arrays, ranks: Ranks, *_: Any) -> Array:
    return xs[0]


def negate(xs: Arrays, ranks: Ranks, *_: Any) -> Array:
    return np.negative(xs[0])


def scale(xs: Arrays, ranks: Ranks, number: float) -> Array:
    return xs[0] * number


def scale_magnitude(xs: Arrays, ranks: Ranks, number: float) -> Array:
    return xs[0] * abs(number)


def divide_by(xs: Arrays, ranks: Ranks, number: float) -> Array:
    return xs[0] / number


def divide_by_magnitude(xs: Arrays, ranks: Ranks, number: float) -> Array:
    return xs[0] / abs(number)


def total(
    xs: Arrays, ranks: Ranks, dim: int | tuple[int, ...] | None = None, keepdim: bool = False
) -> Array:
    return _reduce(xs[0], axis=reduced_axes(dim, ranks[0]), keepdims=keepdim)


def average(
    xs: Arrays, ranks: Ranks, dim: int | tuple[int, ...] | None = None, keepdim: bool = False
) -> Array:
    axes = reduced_axes(dim, ranks[0])
    count = int(np.prod([xs[0].shape[axis] for axis in axes], dtype=int))
    return _reduce(xs[0], axis=axes, keepdims=keepdim) / (count or np.nan)


def cumulate(xs: Arrays, ranks: Ranks, dim: int) -> Array:
    return np.cumsum(xs[0], axis=from_end(dim, ranks[0])) if ranks[0] else xs[0]


def matmul(xs: Arrays, ranks: Ranks) -> Array:
    """Products of vectors, matrices and stacks of matrices, with the stacks broadcast."""
    a, b = xs
    left, right = ranks
    if left == 1 and right == 1:
        return _reduce(a * b, axis=-1)
    if right == 1:
        return np.matmul(lift(a, left, left), lift(b[..., None], 2, left))[..., 0]
    if left == 1:
        return np.matmul(lift(a[..., None, :], 2, right), b)[..., 0, :]
    to = max(left, right)
    return np.matmul(lift(a, left, to), lift(b, right, to))


def transpose(xs: Arrays, ranks: Ranks, dim0: int, dim1: int) -> Array:
    return np.swapaxes(xs[0], from_end(dim0, ranks[0]), from_end(dim1, ranks[0]))


def permute(xs: Arrays, ranks: Ranks, dims: tuple[int, ...]) -> Array:
    x, rank = xs[0], ranks[0]
    batch = x.ndim - rank
    return x.transpose(*range(batch), *(batch + dim % rank for dim in dims))


def reshape(xs: Arrays, ranks: Ranks, shape: tuple[int, ...]) -> Array:
    x, rank = xs[0], ranks[0]
    return x.reshape(x.shape[: x.ndim - rank] + shape)


def expand(xs: Arrays, ranks: Ranks, shape: tuple[int, ...]) -> Array:
    x = lift(xs[0], ranks[0], len(shape))
    return np.broadcast_to(x, x.shape[: x.ndim - len(shape)] + shape)


def unsqueeze(xs: Arrays, ranks: Ranks, dim: int) -> Array:
    return np.expand_dims(xs[0], from_end(dim, ranks[0] + 1))


def squeeze(xs: Arrays, ranks: Ranks, dim: int) -> Array:
    x, axis = xs[0], from_end(dim, ranks[0])
    return x.squeeze(axis) if x.shape[axis] == 1 else x


def where(xs: Arrays, ranks: Ranks, mask: Any) -> Array:
    chosen = np.asarray(mask, dtype=bool)
    a, b = lifted(xs, ranks)
    return np.where(chosen, a, b)


def concatenate(xs: Arrays, ranks: Ranks, dim: int) -> Array:
    return np.concatenate(same_batch(xs, ranks), axis=from_end(dim, ranks[0]))


def stack(xs: Arrays, ranks: Ranks, dim: int) -> Array:
    return np.stack(same_batch(xs, ranks), axis=from_end(dim, ranks[0] + 1))
