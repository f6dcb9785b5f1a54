"""An engine written by hand, with three faults: the run names these three, and blocks the rest."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FAULTS = (
    "accumulation.sums-over-calls",
    "operation.gradient-is-its-derivative",
    "detach.result-is-untracked-leaf",
)


@pytest.fixture(scope="module", params=[1, 2])
def run(request, tmp_path_factory):
    """The directory of a run, and its results by behavior."""
    directory = tmp_path_factory.mktemp("faulty")
    for name in ("faulty.py", "adapter.py"):
        shutil.copy(HERE / name, directory)
    done = python(
        directory,
        *("-m", "pytest", "--pyargs", "conformance", "--adapter=adapter.py:Faulty"),
        *(f"--hypothesis-seed={request.param}", "-pno:cacheprovider", "-n2"),
    )
    assert done.returncode == 1, done.stdout + done.stderr
    report = json.loads((directory / "reports/faulty-cpu.json").read_text())
    return directory, {one["behavior"]: one for one in report["results"]}


def python(directory, *words):
    return subprocess.run(
        [sys.executable, *words], cwd=directory, capture_output=True, text=True, timeout=200
    )


def test_the_three_root_causes_are_named(run):
    _, results = run
    assert {name for name, one in results.items() if one["verdict"] == "fail"} == set(FAULTS)


def test_the_rest_passes_or_is_blocked_by_one_of_them(run):
    _, results = run
    rest = [one for name, one in results.items() if name not in FAULTS]
    assert {one["verdict"] for one in rest} == {"pass", "blocked", "unsupported"}
    reasons = {one["reason"] for one in rest if one["verdict"] == "blocked"}
    assert reasons == {f"blocked by {name}" for name in FAULTS}


def test_the_wrong_operation_is_named(run):
    _, results = run
    assert results["operation.gradient-is-its-derivative"]["operations"] == ["tanh"]


@pytest.mark.parametrize("behavior", FAULTS)
def test_each_reproduction_fails_by_itself_as_described(run, behavior):
    directory, results = run
    failure = results[behavior]["failure"]
    assert failure["verified"]
    script = failure["repro"]
    assert [line for line in script.splitlines() if "conformance" in line] == []

    done = python(directory, "-c", script)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("AssertionError")


def test_the_doctor_finds_nothing_wrong_with_the_adapter(run):
    directory, _ = run
    done = python(directory, "-m", "conformance", "doctor", "adapter.py:Faulty")
    assert done.returncode == 0, done.stdout
    assert "Nothing is wrong with the adapter." in done.stdout
