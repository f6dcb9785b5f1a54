"""How many bits the numbers of a program can need, so that exact programs stay exact.

A width bounds a value and every sum of path products from the leaves to it. As local derivatives
below one count as one, the bound on whole paths also covers every part of a path that a
backward pass may form first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import log2, prod
from typing import Any, NamedTuple

Shape = tuple[int, ...]


class Width(NamedTuple):
    """``|x| <= size`` and x is a multiple of 2**-grain; likewise ``path`` for path sums."""

    size: float
    grain: int
    path: float = 1.0
    path_grain: int = 0

    @property
    def bits(self) -> float:
        """The significant bits that the value or a path sum may need."""
        return max(
            log2(max(self.size, 1.0)) + self.grain, log2(max(self.path, 1.0)) + self.path_grain
        )


def grain_of(number: float) -> int:
    """The least g such that ``number`` is a multiple of 2**-g."""
    grain = 0
    while number != int(number):
        number, grain = number * 2, grain + 1
    return grain


def _join(a: Width, b: Width) -> Width:
    return Width(
        max(a.size, b.size),
        max(a.grain, b.grain),
        max(a.path, b.path),
        max(a.path_grain, b.path_grain),
    )


def _sum(a: Width, b: Width) -> Width:
    joined = _join(a, b)
    return joined._replace(size=a.size + b.size, path=a.path + b.path)


def _product(a: Width, b: Width) -> Width:
    return Width(
        a.size * b.size,
        a.grain + b.grain,
        a.path * max(1.0, b.size) + b.path * max(1.0, a.size),
        max(a.path_grain + b.grain, b.path_grain + a.grain),
    )


def _times(a: Width, count: int) -> Width:
    return a._replace(size=a.size * max(count, 1), path=a.path * max(count, 1))


def _scaled(a: Width, number: float) -> Width:
    grain = grain_of(number)
    return Width(
        a.size * abs(number),
        a.grain + grain,
        a.path * max(1.0, abs(number)),
        a.path_grain + grain,
    )


def _shifted(a: Width, number: float) -> Width:
    return a._replace(size=a.size + abs(number), grain=max(a.grain, grain_of(number)))


def _powered(a: Width, exponent: int) -> Width:
    result = a
    for _ in range(exponent - 1):
        result = _product(result, a)
    return result


def _averaged(a: Width, count: int) -> Width:
    grain = max(count, 1).bit_length() - 1
    return _times(a, count)._replace(grain=a.grain + grain, path_grain=a.path_grain + grain)


def _reduced(shape: Shape, dim: int | None = None) -> int:
    return prod(shape) if dim is None else (shape[dim] if shape else 1)


Rule = Callable[[tuple[Width, ...], tuple[Shape, ...], tuple[Any, ...]], Width]

_RULES: Mapping[str, Rule] = {
    "add": lambda w, s, p: _sum(w[0], w[1]),
    "sub": lambda w, s, p: _sum(w[0], w[1]),
    "mul": lambda w, s, p: _product(w[0], w[1]),
    "add_scalar": lambda w, s, p: _shifted(w[0], p[0]),
    "rsub_scalar": lambda w, s, p: _shifted(w[0], p[0]),
    "mul_scalar": lambda w, s, p: _scaled(w[0], p[0]),
    "div_scalar": lambda w, s, p: _scaled(w[0], 1 / p[0]),
    "pow_scalar": lambda w, s, p: _powered(w[0], p[0]),
    "sum": lambda w, s, p: _times(w[0], _reduced(s[0])),
    "sum_axis": lambda w, s, p: _times(w[0], _reduced(s[0])),
    "norm_l1": lambda w, s, p: _times(w[0], _reduced(s[0])),
    "mean": lambda w, s, p: _averaged(w[0], _reduced(s[0])),
    "mean_axis": lambda w, s, p: _averaged(w[0], _reduced(s[0])),
    "cumsum": lambda w, s, p: _times(w[0], _reduced(s[0], p[0])),
    "dot": lambda w, s, p: _times(_product(w[0], w[1]), s[0][-1]),
    "mv": lambda w, s, p: _times(_product(w[0], w[1]), s[0][-1]),
    "mm": lambda w, s, p: _times(_product(w[0], w[1]), s[0][-1]),
    "matmul": lambda w, s, p: _times(_product(w[0], w[1]), s[0][-1]),
}


def result_width(
    op: str, widths: tuple[Width, ...], shapes: tuple[Shape, ...], params: tuple[Any, ...]
) -> Width:
    """The width of an operation's result; operations that only move numbers keep the widest."""
    if op in _RULES:
        return _ruled_width(op, widths, shapes, params)
    return widths[0] if len(widths) == 1 else _join(widths[0], widths[1])


@lru_cache(maxsize=65536)
def _ruled_width(
    op: str, widths: tuple[Width, ...], shapes: tuple[Shape, ...], params: tuple[Any, ...]
) -> Width:
    return _RULES[op](widths, shapes, params)
