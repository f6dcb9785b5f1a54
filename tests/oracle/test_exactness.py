"""Exact programs: no number of theirs, and none of their backward pass's, is ever rounded."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from drawn import drawn_pairs
from scalars import Run

from conformance import truth
from conformance.moves import EXACT_OPS
from conformance.strategies import programs, scalar_programs

SIGNIFICAND = {"float32": 24, "float16": 11, "bfloat16": 8}
KINDS = {
    "guarded": programs(),
    "leading views": programs(leading_views=True),
    "scalar": scalar_programs(),
    "long": programs(steps=10),
}


def bits(numbers: list[Fraction]) -> int:
    """The significand that holds every sum of some of these numbers, whatever the order."""
    grain = max((number.denominator for number in numbers), default=1)
    assert grain & (grain - 1) == 0, "only dyadic numbers occur"
    return int(sum(abs(number) for number in numbers) * grain).bit_length()


@pytest.mark.parametrize("kind", KINDS)
def test_the_oracle_agrees_with_brute_force_exactly(kind: str) -> None:
    for program, cotangents in drawn_pairs(KINDS[kind], 250, seed=11):
        run = Run(program)
        _, root = truth.nodes(program)
        assert root.exact
        np.testing.assert_array_equal(
            root.value, np.array([float(x.value) for x in run.root.ravel()]).reshape(run.root.shape)
        )
        v = cotangents(root.value.shape)
        run.backward(v)
        for at, gradient in enumerate(truth.gradients(program, v)):
            if gradient is not None:
                np.testing.assert_array_equal(gradient.value, run.cotangent(at))


@pytest.mark.parametrize("dtype", SIGNIFICAND)
@pytest.mark.parametrize("kind", KINDS)
def test_every_number_fits_the_dtype(kind: str, dtype: str) -> None:
    widest = 0
    for program, cotangents in drawn_pairs(KINDS[kind], 250, seed=12, dtype=dtype):
        run = Run(program)
        run.backward(cotangents(run.root.shape))
        for number in run.order:
            widest = max(widest, bits([number.value]), bits(number.terms))
    assert widest <= SIGNIFICAND[dtype]


def test_every_exact_operation_is_drawn() -> None:
    seen = {
        step.op
        for program, _ in drawn_pairs(KINDS["leading views"], 2000, seed=13)
        for step in program.steps
    }
    assert seen == set(EXACT_OPS)
