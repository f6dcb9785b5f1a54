"""Which files are reports, and what is said of those that are not."""

from __future__ import annotations

import json

import pytest

from conformance.report.reading import UnreadableError, read_report

from .runs import write_journal, write_report

WORDS = ("a.one=pass", "a.two=fail", "b.three=unsupported")


def test_a_journal_reads_as_the_report_of_its_run(tmp_path):
    report = read_report(write_report(tmp_path / "run.json", *WORDS))
    journal = read_report(write_journal(tmp_path / "run.jsonl", *WORDS, ends=True))

    assert journal.document == report.document
    assert not journal.partial


def test_a_journal_cut_in_the_middle_of_a_line_is_partial(tmp_path):
    report = read_report(write_journal(tmp_path / "run.jsonl", *WORDS, cut=40))

    assert report.partial
    assert [one["behavior"] for one in report.results] == ["a.one", "a.two"]
    assert report.summary["total"]["fraction"] == "1/2"
    assert report.summary["total"]["score"] is None


def test_the_summary_is_counted_and_not_believed(tmp_path):
    path = write_report(tmp_path / "run.json", *WORDS)
    document = json.loads(path.read_text())
    document["summary"]["total"] |= {"passed": 9, "tried": 9, "fraction": "9/9", "score": 1.0}
    path.write_text(json.dumps(document))

    assert read_report(path).summary["total"]["fraction"] == "1/2"


@pytest.mark.parametrize(
    ("place", "value", "key"),
    [
        (("run",), None, "run: None is not of type 'object'"),
        (("run", "seed"), "7", "run.seed: '7' is not of type 'integer'"),
        (("results", 1, "verdict"), "maybe", "results[1].verdict: 'maybe' is not one of"),
        (("results", 0, "seconds"), -1, "results[0].seconds: -1 is less than the minimum"),
        (("results", 0, "sources"), [["a"]], "results[0].sources[0]: ['a'] is too short"),
        (("suite", "name"), "\x1b[31mx", "suite.name: 'autograd-conformance' was expected"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(tmp_path, place, value, key):
    path = write_report(tmp_path / "run.json", *WORDS)
    document = json.loads(path.read_text())
    *outer, last = place
    holder = document
    for step in outer:
        holder = holder[step]
    holder[last] = value
    path.write_text(json.dumps(document))

    with pytest.raises(UnreadableError) as caught:
        read_report(path)

    assert str(caught.value).startswith(f"{path}, {key}")


def test_a_missing_key_is_named(tmp_path):
    path = write_report(tmp_path / "run.json", *WORDS)
    document = json.loads(path.read_text())
    del document["results"][2]["dtype"]
    document["suite"]["version"] = "9.9"
    path.write_text(json.dumps(document))

    with pytest.raises(
        UnreadableError, match=r"results\[2\]: 'dtype' is a required.*9\.9; this is"
    ):
        read_report(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.json", b"", "is no JSON"),
        ("cut.json", b'{"suite": {', "is no JSON"),
        ("binary.json", b"\xff\xfe\x00\x01\x80", "is no JSON"),
        ("list.json", b"[]", "the report itself: [] is not of type 'object'"),
        ("nan.json", b'{"suite": NaN}', "NaN is no number of JSON"),
        ("deep.json", b"[" * 200_000, "is nested too deeply"),
        ("empty.jsonl", b"", "holds no run"),
        ("cut.jsonl", b'{"kind": "run", "adap', "holds no run"),
        ("bad.jsonl", b'{"kind": "run"}\n?\n{}\n', "line 2 is no journal line"),
        ("facts.jsonl", b'{"kind": "run", "adapter": "x"}\n', "required property"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(UnreadableError) as caught:
        read_report(path)

    message = str(caught.value)
    assert str(path) in message
    assert said in message
    assert len(message) < 600
    assert message.isprintable()


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "missing.json", tmp_path / "missing.jsonl"):
        with pytest.raises(UnreadableError, match="cannot be read"):
            read_report(path)
