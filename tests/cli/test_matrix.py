"""``conformance matrix``: engines side by side, in a terminal, on a page and as Markdown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report.fake import run

from conformance.report.html import page_environment
from conformance.report.matrix import build_matrix
from conformance.report.reading import read_report

from .markup import Markup, rendered
from .runs import HOSTILE, HOSTILE_FACTS, hostile_results, write_journal, write_report

FIRST = ("a.one=pass", "a.two=pass", "a.two[float32]=fail", "b.three=blocked", "b.four=unsupported")
SECOND = ("a.one=fail", "a.two=pass", "b.three=pass")


@pytest.fixture
def pair(tmp_path):
    return (
        write_report(tmp_path / "first.json", *FIRST, adapter="first"),
        write_report(tmp_path / "second.json", *SECOND, adapter="second"),
    )


@pytest.fixture
def pages(conformance, tmp_path):
    """Both files that the command writes for some reports."""

    def write(*reports):
        page, text = tmp_path / "deep" / "m.html", tmp_path / "deep" / "m.md"
        done = conformance("matrix", *reports, "--html", page, "--markdown", text)
        assert done.exit_code == 0
        return page.read_text(encoding="utf-8"), text.read_text(encoding="utf-8")

    return write


def row(output: str, name: str) -> list[str]:
    (line,) = (line for line in output.splitlines() if line.split("  ")[0] == name)
    return [cell.strip() for cell in line.split("  ")[1:] if cell.strip()]


def test_rows_are_behaviors_with_the_worst_dtype_first(pair):
    matrix = build_matrix([read_report(path) for path in pair])

    assert [(one.id, one.cells) for one in matrix.rows] == [
        ("a.one", ((("pass", ""),), (("fail", ""),))),
        ("a.two", ((("fail", "float32"), ("pass", "float64")), (("pass", ""),))),
        ("b.four", ((("unsupported", ""),), ())),
        ("b.three", ((("blocked", ""),), (("pass", ""),))),
    ]
    assert [one.id for one in matrix.rows if one.diverging] == ["a.one", "a.two"]
    assert [one.id for one in matrix.rows if one.differing] == ["a.one", "a.two", "b.three"]


def test_what_is_not_tried_counts_as_neither_pass_nor_fail(conformance, pair):
    output = conformance("matrix", *pair).output

    assert row(output, "all") == ["2/3 66.6 % (+2)", "2/3 66.6 %"]
    assert row(output, "A") == ["2/3 66.6 %", "1/2 50 %"]
    assert row(output, "B") == ["nothing tried (+2)", "1/1 100 %"]
    assert row(output, "a.one") == ["pass", "fail"]


def test_piped_output_is_plain_and_unwrapped(conformance, pair):
    output = conformance("matrix", *pair, *pair, *pair, *pair).output

    assert "\x1b" not in output
    assert len(row(output, "all")) == 8


def test_a_killed_run_is_partial_without_a_percentage(conformance, pages, tmp_path):
    killed = write_journal(tmp_path / "run.jsonl", "a.one=pass", "a.two=fail", "a.six=pass", cut=9)

    output = conformance("matrix", killed).output
    page, text = pages(killed)

    assert "partial run" in output
    assert row(output, "all") == ["1/2 partial"]
    for told in (Markup(page).text, rendered(text).text):
        assert "partial run" in told
        assert "1/2" in told
        assert "%" not in told
        assert "a.six" not in told


def test_runs_of_one_engine_are_told_apart(conformance, tmp_path):
    first = write_report(tmp_path / "first.json", "a.one=pass")
    second = write_report(tmp_path / "second.json", "a.one=fail")

    output = conformance("matrix", first, second).output

    assert str(first) in output
    assert str(second) in output


def test_the_page_is_one_file_with_a_row_for_each_behavior(pages, pair):
    page = Markup(pages(*pair)[0])

    ids = [one["id"] for _, one in page.elements if one.get("id")]
    assert len(ids) == len(set(ids))
    assert {"a.one", "a.two", "b.three", "b.four"} <= set(ids)
    outside = [
        address for address in page.addresses if not address.startswith(("#", "data:", "https://d"))
    ]
    assert outside == []
    links = {address[1:] for address in page.addresses if address.startswith("#")}
    assert links <= set(ids)
    marks = [one for tag, one in page.elements if tag == "td" and "data-label" in one]
    assert [one["data-label"] for one in marks] == ["first", "second"] * 4


def test_the_markdown_holds_every_behavior(pages, pair):
    text = pages(*pair)[1]
    page = rendered(text)

    assert "| **all** | 2/3 66.6 % (+2) | 2/3 66.6 % |" in text
    for name in ("a.one", "a.two", "b.three", "b.four"):
        assert name in page.text
    assert "fail float32" in page.text
    assert page.tags >= {"table", "details", "strong"}


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_an_engine_says_takes_effect(conformance, pages, tmp_path, text):
    facts = dict.fromkeys(HOSTILE_FACTS, text)
    path = write_report(tmp_path / "bad.json", of=hostile_results(text), **facts)
    good = write_report(tmp_path / "good.json", "a.plain=pass")
    harmless = [*map(Markup, pages(good)[:1]), rendered(pages(good)[1])]

    output = conformance("matrix", path, good).output
    page, markdown = pages(path, good)

    assert output.replace("\n", "").isprintable()
    for told, plain in zip((Markup(page), rendered(markdown)), harmless, strict=True):
        assert told.tags <= plain.tags | {"code", "strong"}
        assert told.attributes <= plain.attributes | {"data-differing", "data-diverging"}
        outside = {one for one in told.addresses if not one.startswith("#")} - plain.addresses
        assert all(one.startswith("https://example.org/") for one in outside)
        assert "alert(1)" not in text or "alert(1)" in told.text


def test_a_file_that_is_no_report_is_refused_before_anything_is_written(conformance, tmp_path):
    good = write_report(tmp_path / "good.json", "a.one=pass")
    bad = tmp_path / "bad.json"
    bad.write_text("{}", encoding="utf-8")

    done = conformance("matrix", good, bad, "--html", tmp_path / "m.html")

    assert done.exit_code == 2
    assert done.stderr.startswith(f"Error: {bad}, the report itself: 'suite' is a required")
    assert not (tmp_path / "m.html").exists()


def test_a_place_that_cannot_be_written_is_refused(conformance, tmp_path):
    good = write_report(tmp_path / "good.json", "a.one=pass")

    done = conformance("matrix", good, "--html", good / "m.html")

    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


def test_a_matrix_of_nothing_is_a_usage_error(conformance):
    assert conformance("matrix").exit_code == 2


def test_a_thousand_behaviors_stay_small(pages, tmp_path):
    many = [one for number in range(15) for one in _renamed(run(), number)]
    report = write_report(tmp_path / "many.json", of=many)

    page, markdown = pages(report, report)

    assert len(many) > 2000
    assert len(page.encode()) < 3_000_000
    assert len(markdown.encode()) < 900_000


def _renamed(results, number):
    return [replace(one, behavior=f"{one.behavior}-{number}") for one in results]


def test_templates_are_escaped_by_default():
    assert page_environment().from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
