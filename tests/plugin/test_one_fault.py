"""One fault in an engine is one failure: what builds on the broken promise is blocked by it."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from conformance.adapters.micrograd import Micrograd
from conformance.adapters.reference import Reference
from conformance.reference import hooks, inplace

from conformance.behavior import registered
from conformance.catalogue import load_specs
from conformance.expectations import Expectations
from conformance.results import Verdict
from conformance.runner import Runner


class KeepsGraphs(Reference):
    """A pass never frees the graph."""

    actions = {
        **Reference.actions,
        "backward": "root.backward(cotangent, retain_graph=True or retain_graph, "
        "create_graph=create_graph, inputs=inputs)",
    }


class CopiesOnDetaching(Reference):
    """A detached tensor has memory of its own."""

    actions = {**Reference.actions, "detach": "x.detach().clone()"}


class ForgetsPieces(Reference):
    """What is assigned to a part of a tensor gets no derivative."""

    ops = {**Reference.ops, "put_": "a[index] = b.detach()"}


def backwards(monkeypatch):
    run = hooks.run
    monkeypatch.setattr(
        hooks, "run", lambda registry, gradient: run(dict(reversed(registry.items())), gradient)
    )


def uncounted(monkeypatch):
    monkeypatch.setattr(inplace, "bump", lambda target: None)


def unpatched(monkeypatch):
    pass


CASES = (
    (KeepsGraphs, unpatched, "graph.second-backward-raises-when-saved", "graph.shared-trunk"),
    (Reference, backwards, "hooks.chain-in-registration-order", "hooks.removal"),
    (
        Reference,
        uncounted,
        "inplace.saved-operand-mutated-raises",
        "inplace.agrees-with-functional-form",
    ),
    (
        CopiesOnDetaching,
        unpatched,
        "detach.shares-memory-both-ways",
        "function.saved-tensors-are-version-checked",
    ),
    (
        ForgetsPieces,
        unpatched,
        "inplace.overwriting-cuts-the-old-value",
        "inplace.index-assignment-builds-graph",
    ),
)


def assert_blocked(engine, root, other):
    """On an engine one behavior fails, and another is blocked by it."""
    load_specs()
    runner = Runner(engine, profile="default", seed=1, expectations=Expectations())

    results = [runner.run(registered()[name], "float64") for name in (root, other)]

    assert [one.verdict for one in results] == [Verdict.FAIL, Verdict.BLOCKED]
    assert results[1].reason == f"blocked by {root}"


@pytest.mark.parametrize(("engine", "plant", "root", "other"), CASES)
def test_what_builds_on_a_broken_promise_is_blocked_by_it(monkeypatch, engine, plant, root, other):
    plant(monkeypatch)
    assert_blocked(engine(), root, other)


class FirstEntryOnly(Reference):
    """A pass starts from the cotangent's first entry everywhere."""

    definitions = {
        **Reference.definitions,
        "blurred": """
def blurred(cotangent):
    if cotangent is None or cotangent.shape in ((), (0,)) or 0 in cotangent.shape:
        return cotangent
    return reference.ones_like(cotangent) * cotangent.reshape((-1,))[0]
""",
    }
    actions = {
        **Reference.actions,
        "backward": "root.backward(blurred(cotangent), retain_graph=retain_graph, "
        "create_graph=create_graph, inputs=inputs)",
    }


@pytest.mark.parametrize("other", ["backward.leaf-root", "inplace.index-assignment-builds-graph"])
def test_a_fault_of_most_operations_is_none_of_theirs(other):
    assert_blocked(FirstEntryOnly(), "operation.gradient-is-its-derivative", other)


@pytest.mark.skipif(find_spec("micrograd") is None, reason="micrograd is not installed")
@pytest.mark.parametrize(
    "other", ["graph.shared-trunk", "graph.second-backward-fine-when-nothing-saved"]
)
def test_cotangents_that_stay_in_the_nodes_are_one_failure(other):
    assert_blocked(Micrograd(), "graph.retain-allows-repeats", other)
