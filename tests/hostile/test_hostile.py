"""Whatever an adapter does, a run ends, its verdicts are right, and its reports are whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from conformance.journal import read_journal

HERE = Path(__file__).parent
DETACHING = "detach.result-is-untracked-leaf"
SUMMING = "accumulation.sums-over-calls"
MAKING = "state.factory-flag-makes-tracked-leaf"
ALL = (DETACHING, SUMMING, MAKING)


FAULTY = {
    "Mute": "its text cannot be read",
    "Unusual": "Unusual: odd",
    "Quits": "SystemExit: 3",
    "Marks": "<script>alert(1)</script>\\x1b[31m\\x00\\ud800",
    "Verbose": "RuntimeError: long long",
    "Descends": "RecursionError",
    "Says": "AttributeError",
    "Nothing": "AttributeError",
    "Lists": "AttributeError",
    "Reshaped": "shape",
    "Narrowed": "float16",
    "NotANumber": "the value is wrong",
    "Unsteady": "detaching gives another tensor",
}
MISREAD = {
    "Lies": "fail",
    "LiesAtLength": "fail",
    "Undecided": "error",
    "ReadsText": "error",
    "ReadsNothing": "error",
    "ReadsAwkwardly": "error",
}
ILL_MANNERED = ("Chatters", "Overwrites", "Unsettles", "SwitchesOff")
ENDLESS = ("Hangs", "HangsOn")
SURVIVED = (*FAULTY, *MISREAD, *ILL_MANNERED, *ENDLESS)
IN_A_ROW = """
import json, sys, pytest
statuses = {name: int(pytest.main(words)) for name, words in json.loads(sys.argv[1]).items()}
open("statuses.json", "w").write(json.dumps(statuses))
"""


def words(engine, *more):
    """The arguments that try a hostile adapter on three behaviors."""
    return [
        *("--pyargs", "conformance", f"--adapter={HERE / 'engines.py'}:{engine}"),
        *("--profile=quick", "--dtype=float64", "--hypothesis-seed=1", f"--report={engine}"),
        *("-k", " or ".join(ALL), "-pno:cacheprovider", "-plimits", *more),
    ]


def start(directory, *command):
    return subprocess.run(
        [sys.executable, *command],
        cwd=directory,
        capture_output=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What running an adapter gave: exit status and the folder of reports.

    Those that leave their process alive run one after the other in one process, so that whatever
    they leave behind would show in the next.
    """
    directory = tmp_path_factory.mktemp("hostile")
    runs = {engine: words(engine) for engine in SURVIVED}
    done = start(directory, "-c", IN_A_ROW, json.dumps(runs))
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"INTERNALERROR" not in done.stdout
    statuses = json.loads((directory / "statuses.json").read_text())
    return lambda engine: (statuses[engine], directory / engine)


class Page(HTMLParser):
    """Counts the scripts of a page, and notes text that should have been in none."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.inside = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "script"

    def handle_data(self, data):
        if self.inside:
            self.scripts.append(data)
            self.inside = False


def judged(out):
    """The verdicts, once the reports were found whole."""
    (journal,) = out.glob("*.jsonl")
    _, results = read_journal(journal)
    verdicts = {result.behavior: result.verdict.value for result in results}
    assert set(verdicts) == set(ALL)
    (path,) = out.glob("*.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["summary"]["total"]["tried"] == len(ALL)
    (path,) = out.glob("*.html")
    text = path.read_text(encoding="utf-8")
    assert all(behavior in text for behavior in ALL)
    assert not any("alert(1)" in script for script in Page(text).scripts)
    assert len(text) < 1_000_000
    return verdicts, results


def only(behavior, verdict):
    return {**dict.fromkeys(ALL, "pass"), behavior: verdict}


@pytest.mark.parametrize("engine", FAULTY)
def test_fault_of_the_engine_is_one_failure(run, engine):
    status, out = run(engine)
    verdicts, results = judged(out)
    assert status == 1
    assert verdicts == only(DETACHING, "fail")
    (failure,) = (result.failure for result in results if result.failure)
    assert FAULTY[engine] in f"{failure.message} {failure.actual}"
    assert failure.verified or engine == "Unsteady", failure.repro


@pytest.mark.parametrize("engine", MISREAD)
def test_reading_wrongly_concerns_every_behavior(run, engine):
    status, out = run(engine)
    verdicts, _ = judged(out)
    assert status == 1
    assert set(verdicts.values()) - {"blocked"} == {MISREAD[engine]}


@pytest.mark.parametrize("engine", ILL_MANNERED[:3])
def test_bad_manners_are_no_divergence(run, engine):
    status, out = run(engine)
    assert judged(out)[0] == dict.fromkeys(ALL, "pass")
    assert status == 0


def test_mode_left_off_concerns_one_behavior(run):
    _, out = run("SwitchesOff")
    verdicts, _ = judged(out)
    assert (verdicts[SUMMING], verdicts[MAKING]) == ("pass", "pass")


@pytest.mark.parametrize("engine", ENDLESS)
def test_endless_loop_is_a_timeout(run, engine):
    status, out = run(engine)
    assert status == 1
    assert judged(out)[0] == only(DETACHING, "timeout")


def test_death_of_the_process_is_a_crash_of_one_behavior(tmp_path):
    done = start(tmp_path, "-m", "pytest", *words("Dies", "-n2"))
    assert done.returncode == 1
    assert judged(tmp_path / "Dies")[0] == only(DETACHING, "crash")


@pytest.mark.parametrize(
    ("engine", "verdict"),
    [
        ("Segfaults", "crash"),
        ("IsKilled", "crash"),
        ("LeavesAsIfDone", "crash"),
        ("NeverReturns", "timeout"),
        ("Hangs", "timeout"),
    ],
)
def test_isolated_death_ends_one_behavior_and_shows_its_program(tmp_path, engine, verdict):
    done = start(tmp_path, "-m", "pytest", *words(engine, "--isolate"))
    assert done.returncode == 1, done.stdout
    verdicts, results = judged(tmp_path / engine)
    assert verdicts == only(DETACHING, verdict)
    if engine != "Hangs":  # what can be interrupted keeps its process
        (failure,) = (result.failure for result in results if result.failure)
        assert "detach(" in failure.program
        assert "--hypothesis-seed=1" in failure.replay


def test_adapter_that_leaves_while_it_is_made_is_refused(tmp_path):
    done = start(tmp_path, "-m", "pytest", *words("Unimportable"))
    assert done.returncode == 4
    assert b"SystemExit: 5" in done.stderr
    assert not (tmp_path / "Unimportable").exists()
