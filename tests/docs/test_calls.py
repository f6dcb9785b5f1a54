"""The calls and commands that the documents show, made."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest
from pages import ROOT, commands

pytest_plugins = ("pytester",)

MINE = """
    from conformance.adapters.reference import Reference

    class Mine(Reference):
        name = "mine"
"""


def shown(first_line):
    """The block of Python in the README that begins so."""
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if block.startswith(first_line))


def test_the_call_inside_tests_gives_items(pytester):
    pytester.makepyfile(mine=MINE, test_mine=shown("# test_mine.py"))
    result = pytester.runpytest_subprocess("-k", "sums-over-calls", "-m", "core", "-v")
    result.stdout.fnmatch_lines(
        ["test_mine.py::test_conformance?accumulation.sums-over-calls-float64? PASSED*"]
    )
    result.assert_outcomes(passed=2, deselected=result.parseoutcomes()["deselected"])


def test_the_call_in_a_script_returns_results(pytester):
    script = shown("from conformance import check_conformance")
    pytester.makepyfile(mine=MINE, script=f"{script}print({{r.verdict.value for r in results}})")
    done = pytester.runpython("script.py")
    assert (done.ret, done.outlines) == (0, ["{'pass'}"])


@pytest.mark.parametrize("command", commands(ROOT / "docs" / "behaviors.md"))
def test_commands_of_the_catalog_can_be_run(command, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "accumulation.sums-over-calls" in done.stdout or " 2 passed" in done.stdout
