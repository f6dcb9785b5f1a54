"""A gradient that an engine leaves out is a divergence, whatever the slot was expected to hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conformance.adapters.reference import Reference
from conformance.reference import accumulation

from conformance.expect import expect_grad
from conformance.nodes import Node
from conformance.program import Leaf, Program, Step
from conformance.session import Session
from conformance.trace import Divergence

REFERENCE = Reference()


@pytest.mark.parametrize("expected", [Node(np.array([1.0, 2.0])), np.array([1.0, 2.0]), 3.0])
def test_an_empty_slot_where_a_gradient_is_expected(expected: Any) -> None:
    x = Session(REFERENCE).tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(Divergence, match="the gradient slot is empty") as caught:
        expect_grad(x, expected)
    assert caught.value.check is not None
    value = expected.value if isinstance(expected, Node) else expected
    np.testing.assert_array_equal(caught.value.check.expected, value)


def test_an_empty_slot_where_none_is_expected() -> None:
    expect_grad(Session(REFERENCE).tensor([1.0, 2.0], requires_grad=True), None)


def test_a_gradient_where_none_is_expected() -> None:
    x = Session(REFERENCE).tensor(2.0, requires_grad=True)
    (x * 3.0).backward()
    with pytest.raises(Divergence, match="should be empty"):
        expect_grad(x, None)


def test_a_product_by_way_of_slots_that_stay_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accumulation, "arrive", lambda leaf, gradient: None)
    program = Program((Leaf((2,), (1.0, 2.0)),), (Step("mul", (0, 0)),), (1,))
    with pytest.raises(Divergence, match="the gradient slot is empty"):
        Session(REFERENCE).vjp(program, np.ones(2))
