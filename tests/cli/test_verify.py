"""A report is verified by reaching some of its verdicts again."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.plan import Plan, Request
from conformance.report import write_reports

IDS = ("detach.result-is-untracked-leaf", "accumulation.sums-over-calls", "graph.shared-trunk")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of three behaviors on the reference engine."""
    plan = Plan.of(Request(adapter="reference", dtypes=("float64",), profile="quick", seed=5))
    runner = plan.runner()
    results = [runner.run(plan.behaviors[name], "float64") for name in IDS]
    info = plan.info(started="2025-01-31T09:14:07+00:00", seconds=1.0, complete=False)
    _, data = write_reports(tmp_path_factory.mktemp("verify"), info, results)
    return data


def verified(path, *more):
    return CliRunner().invoke(main, ["verify", str(path), *more])


def changed(report, tmp_path, change):
    document = json.loads(report.read_text(encoding="utf-8"))
    change(document)
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_an_honest_report_is_confirmed(report):
    done = verified(report)

    assert (done.exit_code, done.output) == (0, "3 of 3 verdicts agree\n")


def test_a_sample_is_enough(report):
    assert verified(report, "--sample", "2").output == "2 of 2 verdicts agree\n"


def test_a_verdict_that_was_written_by_hand_is_told(report, tmp_path):
    def change(document):
        document["results"][0]["verdict"] = "unexpected_pass"

    done = verified(changed(report, tmp_path, change))

    assert done.exit_code == 1
    assert "unexpected_pass in the report, pass here\n2 of 3 verdicts agree\n" in done.output


@pytest.mark.parametrize(
    ("verdict", "signature"),
    [
        ("crash", "crash"),
        ("timeout", "timeout"),
        ("error", "error: MemoryError"),
        ("expected_failure", "crash"),
    ],
)
def test_what_ended_its_process_is_not_tried_nor_what_it_blocked(
    report, tmp_path, verdict, signature
):
    def change(document):
        ended, blocked, _ = document["results"]
        ended.update(verdict=verdict, signature=signature)
        blocked.update(verdict="blocked", reason=f"blocked by {ended['behavior']}")

    done = verified(changed(report, tmp_path, change))

    assert (done.exit_code, done.output) == (0, "1 of 1 verdicts agree\n")


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("catalogue", "0" * 64, "the behaviors differ"),
        ("expectations", "0" * 64, "the known failures differ"),
        ("engine_version", "0.0", "the engine versions differ"),
        ("command", "make", "does not say by which command"),
        ("command", "pytest --adapter=nosuch", "nosuch"),
    ],
)
def test_a_run_that_cannot_be_made_again_is_refused(report, tmp_path, key, value, says):
    done = verified(
        changed(report, tmp_path, lambda document: document["run"].update({key: value}))
    )

    assert done.exit_code == 2
    assert says in done.output
