"""Graphs of many nodes: no recursion, and each node once."""

from __future__ import annotations

import conformance.reference as reference
import pytest


@pytest.mark.parametrize("how", ["tracked", "linear", "dropped", "in place", "views"])
def test_long_chains(how: str) -> None:
    x = reference.tensor([1.0], dtype=reference.float64, requires_grad=True)
    y = x * 1.0
    for _ in range(100_000):
        if how == "tracked":
            y = y * 1.0
        elif how == "in place":
            y.add_(1.0)
        elif how == "views":
            y = y.view(-1)
        else:
            y = y + 1.0
    if how != "dropped":
        y.sum().backward()
        assert x.grad.item() == 1.0


def test_doubling_is_linear_work() -> None:
    x = reference.tensor(1.0, dtype=reference.float64, requires_grad=True)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**60
