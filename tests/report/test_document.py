"""The JSON report: its shape, its order, and its arithmetic."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from conformance.report import build_document, write_reports
from conformance.report.document import file_name
from conformance.results import Result, Verdict

from .fake import AREAS, INFO, run

SCHEMA = json.loads(files("conformance.report").joinpath("schema.json").read_text("utf-8"))


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_a_document_is_as_the_schema_says(document):
    assert list(document) == ["suite", "run", "summary", "results"]
    Draft202012Validator(SCHEMA).validate(document)


@pytest.mark.parametrize("broken", ["suite", "run", "summary", "results"])
def test_the_schema_wants_every_part_and_no_other(document, broken):
    validator = Draft202012Validator(SCHEMA)

    assert not validator.is_valid({k: v for k, v in document.items() if k != broken})
    assert not validator.is_valid({**document, "more": 1})
    assert not validator.is_valid({**document, "run": {**document["run"], "more": 1}})


def test_no_results_are_a_document_too():
    document = build_document(INFO, [])

    Draft202012Validator(SCHEMA).validate(document)
    assert document["summary"]["total"]["score"] is None
    assert document["summary"]["total"]["fraction"] == "0/0"


def test_results_come_back_as_they_were(document, results):
    read = [Result.from_json(data) for data in json.loads(json.dumps(document["results"]))]

    assert set(map(repr, read)) == set(map(repr, results))


def test_the_order_of_arrival_leaves_no_trace(results):
    shuffled = list(results)
    random.Random(0).shuffle(shuffled)

    assert build_document(INFO, shuffled) == build_document(INFO, results)


def test_two_runs_differ_in_times_only(results):
    later = [replace(result, seconds=result.seconds * 2) for result in results]
    info = replace(INFO, started="2031-01-01T00:00:00+00:00", seconds=1.0)

    first, second = build_document(INFO, results), build_document(info, later)

    assert first != second
    assert _without_times(first) == _without_times(second)


def test_memory_growth_is_a_number_or_no_key_at_all(results):
    measured = replace(results[1], memory_growth_mib=-0.5)

    document = build_document(INFO, [measured, results[0]])

    Draft202012Validator(SCHEMA).validate(document)
    assert [one.get("memory_growth_mib", "absent") for one in document["results"]] == [
        -0.5,
        "absent",
    ]
    assert Result.from_json(document["results"][0]) == measured
    document["results"][1]["memory_growth_mib"] = None
    assert not Draft202012Validator(SCHEMA).is_valid(document)


def test_areas_stand_in_the_order_given(results):
    backwards = list(reversed(AREAS))

    document = build_document(INFO, results, areas=backwards)

    assert list(document["summary"]["by_area"]) == backwards
    ids = [r["behavior"] for r in document["results"] if r["area"] == "Leaves"]
    assert ids == sorted(ids)


def test_without_an_order_results_are_sorted_by_id_and_dtype(results):
    keys = [(r["behavior"], r["dtype"]) for r in build_document(INFO, results)["results"]]

    assert keys == sorted(keys)


def test_the_tallies_add_up(document, results):
    summary = document["summary"]
    total = summary["total"]

    assert sum(total["counts"].values()) == len(results) == 140
    assert set(total["counts"]) == {verdict.value for verdict in Verdict}
    assert min(total["counts"].values()) > 0
    for part in ("by_level", "by_area"):
        for name in ("tried", "passed"):
            assert sum(tally[name] for tally in summary[part].values()) == total[name]


def test_only_passes_of_what_was_tried_make_the_score():
    verdicts = [*Verdict, Verdict.PASS, Verdict.UNSUPPORTED]
    results = [
        replace(run()[0], behavior=f"a.b{number}", verdict=verdict)
        for number, verdict in enumerate(verdicts)
    ]

    tally = build_document(INFO, results)["summary"]["total"]

    assert (tally["passed"], tally["tried"], tally["fraction"]) == (2, 8, "2/8")
    assert tally["score"] == 0.25


def test_an_incomplete_run_has_no_score(results):
    document = build_document(replace(INFO, complete=False), results)

    Draft202012Validator(SCHEMA).validate(document)
    for part in ({"all": document["summary"]["total"]}, document["summary"]["by_level"]):
        for tally in part.values():
            assert tally["score"] is None
            assert tally["tried"] > 0


def test_the_last_result_for_a_behavior_and_dtype_counts():
    first = run()[0]
    second = replace(first, verdict=Verdict.TIMEOUT, reason="no answer")

    document = build_document(INFO, [first, second])

    assert [result["verdict"] for result in document["results"]] == ["timeout"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("torch", "torch"),
        ("cuda:0", "cuda-0"),
        ("path/to/file.py:Class", "path-to-file.py-Class"),
        ("pkg.mod:Class", "pkg.mod-Class"),
        ("../../etc/passwd", "etc-passwd"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ('<script>"&', "script"),
    ],
)
def test_names_of_files_are_plain(name, expected):
    assert file_name(name) == expected


def test_reports_are_written_side_by_side(tmp_path, results):
    info = replace(INFO, adapter="pkg.mod:Engine", device="cuda:0")

    page, data = write_reports(tmp_path / "new" / "folder", info, results)

    assert page == tmp_path / "new" / "folder" / "pkg.mod-Engine-cuda-0.html"
    assert data.name == "pkg.mod-Engine-cuda-0.json"
    assert sorted(path.name for path in page.parent.iterdir()) == [page.name, data.name]
    assert json.loads(data.read_text("utf-8")) == build_document(info, results)


def test_what_is_no_text_is_written_all_the_same(tmp_path):
    odd = replace(run()[0], verdict=Verdict.ERROR, reason="\udcff\x00\\ \u2028")

    _, data = write_reports(tmp_path, INFO, [odd])

    assert json.loads(data.read_text("utf-8"))["results"][0]["reason"] == odd.reason


def _without_times(value):
    if isinstance(value, dict):
        return {
            key: _without_times(item)
            for key, item in value.items()
            if key not in ("seconds", "started")
        }
    return [_without_times(item) for item in value] if isinstance(value, list) else value
