"""What is collected, under which ids, in which order, and how pytest's own selection works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import conformance

pytest_plugins = ("pytester",)
SUITE = Path(conformance.__file__).parent
FILE = "conformance/specs/accumulation.py"


def ids(result):
    return [line for line in result.outlines if "::" in line]


def complete(pytester):
    return json.loads((pytester.path / "reports/fake-cpu.json").read_text())["run"]["complete"]


def test_one_item_for_each_behavior_and_dtype_and_nothing_else(suite, pytester):
    result = suite("--collect-only", "-q")
    assert ids(result) == [
        f"{FILE}::accumulation.pass-basic[float64]",
        f"{FILE}::accumulation.pass-late[float64]",
        f"{FILE}::accumulation.pass-basic[float32]",
        f"{FILE}::accumulation.pass-late[float32]",
        f"{FILE}::accumulation.pass-full[float64]",
        f"{FILE}::accumulation.pass-full[float32]",
        f"{FILE}::accumulation.pass-double-only[float64]",
        f"{FILE}::accumulation.pass-warning[float64]",
        f"{FILE}::accumulation.pass-warning[float32]",
        f"{FILE}::accumulation.pass-slow[float64]",
        f"{FILE}::accumulation.pass-slow[float32]",
    ]
    assert not (pytester.path / "reports").exists()


def test_verbose_shows_readable_ids(suite):
    result = suite("-v", "-k", "pass-basic and float64")
    result.stdout.fnmatch_lines([f"{FILE}::accumulation.pass-basic?float64? PASSED*"])


def test_level_leaves_higher_behaviors_out(suite, pytester):
    core = ids(suite("--collect-only", "-q", "--level=core", "--dtype=float64"))
    assert not any("full" in node or "double-only" in node for node in core)
    assert len(core) == 4
    suite("--level=core")
    assert complete(pytester)


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        (["-k", "accumulation.pass-late"], 2),
        (["-k", "late and float32"], 1),
        (["-m", "full"], 2),
        (["-m", "core", "--strict-markers"], 8),
        (["-m", "extended or full"], 3),
        (["--deselect", f"{FILE}::accumulation.pass-slow[float64]"], 10),
    ],
)
def test_selection(suite, pytester, arguments, passed):
    suite(*arguments).assert_outcomes(passed=passed, deselected=11 - passed)
    assert not complete(pytester)


def test_selection_of_nothing_is_not_a_success(suite, pytester):
    assert suite("-k", "nothing-of-that-name").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert not (pytester.path / "reports").exists()


@pytest.mark.parametrize("parent", ["", "specs"])
def test_suite_by_path(suite, pytester, parent):
    root = f"--rootdir={pytester.path}"
    found = ids(suite(SUITE / parent, root, "--collect-only", "-q"))
    assert len(found) == 11
    assert found[0] == f"{FILE}::accumulation.pass-basic[float64]"


def test_checkout_beside_an_installed_suite(suite, pytester):
    for marker in ("_pytest_entry.py", "behavior.py", "specs/__init__.py", "specs/accumulation.py"):
        file = pytester.path / "conformance" / marker
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("raise RuntimeError('this file is not to be imported')")
    assert len(ids(suite("conformance", "--collect-only", "-q"))) == 11


def test_other_tests_may_be_run_along_with_the_suite(suite, pytester):
    path = pytester.makepyfile("def test(): pass")
    suite(path, "-k", "basic or test").assert_outcomes(passed=3, deselected=9)


def test_last_failed_and_exit_first(suite, pytester):
    suite(behaviors="pass fail").assert_outcomes(passed=11, failed=2)
    assert complete(pytester)
    suite("--lf", behaviors="pass fail").assert_outcomes(failed=2, deselected=11)
    assert not complete(pytester)
    suite("-x", "--lf", behaviors="pass fail").assert_outcomes(failed=1, deselected=11)


def test_duplicates_are_not_tried_twice(suite):
    suite("conformance.specs", "-k", "basic").assert_outcomes(passed=2, deselected=9)
