"""The suite under xdist: the same verdicts, one seed, and a run that outlives a crash."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from conformance.journal import read_journal

pytest_plugins = ("pytester",)


def test_workers_agree_with_the_controller(spread, pytester):
    pytester.makefile(
        ".toml",
        known='[[expected]]\nbehavior = "*.pass-slow"\nreason = "r"\nlink = "https://x"',
    )
    result = spread(
        "--expectations=known.toml",
        "--dtype=float32",
        "--level=core",
        "--profile=quick",
        "--report=out",
        "--junitxml=junit.xml",
        "-v",
        behaviors="pass fail unsupported blocked error",
    )
    assert result.ret == 1
    result.assert_outcomes(passed=3, failed=3, skipped=2)
    result.stdout.fnmatch_lines(
        [
            "conformance: fake 1.2 on cpu, float32",
            "*PASSED conformance/specs/accumulation.py::accumulation.pass-basic?float32?*",
        ]
    )
    result.stdout.fnmatch_lines(["*_ accumulation.fail-sum (float32) _*", "Promise:", "Replay:"])
    result.stdout.fnmatch_lines(["FAILED *fail-sum?float32? - *"])

    run, results = read_journal(pytester.path / "out/fake-cpu.jsonl")
    assert run["complete"]
    assert {result.examples for result in results} == {run["seed"] % 1000}
    report = json.loads((pytester.path / "out/fake-cpu.json").read_text())
    counts = report["summary"]["total"]["counts"]
    assert (counts["pass"], counts["unexpected_pass"], counts["blocked"]) == (3, 1, 1)
    assert len(list(ElementTree.parse(pytester.path / "junit.xml").iter("testcase"))) == 8


def test_run_goes_on_after_a_crash(spread, pytester):
    result = spread("--hypothesis-seed=3", behaviors="crash pass fail")
    assert result.ret == 1
    result.assert_outcomes(passed=11, failed=4)
    result.stdout.fnmatch_lines(
        [
            "*_ accumulation.crash-hard (float64) _*",
            "    The promise called crash-hard is kept.",
            "    crash: worker * crashed while running *",
            "    pytest --pyargs *crash-hard?float64?*--hypothesis-seed=3",
        ]
    )
    run, results = read_journal(pytester.path / "reports/fake-cpu.jsonl")
    assert run["complete"]
    assert sum(result.verdict.value == "crash" for result in results) == 2


def test_expected_crash_passes_the_gate(spread, pytester):
    pytester.makefile(
        ".toml", known='[[expected]]\nbehavior = "*.crash-*"\nreason = "r"\nlink = "https://x"'
    )
    result = spread("--expectations=known.toml", "--dtype=float32", behaviors="crash pass")
    assert result.ret == 0
    assert result.parseoutcomes()["xfailed"] == 1


@pytest.mark.parametrize("arguments", [["-k", "nothing"], ["--collect-only"]])
def test_nothing_is_written_when_nothing_is_tried(spread, pytester, arguments):
    spread(*arguments)
    assert not (pytester.path / "reports").exists()
