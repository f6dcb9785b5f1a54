"""A broken behavior blocks what builds on it, however a run is selected and spread."""

from __future__ import annotations

import json

import pytest

from conformance.catalogue import load_specs
from conformance.verifying import verify

pytest_plugins = ("pytester",)
ROOT = "accumulation.sums-over-calls"
DIRECT = ("accumulation.zeroing-in-place-restarts", "roots.sum-of-contributions")
FAR = next(name for name, one in load_specs().items() if one.requires == (DIRECT[1],))
DEPENDANTS = (*DIRECT, FAR)
FREEING, SOUND = "graph.second-backward-raises-when-saved", "graph.freeing-is-per-visited-node"
ALL = " or ".join([ROOT, *DEPENDANTS])
ENGINE = """
from conformance.adapters.reference import Reference


class Broken(Reference):
    name = "broken"
    actions = {**Reference.actions, "grad": "None"}


class Dies(Reference):
    name = "dies"
    actions = {**Reference.actions, "grad": "__import__('os')._exit(3)"}


class Keeps(Reference):
    name = "keeps"
    actions = {
        **Reference.actions,
        "backward": "root.backward(cotangent, retain_graph=True or retain_graph)",
    }
"""


@pytest.fixture
def verdicts(pytester):
    """Run some behaviors on an engine; gives the exit status and each verdict with its reason."""
    pytester.makefile(".py", engines=ENGINE)

    def run(engine, *words, only=ALL):
        common = (
            "--pyargs",
            "conformance",
            "--profile=quick",
            "--hypothesis-seed=0",
            "--dtype=float64",
        )
        result = pytester.runpytest_subprocess(
            *common,
            "--hypothesis-seed=0",
            "-pno:cacheprovider",
            f"--adapter=engines.py:{engine}",
            "-k",
            only,
            *words,
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
    for name in DEPENDANTS:
        assert of(found, name) == {("blocked", f"blocked by {ROOT}", 0)}


def test_requirement_that_was_not_selected_is_tried_by_itself(verdicts):
    _, whole = verdicts("Broken")
    _, part = verdicts("Broken", only=" or ".join(DEPENDANTS))
    assert part == {key: outcome for key, outcome in whole.items() if key[0] != ROOT}


def test_distribution_over_workers_makes_no_difference(verdicts):
    assert verdicts("Broken", "-n2") == verdicts("Broken")


def test_dependants_of_what_ends_the_process_are_blocked(verdicts):
    base = "state.factory-flag-makes-tracked-leaf"
    _, found = verdicts("Dies", "-n2", only=f"{base} or {ALL}")
    assert {verdict for verdict, *_ in of(found, base)} == {"crash"}
    for name in (ROOT, *DEPENDANTS):
        assert of(found, name) == {("blocked", f"blocked by {base}", 0)}


def test_blocked_behaviors_run_on_demand(verdicts, pytester):
    _, found = verdicts("Broken", "--run-blocked")
    outcomes = {name: of(found, name) for name in DEPENDANTS}
    assert all(examples > 0 for told in outcomes.values() for *_, examples in told)
    told = {name: {reason for _, reason, _ in outcome} for name, outcome in outcomes.items()}
    assert told[DIRECT[0]] == told[DIRECT[1]] == {f"blocked by {ROOT}"}
    assert told[FAR] == {f"blocked by {DIRECT[1]}"}
    pytester.makeini("[pytest]\nconformance_run_blocked = true")
    assert verdicts("Broken")[1] == found


def test_dependant_that_conforms_passes_on_demand(verdicts):
    both = f"{FREEING} or {SOUND}"
    assert of(verdicts("Keeps", only=both)[1], SOUND) == {("blocked", f"blocked by {FREEING}", 0)}
    status, found = verdicts("Keeps", "--run-blocked", only=both)
    assert status == 1
    assert {verdict for verdict, *_ in of(found, SOUND)} == {"pass"}


def test_verdicts_of_blocked_behaviors_that_ran_are_reached_again(verdicts, pytester):
    verdicts("Keeps", "--run-blocked", only=f"{FREEING} or {SOUND}")
    report = json.loads((pytester.path / "reports/keeps-cpu.json").read_text())

    again = verify(report["run"], report["results"], sample=2)

    assert {one.behavior: one.reached for one in again} == {FREEING: "fail", SOUND: "pass"}
    (failing,) = (one["failure"] for one in report["results"] if one["failure"])
    assert "--run-blocked" in failing["replay"]


def test_expected_failure_blocks_nothing(verdicts, pytester):
    pytester.makefile(".toml", known=f'[[expected]]\nbehavior = "{ROOT}"\nreason = "r"\n')
    _, found = verdicts("Broken", "--expectations=known.toml")
    assert {verdict for verdict, *_ in of(found, ROOT)} == {"expected_failure"}
    assert {verdict for verdict, *_ in of(found, DIRECT[1])} == {"fail"}
    assert of(found, FAR) == {("blocked", f"blocked by {DIRECT[1]}", 0)}
