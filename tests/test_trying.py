"""What is left of the examples that were run."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest
from conformance.adapters.reference import Reference

from conformance.catalogue import load_specs
from conformance.torch_like import ACTIONS
from conformance.trying import Trier

ALONE = load_specs()["operation.gradient-is-its-derivative"]


class Counted(Reference):
    """Its exponential has a wrong derivative; ``living`` are the leaves that are still there."""

    name = "counted"
    ops = Reference.ops | {"exp": "a.exp() + a - a.detach()"}
    actions = Reference.actions | {"tensor": f"noted({ACTIONS['tensor']})"}

    def prepare(self):
        super().prepare()
        self.living = weakref.WeakSet()
        self.namespace["noted"] = self.noted

    def noted(self, leaf):
        self.living.add(leaf)
        return leaf


@pytest.fixture
def trier():
    """Something to run examples with, while no garbage is collected."""
    gc.disable()
    yield Trier(Counted(), examples=100, seconds=100, seed=0)
    gc.enable()


def test_of_examples_of_wrong_operations_the_last_is_left_at_most(trier):
    assert trier.wrong_operations(ALONE, "float64") == {"exp"}
    assert len(trier.adapter.living) <= 2


def test_examples_that_count_for_nothing_leave_no_tensors(trier):
    found = replace(trier, blamed=frozenset({"exp"})).search(ALONE, "float64")
    assert found.verdict.value == "pass"
    assert len(trier.adapter.living) == 0
