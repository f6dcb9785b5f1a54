"""Which shapes go together as operands of an operation."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import prod

import numpy as np

from conformance.moves import BROADCASTING

Shape = tuple[int, ...]


@lru_cache(maxsize=65536)
def partners(op: str, shapes: tuple[Shape, ...], first: int) -> tuple[int, ...] | None:
    """The positions that fit as second operand, latest first; None for one-operand operations."""
    a = shapes[first]
    fits = fits_second(op)
    if fits is None:
        return None
    return tuple(i for i in reversed(range(len(shapes))) if fits(a, shapes[i]))


def fits_second(op: str) -> Callable[[Shape, Shape], bool] | None:
    """Whether a shape fits as second operand beside a first; None for one-operand operations."""
    return _FITS.get(op)


def _broadcasts(a: Shape, b: Shape) -> bool:
    pairs = zip(reversed(a), reversed(b), strict=False)
    return all(x == y or 1 in (x, y) for x, y in pairs) and _grown(a, b) <= 24


def _grown(a: Shape, b: Shape) -> int:
    return prod(np.broadcast_shapes(a, b))


def _multiplies(a: Shape, b: Shape) -> bool:
    if not a or not b:
        return False
    if a[-1] != (b[-2] if len(b) > 1 else b[0]):
        return False
    return len(a) < 3 or len(b) < 3 or _broadcasts(a[:-2], b[:-2])


def _joins(a: Shape, b: Shape) -> bool:
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) <= 1


_FITS = {
    **dict.fromkeys(BROADCASTING, _broadcasts),
    "dot": lambda a, b: len(a) == 1 and a == b,
    "mv": lambda a, b: len(a) == 2 and len(b) == 1 and a[1] == b[0],
    "mm": lambda a, b: len(a) == 2 and len(b) == 2 and a[1] == b[0],
    "matmul": _multiplies,
    "concat": lambda a, b: bool(a) and _joins(a, b) and prod(a) + prod(b) <= 24,
    "stack": lambda a, b: a == b and prod(a) <= 12,
}
