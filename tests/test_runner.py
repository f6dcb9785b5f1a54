"""What a runner makes of wrong operations, whichever behaviors it is asked for."""

from __future__ import annotations

import pytest
from conformance.adapters.reference import Reference

from conformance.catalogue import load_specs
from conformance.expectations import Expectation, Expectations
from conformance.runner import Dependants, Runner

ALONE = "operation.gradient-is-its-derivative"
CHAIN = "backward.matches-finite-differences"
BEHAVIORS = load_specs()


class WrongExp(Reference):
    """Its exponential has a wrong derivative."""

    name = "wrong"
    ops = Reference.ops | {"exp": "a.exp() + a - a.detach()"}


def judged(*names, adapter=WrongExp, known=(), **options):
    """The results of one runner on these behaviors, one after the other."""
    runner = Runner(
        adapter(),
        profile="default",
        seed=0,
        expectations=Expectations(known),
        **options,
    )
    return {name: runner.run(BEHAVIORS[name], "float64") for name in names}


@pytest.mark.parametrize("signature", ["", "timeout"])
def test_known_wrong_operations_are_blamed_whether_or_not_they_were_tried(signature):
    known = (Expectation(ALONE, "it is old", operations=("exp",), signature=signature),)

    after, alone = judged(ALONE, CHAIN, known=known)[CHAIN], judged(CHAIN, known=known)[CHAIN]

    assert (after.verdict, after.reason) == (alone.verdict, alone.reason)
    assert after.reason == f"blocked by {ALONE}"


class Doubling(WrongExp):
    """Its casts are wrong besides."""

    ops = WrongExp.ops | {"cast": "a.to(dtype) * 2.0"}


@pytest.mark.parametrize("dependants", [Dependants.LEFT_OUT, Dependants.TRIED])
def test_a_fault_besides_wrong_operations_fails_also_where_blocked_behaviors_run(dependants):
    casts = "convert.casts-are-differentiable"

    found = judged(casts, adapter=Doubling, dependants=dependants)[casts]

    assert found.verdict.value == "fail"
    assert "exp" not in found.failure.program


def test_every_example_counts_where_an_operation_is_known_to_be_wrong():
    first = judged(ALONE)[ALONE]
    witness = bytes.fromhex(first.witness)
    entry = Expectation(
        ALONE, "it is old", signature=first.signature, witness=witness, operations=("exp",)
    )

    found = judged(ALONE, known=(entry,))[ALONE]

    assert (found.verdict.value, found.operations) == ("expected_failure", ("exp",))
    assert found.examples == 1 + round(100 * BEHAVIORS[ALONE].examples)


def test_the_memory_of_a_requirement_is_not_counted_as_a_dependant_s():
    measuring = []

    def measured():
        assert not measuring, "one measurement within another"
        measuring.append(True)
        return lambda: float(measuring.pop())

    found = judged(CHAIN, memory=measured)[CHAIN]

    assert found.reason == f"blocked by {ALONE}"
    assert found.memory_growth_mib == 2.0  # of all examples, and of those without the exponential
