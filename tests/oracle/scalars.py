"""Reverse mode by brute force: one node for each number, exact fractions, nothing shared.

Operations are written with NumPy's own functions over arrays of :class:`Scalar`, which record their
operands and local derivatives. Neither the suite's kernels nor its jets are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.program import Program


class Scalar:
    """A fraction, and the numbers it was made of with the derivative with respect to each."""

    __slots__ = ("parents", "sent", "terms", "value")

    def __init__(self, value: Fraction, *parents: tuple[Scalar, Fraction]) -> None:
        self.value = value
        self.parents = parents
        self.terms: list[Fraction] = []
        self.sent = Fraction(0)

    @property
    def received(self) -> Fraction:
        """The cotangent: the sum of what all uses sent."""
        return sum(self.terms, Fraction(0))

    def __add__(self, other: Any) -> Scalar:
        other = _scalar(other)
        return Scalar(self.value + other.value, (self, Fraction(1)), (other, Fraction(1)))

    def __sub__(self, other: Any) -> Scalar:
        return self + -_scalar(other)

    def __mul__(self, other: Any) -> Scalar:
        other = _scalar(other)
        return Scalar(self.value * other.value, (self, other.value), (other, self.value))

    def __neg__(self) -> Scalar:
        return Scalar(-self.value, (self, Fraction(-1)))

    def copy(self) -> Scalar:
        """A number of its own with the same value."""
        return Scalar(self.value, (self, Fraction(1)))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> Scalar:
        return _scalar(other) - self


def _scalar(value: Any) -> Scalar:
    return value if isinstance(value, Scalar) else Scalar(Fraction(float(value)))


def scalars(numbers: Any) -> Any:
    """An array of fresh numbers."""
    return _each(_scalar)(np.asarray(numbers, dtype=float))


def _each(function: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*arrays: Any) -> Any:
        same = np.broadcast_arrays(*arrays)
        out = np.empty(same[0].shape, dtype=object)
        for index in np.ndindex(out.shape):
            out[index] = function(*(array[index] for array in same))
        return out

    return apply


def _power(x: Scalar, exponent: int) -> Scalar:
    out = x
    for _ in range(exponent - 1):
        out = out * x
    return out


def _larger(a: Scalar, b: Scalar) -> Scalar:
    if a.value == b.value:
        return a * 0.5 + b * 0.5
    return (a if a.value > b.value else b).copy()


def _sum(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    total = np.sum(x, axis=dim, keepdims=keepdim, initial=_scalar(0.0) if x.size == 0 else None)
    return np.asarray(total, dtype=object)


def _mean(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    total = _sum(x, dim, keepdim)
    return total * (total.size / max(x.size, 1))


def _product(a: Any, b: Any) -> Any:
    if b.ndim == 1:
        return _sum(a * b, -1)
    if a.ndim == 1:
        return _product(a[None], b)[..., 0, :]
    return _sum(a[..., :, :, None] * b[..., None, :, :], -2)


def _gather(x: Any, dim: int, positions: Any) -> Any:
    return np.take_along_axis(x, np.asarray(positions), axis=dim)


NUMPY: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "add_scalar": lambda a, number: a + number,
    "mul_scalar": lambda a, number: a * number,
    "rsub_scalar": lambda a, number: number - a,
    "div_scalar": lambda a, number: a * (1 / number),
    "pow_scalar": lambda a, exponent: _each(lambda x: _power(x, exponent))(a),
    "abs": lambda a: _each(lambda x: x * float(np.sign(x.value)))(a),
    "relu": lambda a: _each(lambda x: x * float(x.value > 0))(a),
    "maximum": _each(_larger),
    "minimum": _each(lambda a, b: -_larger(-a, -b)),
    "where": lambda a, b, mask: np.where(np.asarray(mask), a, b),
    "sum": _sum,
    "sum_axis": _sum,
    "mean": _mean,
    "mean_axis": _mean,
    "cumsum": lambda a, dim: np.add.accumulate(a, axis=dim),
    "norm_l1": lambda a: _sum(NUMPY["abs"](a)),
    **dict.fromkeys(("dot", "mv", "mm", "matmul"), _product),
    "transpose": np.swapaxes,
    "permute": np.transpose,
    "reshape": np.reshape,
    "expand": np.broadcast_to,
    "unsqueeze": np.expand_dims,
    "squeeze": lambda a, dim: np.squeeze(a, dim),
    "select": lambda a, index: a[index],
    "unbind": lambda a, dim, pick: np.moveaxis(a, dim, 0)[pick],
    "take": lambda a, positions: a[list(positions)],
    "index_select": lambda a, dim, positions: np.take(a, positions, axis=dim),
    "gather": _gather,
    "concat": lambda tensors, dim: np.concatenate(tensors, axis=dim),
    "stack": lambda tensors, dim: np.stack(tensors, axis=dim),
    "clone": lambda a: a,
}


class Run:
    """A program run on scalars: the leaves and every result, as arrays of numbers of their own."""

    def __init__(self, program: Program) -> None:
        self.results = [scalars(leaf.value) for leaf in program.leaves]
        for step in program.steps:
            operands = [self.results[i] for i in step.operands]
            if step.op in ("concat", "stack"):
                out = NUMPY[step.op](operands, *step.params)
            else:
                out = NUMPY[step.op](*operands, *step.params)
            self.results.append(_each(Scalar.copy)(np.asarray(out, dtype=object)))
        self.root = self.results[program.outputs[0]]
        self.order = _ordered(self.root.ravel())

    def backward(self, v: Any, factors: Mapping[int, float] | None = None) -> None:
        """Pull ``v`` back; the cotangents of results in ``factors`` are multiplied on the way."""
        scaled = {
            id(number): Fraction(factor)
            for at, factor in (factors or {}).items()
            for number in self.results[at].ravel()
        }
        for number, seed in zip(self.root.ravel(), np.ravel(v), strict=True):
            number.terms.append(Fraction(float(seed)))
        for number in reversed(self.order):
            number.sent = number.received * scaled.get(id(number), Fraction(1))
            for parent, slope in number.parents:
                parent.terms.append(number.sent * slope)

    def cotangent(self, at: int) -> Any:
        """The total cotangent of a leaf or result, before its own factor."""
        return _floats(self.results[at], lambda number: number.received)

    def sent(self, at: int) -> Any:
        """The total cotangent of a leaf or result, after its own factor."""
        return _floats(self.results[at], lambda number: number.sent)


def _floats(array: Any, read: Callable[[Scalar], Fraction]) -> Any:
    return np.array([float(read(x)) for x in array.ravel()]).reshape(array.shape)


def _ordered(roots: Sequence[Scalar]) -> list[Scalar]:
    """All numbers that the roots were made of, operands first."""
    order: list[Scalar] = []
    seen: set[int] = set()
    pending = [(root, False) for root in roots]
    while pending:
        number, done = pending.pop()
        if done:
            order.append(number)
        elif id(number) not in seen:
            seen.add(id(number))
            pending.append((number, True))
            pending.extend((parent, False) for parent, _ in number.parents)
    return order
