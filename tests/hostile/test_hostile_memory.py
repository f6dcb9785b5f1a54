"""Engines that want much memory: what they may have, and what is said of those that keep it.

Their processes may have 5 GiB of address space, so that none endangers the machine.
"""

from __future__ import annotations

import json
import sys

import pytest
from hostile_runs import ALL, DETACHING, MAKING, SUMMING, judged, only, start, words

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and reads memory as Linux")

TIMES = {"seconds", "started", "memory_growth_mib"}


def patient(engine, *more):
    """The arguments of a run in which a behavior may take the minute that it has by default."""
    return [word for word in words(engine, *more) if word != "-plimits"]


def without(keys, value):
    if isinstance(value, dict):
        return {key: without(keys, item) for key, item in value.items() if key not in keys}
    return [without(keys, item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("engine", ["Spare", "Holds"])
def test_two_gigabytes_for_each_result_are_no_divergence(tmp_path, engine):
    done = start(tmp_path, "-m", "pytest", *patient(engine))
    assert done.returncode == 0, done.stdout
    assert judged(tmp_path / engine)[0] == dict.fromkeys(ALL, "pass")


def test_memory_that_is_kept_until_there_is_none_is_an_error(tmp_path):
    done = start(tmp_path, "-m", "pytest", *patient("Reserves"))
    assert done.returncode == 1
    verdicts, results = judged(tmp_path / "Reserves")
    assert verdicts == only(DETACHING, "error")
    (failing,) = (result for result in results if result.behavior == DETACHING)
    assert failing.reason.startswith("MemoryError: ")
    assert failing.memory_growth_mib is None


def test_worker_without_memory_is_replaced_and_its_program_shown(tmp_path):
    done = start(tmp_path, "-m", "pytest", *patient("Hoards", "--isolate"))
    assert done.returncode == 1
    assert b"replacing crashed worker" in done.stdout
    verdicts, results = judged(tmp_path / "Hoards")
    assert verdicts == only(DETACHING, "error")
    (failing,) = (result for result in results if result.behavior == DETACHING)
    assert failing.reason.startswith("MemoryError: ")
    assert failing.signature == "error: MemoryError"
    assert "detach(" in failing.failure.program
    assert failing.witness is not None


def test_known_lack_of_memory_is_an_expected_failure_that_blocks_nothing(tmp_path):
    (tmp_path / "known.toml").write_text(
        f'[[expected]]\nbehavior = "{DETACHING}"\nreason = "keeps all"\n'
        'signature = "error: MemoryError"\nwitness = "00"\n',
        encoding="utf-8",
    )
    arguments = patient("Reserves", "--isolate", "--expectations=known.toml")
    done = start(tmp_path, "-m", "pytest", *arguments)
    assert done.returncode == 0, done.stdout
    assert judged(tmp_path / "Reserves")[0] == only(DETACHING, "expected_failure")


def test_leak_is_shown_as_growth_of_its_behavior(tmp_path):
    done = start(tmp_path, "-m", "pytest", *words("Leaks", "--isolate"))
    assert done.returncode == 0, done.stdout
    verdicts, results = judged(tmp_path / "Leaks")
    assert verdicts == dict.fromkeys(ALL, "pass")
    growth = {result.behavior: result.memory_growth_mib for result in results}
    assert 25 * 4 <= growth[DETACHING] < 25 * 4 + 16
    assert max(growth[SUMMING], growth[MAKING]) < 16

    document = json.loads((tmp_path / "Leaks" / "leaks-cpu.json").read_text(encoding="utf-8"))
    assert {r["behavior"]: r["memory_growth_mib"] for r in document["results"]} == growth
    page = (tmp_path / "Leaks" / "leaks-cpu.html").read_text(encoding="utf-8")
    assert f"Memory grew: +{growth[DETACHING]:.1f} MiB in float64" in page
    assert page.count("Memory grew") == 1


def test_isolated_runs_of_the_reference_engine_differ_in_times_and_memory_only(tmp_path):
    documents = []
    for name in ("first", "second", "plain"):
        chosen = [word for word in words(name) if not word.startswith("--adapter")]
        options = ["--adapter=reference", *(["--isolate"] if name != "plain" else [])]
        assert start(tmp_path, "-m", "pytest", *chosen, *options).returncode == 0
        path = tmp_path / name / "reference-cpu.json"
        documents.append(json.loads(path.read_text(encoding="utf-8")))

    first, second, plain = documents
    assert without(TIMES, first) == without(TIMES, second) == without(TIMES, plain)
    assert all(abs(result["memory_growth_mib"]) < 16 for result in first["results"])
    assert not any("memory_growth_mib" in result for result in plain["results"])
