"""Values and derivatives of smooth operations, against mpmath with forty digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest

from conformance import oracle
from conformance.moves import SMOOTH_OPS
from conformance.nodes import Node, apply_op

DIGITS = 40
ORDERS = 3

Function = Callable[..., Any]


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


ELEMENTWISE: dict[str, tuple[Function, tuple[float, ...]]] = {
    "exp": (mpmath.exp, (-3.0, -0.3125, 0.0, 1.75, 3.0)),
    "log": (mpmath.log, (0.21875, 0.5, 1.0, 3.25, 50.0)),
    "sin": (mpmath.sin, (-7.5, -0.3125, 0.0, 1.5, 8.0)),
    "cos": (mpmath.cos, (-7.5, -0.3125, 0.0, 1.5, 8.0)),
    "tanh": (mpmath.tanh, (-3.0, -0.3125, 0.0, 0.625, 2.5)),
    "sigmoid": (_sigmoid, (-4.0, -0.3125, 0.0, 0.625, 4.0)),
    "sqrt": (mpmath.sqrt, (0.21875, 0.5, 1.0, 3.25, 50.0)),
    "reciprocal": (lambda x: 1 / x, (-3.0, -0.25, 0.3125, 1.75, 40.0)),
}

POWERS = (2, 3, 1, -1, -2, 0.5, 2.5)

BINARY: dict[str, tuple[Function, tuple[tuple[float, float], ...]]] = {
    "div": (lambda x, y: x / y, ((1.5, 0.3125), (-2.0, 1.75), (0.0, -3.0))),
    "pow": (lambda x, y: x**y, ((0.25, 1.75), (1.0, 0.5), (2.0, 2.0))),
    "mul": (lambda x, y: x * y, ((1.5, -0.3125), (0.0, 2.0))),
}

VECTORS = ((0.5, -1.75, 2.0), (-4.0, 3.5, 0.3125))


def _softmax(*xs: Any) -> list[Any]:
    total = sum(mpmath.exp(x) for x in xs)
    return [mpmath.exp(x) / total for x in xs]


def _log_softmax(*xs: Any) -> list[Any]:
    total = sum(mpmath.exp(x) for x in xs)
    return [x - mpmath.log(total) for x in xs]


def _norm(*xs: Any) -> list[Any]:
    return [mpmath.sqrt(sum(x * x for x in xs))]


REDUCING: dict[str, tuple[Function, tuple[Any, ...]]] = {
    "softmax": (_softmax, (-1,)),
    "log_softmax": (_log_softmax, (0,)),
    "norm_l2": (_norm, ()),
    "norm_axis": (_norm, (2, 0, False)),
}


def coefficients(root: Node, sources: Sequence[Node]) -> list[Any]:
    """The value and the jet of ``root``, with the direction axes first."""
    jet = oracle.jets([root], sources, ORDERS)[root.id]
    assert jet is not None
    return [root.value, *jet]


def assert_partials(found: Sequence[Any], function: Function, point: Sequence[float]) -> None:
    """Every partial derivative of a scalar function up to the third order, mixed ones too."""
    with mpmath.workdps(DIGITS):
        exact = [mpmath.mpf(x) for x in point]
        for order, coefficient in enumerate(found):
            for directions in product(range(len(point)), repeat=order):
                counts = tuple(directions.count(i) for i in range(len(point)))
                with mpmath.workdps(2 * DIGITS):
                    true = _partial(function, exact, counts)
                error = abs(mpmath.mpf(float(coefficient[directions])) - true)
                assert error <= 4e-14 * max(abs(true), mpmath.mpf("0.05")), (counts, true)


def _partial(function: Function, point: Sequence[Any], counts: tuple[int, ...]) -> Any:
    return mpmath.diff(function, tuple(point), counts) if any(counts) else function(*point)


@pytest.mark.parametrize("op", ELEMENTWISE)
def test_elementwise(op: str) -> None:
    function, points = ELEMENTWISE[op]
    for point in points:
        x = Node(np.array(point))
        assert_partials(coefficients(apply_op(op, [x], (), [x]), [x]), function, (point,))


@pytest.mark.parametrize("exponent", POWERS)
def test_powers_with_a_fixed_exponent(exponent: float) -> None:
    for point in (0.3125, 1.0, 2.5):
        x = Node(np.array(point))
        found = coefficients(apply_op("pow_scalar", [x], (exponent,), [x]), [x])
        assert_partials(found, lambda t: t ** mpmath.mpf(exponent), (point,))


@pytest.mark.parametrize("op", BINARY)
def test_two_operands(op: str) -> None:
    function, points = BINARY[op]
    for point in points:
        x, y = (Node(np.array(number)) for number in point)
        found = coefficients(apply_op(op, [x, y], (), [x, y]), [x, y])
        assert_partials(found, function, point)


@pytest.mark.parametrize("op", REDUCING)
@pytest.mark.parametrize("point", VECTORS)
def test_operations_along_an_axis(op: str, point: tuple[float, ...]) -> None:
    function, params = REDUCING[op]
    x = Node(np.array(point))
    root = apply_op(op, [x], params, [x])
    found = coefficients(root, [x])
    for at, index in enumerate(np.ndindex(root.value.shape)):
        one = [coefficient[(..., *index)] for coefficient in found]
        assert_partials(one, lambda *xs, at=at: function(*xs)[at], point)


def test_matrix_norm() -> None:
    point = (0.5, -1.75, 2.0, 0.25)
    x = Node(np.reshape(point, (2, 2)))
    root = apply_op("norm_fro", [x], (), [x])
    assert_partials(coefficients(root, [x]), lambda *xs: _norm(*xs)[0], point)


def test_no_smooth_operation_is_left_out() -> None:
    assert {*ELEMENTWISE, *BINARY, *REDUCING, "norm_fro"} >= set(SMOOTH_OPS)
