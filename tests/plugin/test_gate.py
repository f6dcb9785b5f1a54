"""The gate on real engines: what an entry makes of a run, and what a run makes of the entries."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec

import pytest

pytest_plugins = ("pytester",)
BASIC = "accumulation.sums-over-calls"
COMMON = ("--pyargs", "conformance", "--profile=quick", "--hypothesis-seed=0", "-pno:cacheprovider")

ENGINE = """
from conformance.adapters.reference import Reference


class Right(Reference):
    name = "right"


class Detaches(Reference):
    name = "detaches"
    actions = {**Reference.actions, "detach": "x"}


class Scales(Reference):
    name = "scales"
    actions = {**Reference.actions, "detach": "x.detach() * 2"}


class Refuses(Reference):
    name = "refuses"
    actions = {**Reference.actions, "detach": "engine.no_such_thing(x)"}
"""
DETACHED = "detach.result-is-untracked-leaf"


@pytest.fixture
def gate(pytester):
    """Run some behaviors of the real suite on an engine of :data:`ENGINE`."""
    pytester.makefile(".py", engines=ENGINE)

    def run(engine, *words, only=DETACHED):
        adapter = f"--adapter=engines.py:{engine}"
        return pytester.runpytest_inprocess(*COMMON, adapter, "-k", only, *words)

    return run


def verdicts(pytester, engine):
    document = json.loads((pytester.path / f"reports/{engine}-cpu.json").read_text())
    return {(one["behavior"], one["dtype"]): one for one in document["results"]}


def write_reasons(pytester):
    path = pytester.path / "known.toml"
    path.write_text(path.read_text().replace("TODO: say why", "it is so"))
    return path.read_text()


KNOWN = "--expectations=known.toml"
UPDATE = (KNOWN, "--update-expectations")


@pytest.fixture
def known(gate, pytester):
    """The failures of an engine whose detaching does nothing, each with a reason."""
    assert gate("Detaches", *UPDATE).ret == 1
    return write_reasons(pytester)


def test_known_failure_is_its_witness_alone(gate, known, pytester):
    assert gate("Detaches", KNOWN, "--hypothesis-seed=7").ret == 0
    found = verdicts(pytester, "detaches")
    assert {one["verdict"] for one in found.values()} == {"expected_failure"}
    assert {one["examples"] for one in found.values()} == {1}
    assert all(one["witness"] in known and one["signature"] in known for one in found.values())


def test_known_failure_that_changed_is_red(gate, known, pytester):
    result = gate("Scales", KNOWN)
    assert result.ret == 1
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["    the failure changed: expected '*' (it is so), now '*': *"])
    assert {one["verdict"] for one in verdicts(pytester, "scales").values()} == {"fail"}
    assert gate("Refuses", KNOWN).ret == 1


def test_known_failure_that_passes_is_red(gate, known):
    result = gate("Right", KNOWN)
    assert result.ret == 1
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*remove its entry from the expectations"])


def test_stale_witness_is_told_and_mended(gate, known, pytester):
    (pytester.path / "known.toml").write_text(
        f'[[expected]]\nbehavior = "{BASIC}"\nreason = "r"\nlink = "https://x"\n'
        'signature = "grad is wrong; compared: slot_value"\nwitness = "00"\n'
    )
    source = (pytester.path / "engines.py").read_text()
    phrase = "x.grad if x.grad is None or x.shape == () else x.grad * 2"
    (pytester.path / "engines.py").write_text(
        f"{source}\n\nclass Partly(Reference):\n    name = 'partly'\n"
        f"    actions = {{**Reference.actions, 'grad': '{phrase}',"
        f" 'slot_value': Reference.actions['slot_value'].replace('x.grad', '({phrase})')}}\n"
    )
    assert gate("Partly", KNOWN, only=BASIC).ret == 0
    reasons = {one["reason"] for one in verdicts(pytester, "partly").values()}
    assert len(reasons) == 1
    assert "its witness is stale" in reasons.pop()
    gate("Partly", *UPDATE, only=BASIC)
    assert gate("Partly", KNOWN, only=BASIC).ret == 0
    assert {one["reason"] for one in verdicts(pytester, "partly").values()} == {"r (https://x)"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('behavior = "detach.nothing"\nreason = "r"', ["line 2", "no behavior is"]),
        (f'behavior = "{DETACHED}"\nreason = "TODO: say why"', ["line 1", "write the reason"]),
        (
            f'behavior = "{DETACHED}"\nreason = "r"\nexpires = 2020-02-02',
            ["line 4", "expired on 2020-02-02"],
        ),
        (f'behavior = "{DETACHED}"\nreason = "r"\nwitness = "00"', ["line 4", "the signature"]),
    ],
)
def test_entry_that_cannot_be_used_is_refused_by_its_line(gate, pytester, text, words):
    pytester.makefile(".toml", known=f"[[expected]]\n{text}\n")
    result = gate("Right", KNOWN)
    assert result.ret == 4
    (line,) = (line for line in result.errlines if line)
    assert all(word in line for word in ["known.toml", *words])
    assert not (pytester.path / "reports").exists()


def test_update_needs_a_file(gate):
    result = gate("Right", "--update-expectations")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: name the file to update: --expectations=FILE"])


def test_updated_file_is_refused_until_it_was_read(gate, pytester):
    assert gate("Detaches", *UPDATE).ret == 1
    assert gate("Detaches", KNOWN).ret == 4
    gate("Detaches", *UPDATE).stdout.fnmatch_lines(["expectations: *: 0 new, 0 changed, 0 removed"])
    write_reasons(pytester)
    assert gate("Detaches", KNOWN).ret == 0


def test_options_can_stand_in_the_ini_file(gate, pytester):
    pytester.makeini(
        "[pytest]\nconformance_expectations = known.toml\nconformance_update_expectations = true"
    )
    gate("Detaches")
    assert DETACHED in (pytester.path / "known.toml").read_text()


@pytest.mark.skipif(find_spec("micrograd") is None, reason="micrograd is not installed")
def test_file_that_was_written_passes_with_workers_too(pytester):
    chapters = "accumulation or leaf-root or retain-allows or shared-trunk or sum-of"
    words = (*COMMON, "--adapter=micrograd", "-k", chapters)

    written = pytester.runpytest_subprocess(*words, *UPDATE, "-n2")
    assert written.ret == 1
    text = write_reasons(pytester)
    entries = re.findall(r'^behavior = "(.*)"', text, re.MULTILINE)
    assert "graph.retain-allows-repeats" in entries

    assert pytester.runpytest_inprocess(*words, KNOWN).ret == 0
    alone = {key: one["verdict"] for key, one in verdicts(pytester, "micrograd").items()}
    assert pytester.runpytest_subprocess(*words, KNOWN, "-n2").ret == 0
    spread = {key: one["verdict"] for key, one in verdicts(pytester, "micrograd").items()}
    assert spread == alone
    assert sorted(key[0] for key, verdict in alone.items() if "expected" in verdict) == sorted(
        entries
    )
