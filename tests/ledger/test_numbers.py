"""Numbers taken out of a program go back in as the engine made them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conformance.adapters.reference import Reference

from conformance.making import times_number
from conformance.session import Session


class Marked(float):
    """A number of an engine's own making."""


@pytest.mark.parametrize(
    ("made", "given"),
    [(Marked, Marked), (float, float), (np.float64, float), (np.float32, float), (int, int)],
)
def test_what_comes_out_goes_in(made: Any, given: type) -> None:
    adapter, seen = Reference(), []
    adapter.phrases["to_number"] = lambda x: made(x.item())
    adapter.phrases["mul_scalar"] = lambda a, number: seen.append(type(number)) or a * number
    session = Session(adapter)
    x, number = session.tensor([1.0, 2.0], requires_grad=True), session.tensor(3.0)

    y = times_number(x, number)

    assert seen == [given]
    np.testing.assert_array_equal(y.true_value, [3.0, 6.0])
    session.finish()
