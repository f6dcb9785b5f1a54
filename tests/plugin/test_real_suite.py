"""The suite itself, started in each of the ways people start it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

import conformance

pytest_plugins = ("pytester",)
CHECKOUT = Path(conformance.__file__).parent.parent
ID = "accumulation.sums-over-calls"
FILE = "conformance/specs/accumulation.py"
QUICK = ("--profile=quick", "-p", "no:cacheprovider")


def start(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=cwd, capture_output=True, text=True, timeout=100
    )


@pytest.mark.parametrize(
    ("selection", "passed"),
    [
        (["conformance", "-k", f"{ID} and float64"], 1),
        ([f"{FILE}::{ID}"], 2),
        (["--pyargs", f"conformance.specs.accumulation::{ID}[float64]"], 1),
    ],
)
def test_in_the_checkout(tmp_path, selection, passed):
    report = f"--report={tmp_path}"
    done = start("pytest", *selection, "--adapter=reference", report, *QUICK, cwd=CHECKOUT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{passed} passed" in done.stdout
    document = json.loads((tmp_path / "reference-cpu.json").read_text())
    assert not document["run"]["complete"]


def test_chapter_that_is_not_there_is_refused():
    done = start("pytest", "conformance/specs/nothing.py", "--adapter=reference", cwd=CHECKOUT)
    assert done.returncode == 4
    done = start("pytest", "conformance/specs/__init__.py", "--adapter=reference", cwd=CHECKOUT)
    assert done.returncode == 4


def test_elsewhere_with_workers(pytester):
    result = pytester.runpytest_subprocess(
        "--pyargs", "conformance", "--adapter=reference", "-n2", "-k", ID, "-v", *QUICK
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"*PASSED {FILE}::{ID}?float64?*"])


def test_through_pytest_main(pytester):
    code = f"""
        import pytest, sys
        sys.exit(pytest.main(["--pyargs", "conformance", "--adapter=reference", "-k{ID}"]))
    """
    result = pytester.runpython(pytester.makepyfile(code))
    assert result.ret == 0
    assert (pytester.path / "reports/reference-cpu.html").exists()


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_absent_device_is_refused_at_once(pytester, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    before = time.monotonic()
    result = pytester.runpytest_subprocess(
        "--pyargs", "conformance", "--adapter=torch", "--device=cuda", "-n2"
    )
    assert result.ret == 4
    assert time.monotonic() - before < 15
    lines = [line for line in result.errlines if line]
    assert len(lines) == 1
    assert "cuda" in lines[0]


BROKEN = """
from conformance.adapters.reference import Reference


class Broken(Reference):
    name = "broken"
    actions = {**Reference.actions, "grad": "None"}
"""


def test_replay_command_fails_the_same_way(pytester):
    pytester.makefile(".py", broken=BROKEN)
    first = pytester.runpytest_subprocess(
        "--pyargs", "conformance", "--adapter=broken.py:Broken", "-k", f"{ID} and float64", *QUICK
    )
    assert first.ret == 1
    command = next(line for line in first.outlines if line.startswith("    pytest --pyargs"))
    again = start(*shlex.split(command), *QUICK, cwd=pytester.path)
    assert again.returncode == 1

    def account(lines):
        return lines[lines.index("Promise:") : lines.index("Replay:")]

    assert account(again.stdout.splitlines()) == account(first.outlines)
