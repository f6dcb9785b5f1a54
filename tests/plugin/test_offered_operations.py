"""An engine with some of the operations that a behavior chooses from is tried on those."""

from __future__ import annotations

import pytest
from conformance.adapters.reference import Reference

from conformance.behavior import registered
from conformance.catalogue import load_specs
from conformance.expectations import Expectations
from conformance.results import Verdict
from conformance.runner import Dependants, Runner

FEW = "add mul neg sub add_scalar mul_scalar sum select transpose relu exp mul_ add_ copy_".split()
KINKS = "operation.convention-at-kinks"


class Few(Reference):
    """The reference engine with few operations."""

    ops = {name: text for name, text in Reference.ops.items() if name in FEW}


class WrongAtKinks(Few):
    """Its rectifier passes gradients on at zero."""

    ops = {**Few.ops, "relu": "a.relu() + (a - a.detach()) * (a.detach() * a.detach() == 0)"}


class WrongElsewhereToo(WrongAtKinks):
    """Its exponential is wrong as well."""

    ops = {**WrongAtKinks.ops, "exp": "a.exp() + a - a.detach()"}


def verdict(adapter, name, dependants=Dependants.LEFT_OUT):
    load_specs()
    words = {"profile": "quick", "seed": 3, "expectations": Expectations()}
    runner = Runner(adapter, **words, dependants=dependants)
    return runner.run(registered()[name], "float64").verdict


@pytest.mark.parametrize(
    "name",
    [
        KINKS,
        "inplace.intermediate-allowed-and-differentiated",
        "inplace.saved-operand-mutated-raises",
        "inplace.target-shape-and-dtype-fixed",
        "view.mutation-through-view-rewrites-base",
        "graph.every-keeping-operation-is-freed",
    ],
)
def test_few_operations_are_enough(name):
    assert verdict(Few(), name) is Verdict.PASS


def test_a_fault_is_not_hidden_by_operations_that_are_absent():
    assert verdict(WrongAtKinks(), KINKS) is Verdict.FAIL


@pytest.mark.parametrize("dependants", [Dependants.LEFT_OUT, Dependants.TRIED])
def test_a_fault_is_not_put_down_to_an_operation_that_has_no_part_in_it(dependants):
    assert verdict(WrongElsewhereToo(), KINKS, dependants) is Verdict.FAIL
