"""The composite action: its scripts, run as a runner would run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conformance.plugin_options import add_options

from .runs import write_journal

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@pytest.fixture
def step(tmp_path):
    """Run a step's script with some inputs; returns what it left."""

    def run(name, **given):
        inputs = {key: one.get("default", "") for key, one in ACTION["inputs"].items()} | given
        page = tmp_path / "summary.md"
        own = {
            key: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: inputs[found[1]], value)
            for key, value in STEPS[name]["env"].items()
        }
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        # Pytest options of the run that this test belongs to are none of the action's.
        own |= {"PATH": path, "GITHUB_STEP_SUMMARY": str(page), "PYTEST_ADDOPTS": ""}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[name]["run"]],
            cwd=tmp_path,
            env=os.environ | own,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return done, page.read_text(encoding="utf-8") if page.exists() else ""

    return run


def test_inputs_are_those_of_the_command_line():
    declared: list[str] = []

    class Parser:
        def getgroup(self, *_):
            return self

        def addoption(self, name, **_):
            declared.append(name.removeprefix("--"))

    add_options(Parser())

    known = {"adapter", "device", "dtype", "level", "profile", "expectations", "report"}
    assert known <= set(declared)
    assert set(ACTION["inputs"]) == known | {"seed", "workers", "arguments"}
    assert [key for key, one in ACTION["inputs"].items() if one.get("required")] == ["adapter"]


def test_no_script_holds_an_input():
    """Inputs reach scripts through the environment, where no shell reads them as code."""
    for one in STEPS.values():
        assert "${{" not in one["run"]
        assert one["shell"] == "bash"


def test_a_divergence_fails_the_gate_and_is_summed_up(step):
    pytest.importorskip("micrograd")
    given = {"adapter": "micrograd", "profile": "quick", "workers": "0"}

    gate, _ = step("Gate", **given, arguments="-k graph.retain-allows-repeats -p no:cacheprovider")
    summary, page = step("Summary", **given)

    assert gate.returncode == 1, gate.stdout + gate.stderr
    assert summary.returncode == 0, summary.stderr
    assert page.startswith("## micrograd ")
    assert "<b>graph.retain-allows-repeats</b>" in page
    assert "from micrograd.engine import Value" in page


def test_what_conforms_passes_the_gate(step):
    given = {"adapter": "reference", "dtype": "float32", "profile": "quick", "workers": "0"}

    gate, _ = step("Gate", **given, arguments="-k accumulation.sums-over-calls")
    _, page = step("Summary", **given)

    assert gate.returncode == 0, gate.stdout + gate.stderr
    assert ": 1/1 conform (partial)" in page


def test_inputs_are_words_and_never_code(step, tmp_path):
    gate, _ = step("Gate", adapter="x; touch owned; $(touch owned)", workers="0")

    assert gate.returncode == 4
    assert not (tmp_path / "owned").exists()


def test_a_gate_that_could_not_start_is_told(step):
    gate, _ = step("Gate", adapter="no-such-engine", workers="0")
    _, page = step("Summary", adapter="no-such-engine")

    assert gate.returncode == 4
    assert page == "No conformance report was written; the log of the gate says why.\n"


def test_a_killed_run_is_summed_up_from_its_journal(step, tmp_path):
    (tmp_path / "conformance-report").mkdir()
    write_journal(
        tmp_path / "conformance-report" / "torch-cpu.jsonl", "a.one=pass", "a.two=pass", cut=5
    )

    done, page = step("Summary")

    assert done.returncode == 0
    assert "1/1 conform (partial)" in page
