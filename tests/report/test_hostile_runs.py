"""The pages of runs of hostile engines, in a browser: what they say is text and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENGINES = Path(__file__).parents[1] / "hostile" / "engines.py"
DETACHING = "detach.result-is-untracked-leaf"
SAID = {
    "Marks": "<script>alert(1)</script>\\x1b[31m\\x00\\ud800",
    "Oddly": "<b>\\x1b[31m</b>: named",
    "Verbose": "long long long",
    "Dies": "crash",
}


@pytest.mark.parametrize("engine", SAID)
def test_nothing_that_an_engine_said_takes_effect(visit, tmp_path, engine):
    command = [
        *(sys.executable, "-m", "pytest", "--pyargs", "conformance", "-k", DETACHING),
        *(f"--adapter={ENGINES}:{engine}", "--profile=quick", "--dtype=float64", "--isolate"),
        *("--hypothesis-seed=1", "--report=out", "-pno:cacheprovider"),
    ]
    paths = os.pathsep.join(filter(None, [str(ENGINES.parent), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, capture_output=True
    )
    assert done.returncode == 1, done.stdout

    page = visit(path=tmp_path / "out" / f"{engine.lower()}-cpu.html")

    assert SAID[engine] in page.inner_text("body")
    assert page.locator("script").count() == 1
    assert page.locator("b").count() == 0
    page.fill("#filter-text", "no such words at all")
    assert page.inner_text("#shown") == "0 of 1 behaviors"
