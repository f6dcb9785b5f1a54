"""A broken behavior blocks what builds on it, however a run is selected and spread."""

from __future__ import annotations

import json

import pytest

from conformance.catalogue import load_specs

pytest_plugins = ("pytester",)
ROOT = "detach.result-is-untracked-leaf"
DEPENDANTS = [name for name, one in load_specs().items() if ROOT in one.requires]
ALL = " or ".join([ROOT, *DEPENDANTS])
ENGINE = """
from conformance.adapters.reference import Reference


class Broken(Reference):
    name = "broken"
    actions = {**Reference.actions, "detach": "x"}


class Half(Reference):
    name = "half"
    actions = {**Reference.actions, "detach": "x.detach() if x.is_leaf else x"}


class Dies(Reference):
    name = "dies"
    actions = {**Reference.actions, "detach": "__import__('os')._exit(3)"}
"""


@pytest.fixture
def verdicts(pytester):
    """Run some behaviors on an engine; gives the exit status and each verdict with its reason."""
    pytester.makefile(".py", engines=ENGINE)

    def run(engine, *words, only=ALL):
        common = ("--pyargs", "conformance", "--profile=quick", "--hypothesis-seed=0")
        result = pytester.runpytest_subprocess(
            *common, "-pno:cacheprovider", f"--adapter=engines.py:{engine}", "-k", only, *words
        )
        report = json.loads((pytester.path / f"reports/{engine.lower()}-cpu.json").read_text())
        return result.ret, {
            (one["behavior"], one["dtype"]): (one["verdict"], one["reason"], one["examples"])
            for one in report["results"]
        }

    return run


def of(found, behavior):
    return {outcome for (name, _), outcome in found.items() if name == behavior}


def test_dependants_of_a_broken_behavior_are_not_run(verdicts):
    status, found = verdicts("Broken")
    assert status == 1
    assert {verdict for verdict, *_ in of(found, ROOT)} == {"fail"}
    assert DEPENDANTS
    for name in DEPENDANTS:
        assert of(found, name) == {("blocked", f"blocked by {ROOT}", 0)}


def test_requirement_that_was_not_selected_is_tried_by_itself(verdicts):
    _, whole = verdicts("Broken")
    _, part = verdicts("Broken", only=" or ".join(DEPENDANTS))
    assert part == {key: outcome for key, outcome in whole.items() if key[0] != ROOT}


def test_distribution_over_workers_makes_no_difference(verdicts):
    assert verdicts("Broken", "-n2") == verdicts("Broken")


def test_blocked_behaviors_run_on_demand(verdicts, pytester):
    _, found = verdicts("Broken", "--run-blocked")
    for name in DEPENDANTS:
        ((verdict, reason, examples),) = {(v, r, bool(n)) for v, r, n in of(found, name)}
        assert examples
        assert (verdict, reason) in (("pass", ""), ("blocked", f"blocked by {ROOT}"))
    pytester.makeini("[pytest]\nconformance_run_blocked = true")
    assert verdicts("Broken")[1] == found


def test_expected_failure_blocks_nothing(verdicts, pytester):
    pytester.makefile(".toml", known=f'[[expected]]\nbehavior = "{ROOT}"\nreason = "r"\n')
    _, found = verdicts("Broken", "--expectations=known.toml")
    assert {verdict for verdict, *_ in of(found, ROOT)} == {"expected_failure"}
    for name in DEPENDANTS:
        assert "blocked" not in {verdict for verdict, *_ in of(found, name)}
