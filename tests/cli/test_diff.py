"""``conformance diff``: what it calls a regression, and the status that it ends with."""

from __future__ import annotations

import pytest

from conformance.report.comparison import Kind, kind_of
from conformance.results import Verdict

from .runs import HOSTILE, HOSTILE_FACTS, hostile_results, write_journal, write_report


@pytest.fixture
def diff(conformance, tmp_path):
    """The command on two runs told in words."""

    def compare(old, new):
        return conformance(
            "diff",
            write_report(tmp_path / "old.json", *old.split()),
            write_report(tmp_path / "new.json", *new.split()),
        )

    return compare


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("pass", "fail", "regressed"),
        ("pass", "error", "regressed"),
        ("pass", "crash", "regressed"),
        ("pass", "timeout", "regressed"),
        ("pass", "expected_failure", "regressed"),
        ("pass", "unsupported", "regressed"),
        ("pass", "blocked", "regressed"),
        ("expected_failure", "fail", "regressed"),
        ("unexpected_pass", "fail", "regressed"),
        ("fail", "pass", "fixed"),
        ("timeout", "pass", "fixed"),
        ("expected_failure", "unexpected_pass", "fixed"),
        ("unsupported", "pass", "new"),
        ("blocked", "fail", "new"),
        (None, "fail", "new"),
        ("pass", None, "gone"),
        ("fail", "unsupported", "gone"),
        ("fail", None, "gone"),
        ("pass", "pass", None),
        ("pass", "unexpected_pass", None),
        ("fail", "crash", None),
        ("fail", "expected_failure", None),
        ("unsupported", "blocked", None),
        ("unsupported", None, None),
        (None, "unsupported", None),
    ],
)
def test_kinds_of_change(old, new, kind):
    found = kind_of(old and Verdict(old), new and Verdict(new))

    assert found == (kind and Kind(kind))


def test_every_pair_of_verdicts_has_a_place():
    for old in Verdict:
        assert kind_of(old, old) is None
        for new in Verdict:
            if old is Verdict.PASS and new not in (Verdict.PASS, Verdict.UNEXPECTED_PASS):
                assert kind_of(old, new) is Kind.REGRESSED


def test_a_regression_exits_1_and_is_named_first(diff):
    done = diff("a.one=pass a.two=fail", "a.one=fail a.two=pass a.new=pass")

    assert done.exit_code == 1
    regressed, fixed, new, counts = done.output.split("\n\n")[1:]
    assert regressed.startswith("regressed (1)\n  a.one (float64)  pass → fail\n")
    assert "The promise of a.one." in regressed
    assert fixed.startswith("fixed (1)\n  a.two (float64)  fail → pass\n")
    assert new.startswith("new (1)\n  a.new (float64)  not asked → pass\n")
    assert counts == "1 regressed, 1 fixed, 1 new, 0 gone\n"


def test_dtypes_are_compared_apart(diff):
    done = diff("a.one=fail a.one[float32]=pass", "a.one=pass a.one[float32]=fail")

    assert done.exit_code == 1
    assert "a.one (float32)  pass → fail" in done.output
    assert "a.one (float64)  fail → pass" in done.output


@pytest.mark.parametrize("new", ["a.one=pass a.two=fail", "a.one=pass a.two=pass", "a.one=pass"])
def test_without_a_regression_the_status_is_0(diff, new):
    done = diff("a.one=pass a.two=fail", new)

    assert done.exit_code == 0
    assert "0 regressed" in done.output


def test_a_phrase_forgotten_is_a_regression(diff):
    assert diff("a.one=pass", "a.one=unsupported").exit_code == 1


def test_a_killed_run_can_be_compared(conformance, tmp_path):
    old = write_report(tmp_path / "old.json", "a.one=pass", "a.two=pass")
    new = write_journal(tmp_path / "new.jsonl", "a.one=fail", "a.two=pass", cut=20)

    done = conformance("diff", old, new)

    assert done.exit_code == 1
    assert "0/1 conform (partial)" in done.output
    assert "1 regressed, 0 fixed, 0 new, 1 gone" in done.output


@pytest.mark.parametrize("content", ["", "{}", "[1", '{"suite": 1}'])
def test_an_unreadable_report_exits_2(conformance, tmp_path, content):
    good, bad = write_report(tmp_path / "good.json", "a.one=pass"), tmp_path / "bad.json"
    bad.write_text(content, encoding="utf-8")

    for pair in ((good, bad), (bad, good), (good, tmp_path / "missing.json")):
        done = conformance("diff", *pair)
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert str(next(path for path in pair if path != good)) in done.stderr


@pytest.mark.parametrize("text", HOSTILE)
def test_no_control_characters_come_through(conformance, tmp_path, text):
    facts = dict.fromkeys(HOSTILE_FACTS, text)
    old = write_report(tmp_path / "old.json", "a.one=pass")
    new = write_report(tmp_path / "new.json", of=hostile_results(text), **facts)

    done = conformance("diff", old, new)

    assert done.exit_code == 0
    assert "3 new, 1 gone" in done.output
    assert done.output.replace("\n", "").isprintable()
