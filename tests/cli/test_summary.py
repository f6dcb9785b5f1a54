"""``conformance summary``: Markdown that says what went wrong and lets nothing through."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report.fake import FAILURE, MESSAGE, REPRO

from conformance.report.markdown import fenced, inline, link
from conformance.report.reading import read_report
from conformance.report.summary import summary_markdown

from .markup import rendered
from .runs import HOSTILE, HOSTILE_FACTS, hostile_results, result, write_journal, write_report

WORDS = (
    "a.one=pass",
    "a.two=fail",
    "a.two[float32]=fail",
    "a.three=error",
    "a.four=expected_failure",
    "a.five=blocked",
)


@pytest.fixture
def summary(conformance, tmp_path):
    def sum_up(*words, **facts):
        done = conformance("summary", write_report(tmp_path / "run.json", *words, **facts))
        assert done.exit_code == 0
        return done.output

    return sum_up


def test_scores_come_by_level(summary):
    lines = summary(*WORDS).splitlines()

    assert lines[0] == "## torch 2.13.0+cpu on cpu: 1/5 conform (20 %)"
    assert lines[2:6] == [
        "| level | passed/tried | score | fail | error | expected failure | blocked |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| core | 1/5 | 20 % | 2 | 1 | 1 | 1 |",
        "| **all** | 1/5 | 20 % | 2 | 1 | 1 | 1 |",
    ]


def test_a_divergence_tells_its_promise_sources_and_reproduction(summary):
    text = summary(*WORDS)
    page = rendered(text)

    assert text.count("<details>") == text.count("</details>") == 2
    assert f"fail a.two (float64, float32): {MESSAGE}" in page.text
    assert "error a.three: why a.three is error" in page.text
    assert "a.four" not in page.text
    assert "The promise of a.two." in page.text
    assert "https://docs.pytorch.org/backward.html" in page.addresses
    assert f"```python\n{REPRO.strip()}\n```" in text
    for said in (FAILURE.expected, FAILURE.actual, FAILURE.replay):
        assert f"\n{said}\n```" in text


def test_a_partial_run_says_so_and_has_no_percentage(summary, conformance, tmp_path):
    journal = write_journal(tmp_path / "run.jsonl", "a.one=pass", "a.two=fail", "a.x=pass", cut=9)

    for text in (summary("a.one=pass", "a.two=fail", complete=False),
                 conformance("summary", journal).output):  # fmt: skip
        assert "1/2 conform (partial)" in text
        assert "**Partial run.**" in text
        assert "%" not in text.replace("%20", "")


def test_a_run_that_tried_nothing_claims_nothing(summary):
    text = summary("a.one=unsupported")

    assert "**Nothing was tried.**" in text
    assert "%" not in text


def test_a_summary_keeps_within_its_room(tmp_path):
    words = [f"a.b{number}=fail" for number in range(300)]
    report = read_report(write_report(tmp_path / "run.json", *words))

    text = summary_markdown(report, room=20_000)

    shown = text.count("<details>")
    assert len(text.encode()) < 20_100
    assert 5 < shown < 300
    assert text.endswith(f"\n{300 - shown} more are in the report.\n")
    assert text.count("</details>") == shown


def test_a_very_long_text_keeps_its_ends(conformance, tmp_path):
    said = "start " + "x" * 100_000 + " end"
    failure = replace(FAILURE, message=said, actual=said)
    results = [
        result("a.one", "fail", failure=failure),
        result("a.two", "crash", reason=f"{said}\n{said}"),
    ]

    text = conformance("summary", write_report(tmp_path / "long.json", of=results)).output

    assert len(text) < 20_000
    assert text.count("\nstart xxx") == text.count("xxx end\n") == 2


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_an_engine_says_takes_effect(conformance, tmp_path, text):
    facts = dict.fromkeys(HOSTILE_FACTS, text)
    report = write_report(tmp_path / "bad.json", of=hostile_results(text), **facts)

    output = conformance("summary", report).output
    page = rendered(output)

    allowed = "h2 h3 table thead tbody tr th td strong details summary b blockquote p a pre code"
    assert page.tags <= set(allowed.split())
    assert page.attributes <= {"href", "class", "style"}
    assert all(address.startswith("https://example.org/") for address in page.addresses)
    assert [tag for tag, _ in page.elements if tag in ("h2", "h3")] == ["h2", "h3"]
    assert output.replace("\n", "").isprintable()


def test_inline_text_comes_back_as_it_was():
    for text in (
        "- a",
        "1. b",
        "# c",
        "*d* _e_ `f` [g](h) <i> &amp; | ~~j~~ $k$",
        "www.l.m",
        "+ n",
    ):
        page = rendered(f"{inline(text)}\n")
        assert page.tags == {"p"}
        assert page.text == text


def test_a_fence_is_longer_than_what_it_holds():
    assert fenced("````\nx") == "`````\n````\nx\n`````"
    assert fenced("x", "python") == "```python\nx\n```"


def test_only_web_pages_become_links():
    assert link("a", "https://b.org/c d)") == "[a](https://b.org/c%20d%29)"
    assert rendered(link("a", "javascript:alert(1)")).addresses == set()


def test_an_unreadable_report_exits_2(conformance, tmp_path):
    assert conformance("summary", tmp_path).exit_code == 2


def test_the_summary_goes_to_a_file(conformance, tmp_path):
    report = write_report(tmp_path / "run.json", "a.one=pass")

    done = conformance("summary", report, "--out", tmp_path / "summary.md")

    assert (done.exit_code, done.output) == (0, "")
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").startswith("## torch")
