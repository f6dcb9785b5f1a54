"""The two faults that micrograd is known for, each shown by a script of a few lines."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.skipif(find_spec("micrograd") is None, reason="micrograd is not installed")
COMPOUNDS, COUNTED_WRONGLY = "graph.retain-allows-repeats", "roots.sum-of-contributions"


@pytest.fixture(scope="module")
def failures(tmp_path_factory):
    """The failures of a run of the two behaviors, by behavior."""
    directory = tmp_path_factory.mktemp("micrograd")
    words = ["--pyargs", "conformance", "--adapter=micrograd", "--profile=quick", "--report=out"]
    words += ["-k", f"{COMPOUNDS} or {COUNTED_WRONGLY}", "--hypothesis-seed=1"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "-pno:cacheprovider"],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    lines = (directory / "out/micrograd-cpu.jsonl").read_text().splitlines()
    results = [json.loads(line) for line in lines]
    return {r["behavior"]: r["failure"] for r in results if r.get("failure")}


@pytest.mark.parametrize("behavior", [COMPOUNDS, COUNTED_WRONGLY])
def test_six_statements_show_the_fault(failures, behavior):
    failure = failures[behavior]
    script = failure["repro"]
    assert failure["verified"]
    assert len(ast.parse(script).body) <= 6, script
    assert [line for line in script.splitlines() if "import" in line] == [
        "from micrograd.engine import Value"
    ]

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 1
    assert "AssertionError: " in done.stderr
