"""NumPy kernels of writes in place: the target as it is afterwards, generic over batch axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance import index_kernels, kernels
from conformance.kernels import Array, Arrays, Kernel, Ranks

VIEWS: dict[str, Kernel] = {
    "transpose": kernels.transpose,
    "permute": kernels.permute,
    "expand": kernels.expand,
    "unsqueeze": kernels.unsqueeze,
    "squeeze": kernels.squeeze,
    "select": index_kernels.select,
    "unbind": index_kernels.unbind,
}


def _copied(xs: Arrays, ranks: Ranks) -> tuple[Array, int]:
    """A copy of the target for every batch of either operand, and how many batch axes it has."""
    target, value = xs
    core = target.shape[target.ndim - ranks[0] :]
    batch = np.broadcast_shapes(
        target.shape[: target.ndim - ranks[0]], value.shape[: value.ndim - ranks[1]]
    )
    return np.broadcast_to(target, batch + core).copy(), len(batch)


def put(xs: Arrays, ranks: Ranks, index: tuple[Any, ...]) -> Array:
    """``xs[0]`` with the indexed part replaced by ``xs[1]``, which broadcasts into it."""
    out, batch = _copied(xs, ranks)
    at = index_kernels.full_index(index, ranks[0])
    out[at] = kernels.lift(xs[1], ranks[1], out[at].ndim - batch)
    return out


def put_at(xs: Arrays, ranks: Ranks, positions: tuple[int, ...]) -> Array:
    """``xs[0]`` with the given positions of its first axis replaced by ``xs[1]``."""
    return put(xs, ranks, (list(positions),))


def replace(xs: Arrays, ranks: Ranks, path: tuple[tuple[str, tuple[Any, ...]], ...]) -> Array:
    """``xs[0]`` with the part that a path of view kernels reaches replaced by ``xs[1]``."""
    out, batch = _copied(xs, ranks)
    part, rank = out, ranks[0]
    for name, params in path:
        part = VIEWS[name]((part,), (rank,), *params)
        rank = part.ndim - batch
    part[...] = kernels.lift(xs[1], ranks[1], rank)
    return out


def overwrite(xs: Arrays, ranks: Ranks) -> Array:
    """``xs[1]`` broadcast to the shape of ``xs[0]``, whose own values no longer count."""
    return kernels.add((np.zeros_like(xs[0]), xs[1]), ranks)
