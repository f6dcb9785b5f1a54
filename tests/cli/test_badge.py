"""``conformance badge``: what it says, and in which color."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from .runs import write_journal, write_report

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("words", "facts", "message"),
    [
        ("a.one=pass", {}, "100%"),
        ("a.one=pass a.two=fail a.three=pass", {}, "66.6%"),
        ("a.one=pass a.two=blocked a.three=unsupported", {}, "100%"),
        ("a.one=pass", {"level": "core"}, "100% (core)"),
        ("a.one=pass a.two=fail", {"complete": False}, "partial 1/2"),
        ("a.one=unsupported", {}, "nothing tried"),
        ("a.one=unsupported", {"complete": False}, "nothing tried"),
    ],
)
def test_message(conformance, tmp_path, words, facts, message):
    report = write_report(tmp_path / "run.json", *words.split(), **facts)

    endpoint = json.loads(conformance("badge", "--endpoint", report).output)
    image = ElementTree.fromstring(conformance("badge", report).output)

    assert endpoint["schemaVersion"] == 1
    assert (endpoint["label"], endpoint["message"]) == ("autograd conformance", message)
    assert [text.text for text in image.iter(f"{SVG}text")] == ["autograd conformance", message]
    assert image.attrib["aria-label"] == f"autograd conformance: {message}"


def test_a_percentage_is_never_rounded_up(conformance, tmp_path):
    words = [f"a.b{number}=pass" for number in range(2999)]
    report = write_report(tmp_path / "run.json", *words, "a.bad=fail")

    assert json.loads(conformance("badge", "--endpoint", report).output)["message"] == "99.9%"


def test_colors_grow_worse_with_the_score(conformance, tmp_path):
    def color(passed, failed, **facts):
        words = [f"a.p{n}=pass" for n in range(passed)] + [f"a.f{n}=fail" for n in range(failed)]
        report = write_report(tmp_path / "run.json", *words, **facts)
        return json.loads(conformance("badge", "--endpoint", report).output)["color"]

    colors = [color(20, 0), color(19, 1), color(8, 2), color(1, 9)]
    assert len(set(colors)) == 4
    assert color(20, 0, complete=False) not in colors


def test_a_killed_run_has_no_percentage(conformance, tmp_path):
    journal = write_journal(tmp_path / "run.jsonl", "a.one=pass", "a.two=pass", cut=5)

    output = conformance("badge", journal).output

    assert "partial 1/1" in output
    assert "%" not in output


def test_the_badge_goes_to_a_file(conformance, tmp_path):
    report = write_report(tmp_path / "run.json", "a.one=pass")

    done = conformance("badge", report, "--out", tmp_path / "deep" / "badge.svg")

    assert (done.exit_code, done.output) == (0, "")
    root = ElementTree.parse(tmp_path / "deep" / "badge.svg").getroot()
    width = int(root.attrib["width"])
    ends = [
        float(text.attrib["x"]) + float(text.attrib["textLength"])
        for text in root.iter(f"{SVG}text")
    ]
    assert root.tag == f"{SVG}svg"
    assert max(ends) <= width


def test_an_unreadable_report_exits_2(conformance, tmp_path):
    done = conformance("badge", tmp_path / "missing.json")

    assert (done.exit_code, done.stdout) == (2, "")
