"""What each verdict becomes in pytest, in the reports and in the exit status."""

from __future__ import annotations

import json

import pytest

from conformance.journal import read_journal

pytest_plugins = ("pytester",)

KNOWN = """
[[expected]]
behavior = "accumulation.{}"
reason = "it adds twice"
link = "https://example.org/1"
"""


def document(pytester):
    return json.loads((pytester.path / "reports/fake-cpu.json").read_text())


@pytest.mark.parametrize(
    ("behaviors", "outcome", "status"),
    [
        ("pass", "passed", 0),
        ("unsupported pass", "skipped", 0),
        ("blocked pass", "skipped", 0),
        ("fail", "failed", 1),
        ("error", "failed", 1),
        ("timeout", "failed", 1),
        ("raise", "failed", 1),
    ],
)
def test_outcome_and_exit_status(suite, behaviors, outcome, status):
    result = suite(behaviors=behaviors)
    assert result.ret == status
    assert result.parseoutcomes()[outcome] >= 2


def test_skips_say_their_reason(suite):
    result = suite("-rs", behaviors="unsupported blocked pass")
    result.stdout.fnmatch_lines(
        [
            "SKIPPED ?2? conformance/specs/accumulation.py:*: unsupported: needs hook",
            "SKIPPED ?2? conformance/specs/accumulation.py:*: blocked by accumulation.sums",
        ]
    )


def test_divergence_reads_in_five_parts(suite):
    result = suite("--hypothesis-seed=4", behaviors="fail")
    result.stdout.fnmatch_lines(
        [
            "*_ accumulation.fail-sum (float64) _*",
            "Promise:",
            "    The promise called fail-sum is kept.",
            "    torch.Tensor.backward: https://docs.pytorch.org/*",
            "Expected:",
            "    ?6.0, 10.0?",
            "Actual:",
            "    ?3.0, 5.0?",
            "    the second pass replaced the gradient",
            "Reproduce:",
            "    import engine",
            "    assert engine.grad == 6",
            "Replay:",
            "    pytest --pyargs 'conformance.specs.accumulation::accumulation.fail-sum?float64?' "
            "--adapter=fake --device=cpu --dtype=float64 --profile=default --hypothesis-seed=4",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*plugin_collection.py*")


def test_replay_command_travels_into_the_reports(suite, pytester):
    suite("--hypothesis-seed=4", behaviors="fail")
    _, results = read_journal(pytester.path / "reports/fake-cpu.jsonl")
    assert results[0].failure.replay.startswith("pytest --pyargs 'conformance.specs.accumulation::")


def test_fault_of_the_suite_keeps_its_traceback(suite):
    result = suite(behaviors="raise")
    result.stdout.fnmatch_lines(["*a fault of the suite itself*", "*RuntimeError: a bug of*"])


def test_expected_failure_passes_the_gate(suite, pytester):
    pytester.makefile(".toml", known=KNOWN.format("fail-*"))
    result = suite("--expectations=known.toml", "-rx", behaviors="fail pass")
    assert result.ret == 0
    assert result.parseoutcomes()["xfailed"] == 2
    result.stdout.fnmatch_lines(
        ["XFAIL *fail-sum?float64? - it adds twice (https://example.org/1)"]
    )


def test_unexpected_pass_fails_the_gate(suite, pytester):
    pytester.makefile(".toml", known=KNOWN.format("pass-slow"))
    result = suite("--expectations=known.toml")
    assert result.ret == 1
    assert result.parseoutcomes()["failed"] == 2
    result.stdout.fnmatch_lines(
        ["    expected to fail: it adds twice*", "*remove its entry from the expectations"]
    )


def test_warnings_of_an_engine_are_not_divergences(suite, pytester):
    pytester.makeini("[pytest]\nfilterwarnings = error")
    assert suite("-k", "pass-warning").ret == 0


def test_engine_that_implements_nothing_is_refused(suite):
    result = suite(behaviors="unsupported blocked")
    assert result.ret == 4
    result.stdout.fnmatch_lines(["nothing was tried: adapter 'fake' implements none of *"])


def test_reports_hold_every_verdict_in_the_order_of_the_catalogue(suite, pytester):
    result = suite(behaviors="pass fail unsupported error")
    result.stdout.fnmatch_lines(["report: reports/fake-cpu.html"])
    _, journal = read_journal(pytester.path / "reports/fake-cpu.jsonl")
    assert [entry.behavior for entry in journal[:3]] == [
        "accumulation.pass-basic",
        "accumulation.pass-late",
        "accumulation.pass-basic",
    ]
    counts = document(pytester)["summary"]["total"]["counts"]
    assert counts["pass"] == 11
    assert counts["fail"] == counts["unsupported"] == counts["error"] == 2
    page = (pytester.path / "reports/fake-cpu.html").read_text()
    assert "accumulation.pass-late" in page


def test_quiet_run_prints_no_table(suite):
    result = suite("-q")
    result.stdout.fnmatch_lines(["report: reports/fake-cpu.html"])
    result.stdout.no_fnmatch_line("*passed/*")


def test_interrupted_run_reports_what_there_is(spread, pytester):
    result = spread("-n0", behaviors="pass interrupt")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert not document(pytester)["run"]["complete"]
    assert document(pytester)["summary"]["total"]["counts"]["pass"] == 11


def test_exit_first_leaves_an_incomplete_run(suite, pytester):
    assert suite("-x", behaviors="fail error").ret == 1
    assert not document(pytester)["run"]["complete"]
    assert document(pytester)["summary"]["total"]["tried"] == 1
