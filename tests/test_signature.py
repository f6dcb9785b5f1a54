"""Signatures: what failed in which way, and nothing that changes from run to run."""

from __future__ import annotations

import pytest

from conformance.signature import of_divergence, of_error
from conformance.trace import Check, Divergence, unexpected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("grad is wrong (shape (2,) instead of ())", "grad is wrong"),
        ("a hook was called 3 times, not 2", "a hook was called 0 times, not 11"),
        ("it is symmetric: [[1. 2.]\n [3. -4.e-5]]", "it is symmetric: [[nan]]"),
        ("<engine.Tensor at 0x7fab12> is lost", "<engine.Tensor at 0x11> is lost"),
    ],
)
def test_numbers_shapes_and_addresses_make_no_difference(one, other):
    assert of_divergence(Divergence(one)) == of_divergence(Divergence(other))


def test_what_was_compared_makes_a_difference():
    message = "the value is wrong"
    of_value = Divergence(message, check=Check("value", (), 1.0))
    of_shape = Divergence(message, check=Check("value_shape", (), (1,)))
    assert of_divergence(of_value) == "the value is wrong; compared: value"
    assert of_divergence(of_value) != of_divergence(of_shape)


def test_exceptions_count_by_their_class():
    one, other = (unexpected("detach", ValueError(text)) for text in ("this", "that"))
    assert of_divergence(one) == of_divergence(other) == "detach raised ValueError"
    assert of_divergence(unexpected("detach", KeyError("this"))) != of_divergence(one)
    assert of_error(KeyError("this")) == "error: KeyError"
