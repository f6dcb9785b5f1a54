"""Programs in bulk: drawn from a fixed stream of bytes, for counts and rates."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from conformance.draw import ByteSource, Draw, Scope
from conformance.ops import OPS
from conformance.program import Program
from conformance.strategies import Cotangents

EVERYTHING = frozenset(OPS)


def scope(dtype: str = "float64", ops: frozenset[str] = EVERYTHING) -> Scope:
    """A scope in which every operation and rank may be drawn."""
    return Scope(ops, 3, dtype)


def drawn(draw: Draw[Any], count: int, seed: int, dtype: str = "float64") -> Iterator[Any]:
    """``count`` values of the draw."""
    stream = Random(seed)
    for _ in range(count):
        yield draw.decode(ByteSource(stream.randbytes(draw.width)), scope(dtype))


def drawn_pairs(
    draw: Draw[Program], count: int, seed: int, dtype: str = "float64"
) -> Iterator[tuple[Program, Cotangents]]:
    """``count`` programs, each with numbers for a cotangent."""
    stream = Random(-seed)
    for program in drawn(draw, count, seed, dtype):
        yield program, Cotangents(stream.randbytes(12))
