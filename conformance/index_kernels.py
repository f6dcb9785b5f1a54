"""Kernels that pick parts of arrays, and kernels that put others in their place."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.kernels import (
    Array,
    Arrays,
    Kernel,
    Ranks,
    expand,
    from_end,
    lift,
    permute,
    squeeze,
    transpose,
    unsqueeze,
)


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


def put(xs: Arrays, ranks: Ranks, index: tuple[Any, ...]) -> Array:
    """``xs[0]`` with the indexed part replaced by ``xs[1]``, which broadcasts into it."""
    target, value = xs
    batch = np.broadcast_shapes(
        target.shape[: target.ndim - ranks[0]], value.shape[: value.ndim - ranks[1]]
    )
    out = np.broadcast_to(target, batch + target.shape[target.ndim - ranks[0] :]).copy()
    at = full_index(index, ranks[0])
    part = out[at]
    out[at] = lift(value, ranks[1], part.ndim - len(batch))
    return out


def put_at(xs: Arrays, ranks: Ranks, positions: tuple[int, ...]) -> Array:
    """``xs[0]`` with the given positions of its first axis replaced by ``xs[1]``."""
    return put(xs, ranks, (list(positions),))


def replace(xs: Arrays, ranks: Ranks, path: tuple[tuple[str, tuple[Any, ...]], ...]) -> Array:
    """``xs[0]`` with the part that a path of view kernels reaches replaced by ``xs[1]``."""
    target, value = xs
    batch = np.broadcast_shapes(
        target.shape[: target.ndim - ranks[0]], value.shape[: value.ndim - ranks[1]]
    )
    out = np.broadcast_to(target, batch + target.shape[target.ndim - ranks[0] :]).copy()
    part, rank = out, ranks[0]
    for name, params in path:
        part = VIEWS[name]((part,), (rank,), *params)
        rank = part.ndim - len(batch)
    part[...] = lift(value, ranks[1], rank)
    return out


VIEWS: dict[str, Kernel] = {
    "transpose": transpose,
    "permute": permute,
    "expand": expand,
    "unsqueeze": unsqueeze,
    "squeeze": squeeze,
    "select": select,
    "unbind": unbind,
}
