"""NumPy kernels that pick parts of arrays, generic over batch axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.kernels import Array, Arrays, Ranks, from_end


def full_index(index: tuple[Any, ...], rank: int) -> tuple[Any, ...]:
    """``index`` completed to every core axis and led by an ellipsis for the batch axes."""
    used = sum(item is not None for item in index)
    return (Ellipsis, *index, *(slice(None),) * (rank - used))


def select(xs: Arrays, ranks: Ranks, index: tuple[Any, ...]) -> Array:
    return xs[0][full_index(index, ranks[0])]


def take(xs: Arrays, ranks: Ranks, positions: tuple[int, ...]) -> Array:
    return np.take(xs[0], positions, axis=-ranks[0])


def index_select(xs: Arrays, ranks: Ranks, dim: int, positions: tuple[int, ...]) -> Array:
    return np.take(xs[0], positions, axis=from_end(dim, ranks[0]))


def gather(xs: Arrays, ranks: Ranks, dim: int, positions: Any) -> Array:
    x, rank = xs[0], ranks[0]
    where = np.asarray(positions, dtype=np.intp)
    core = [slice(0, size) for size in where.shape]
    axis = dim % rank
    grid: list[Any] = [
        where
        if at == axis
        else np.arange(where.shape[at]).reshape([-1 if k == at else 1 for k in range(rank)])
        for at in range(len(core))
    ]
    return x[(Ellipsis, *grid)]


def unbind(xs: Arrays, ranks: Ranks, dim: int, pick: int) -> Array:
    x = np.moveaxis(xs[0], from_end(dim, ranks[0]), -1)
    return x[..., pick]
