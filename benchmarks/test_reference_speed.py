"""The reference engine beside torch: the same small expressions, forwards, backwards and twice.

Run by ``make bench``. The expressions are as small as those of the suite, so that what is measured
is the cost of recording and walking a graph, not of arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import conformance.reference as reference
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

torch = pytest.importorskip("torch")

VALUES = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]
CHAIN = 50


def polynomial(engine: Any, x: Any) -> Any:
    """A few operations that need their operands again."""
    return (x * x * 3.0 + x).sum()


def broadcast(engine: Any, x: Any) -> Any:
    """A smooth operation, a broadcast row and two reductions."""
    return (x.tanh() * x.sum(dim=0)).mean()


def product(engine: Any, x: Any) -> Any:
    """A matrix product with a view of the same tensor."""
    return (x @ x.transpose(0, 1)).sum()


def chain(engine: Any, x: Any) -> Any:
    """Many operations one after the other."""
    for _ in range(CHAIN):
        x = x * 1.01
    return x.sum()


def forward(engine: Any, expression: Callable[..., Any], x: Any) -> Any:
    """The value, recorded."""
    return expression(engine, x)


def backward(engine: Any, expression: Callable[..., Any], x: Any) -> Any:
    """The value and its gradient."""
    (gradient,) = engine.autograd.grad(expression(engine, x), [x])
    return gradient


def grad_of_grad(engine: Any, expression: Callable[..., Any], x: Any) -> Any:
    """The value, its gradient, and the gradient of the gradient's squares."""
    (gradient,) = engine.autograd.grad(expression(engine, x), [x], create_graph=True)
    (second,) = engine.autograd.grad((gradient * gradient + 0.0 * x).sum(), [x])
    return second


@pytest.mark.parametrize("engine", [reference, torch], ids=["reference", "torch"])
@pytest.mark.parametrize("expression", [polynomial, broadcast, product, chain])
@pytest.mark.parametrize("task", [forward, backward, grad_of_grad])
def test_speed(
    benchmark: BenchmarkFixture,
    task: Callable[..., Any],
    expression: Callable[..., Any],
    engine: ModuleType,
) -> None:
    benchmark.group = f"{expression.__name__}, {task.__name__}"
    x = engine.tensor(VALUES, dtype=engine.float64, requires_grad=True)
    ours = reference.tensor(VALUES, dtype=reference.float64, requires_grad=True)

    found = benchmark(task, engine, expression, x)

    right = task(reference, expression, ours).detach().numpy()
    assert found.detach().numpy() == pytest.approx(right)
