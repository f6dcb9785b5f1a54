"""Installed beside other projects, the plugin leaves them alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import conformance
from conformance._pytest_entry import names_missing_suite, selects_suite, suite_root

pytest_plugins = ("pytester",)
SUITE = Path(conformance.__file__).parent


def test_entry_point_imports_nothing_heavy():
    heavy = "{'numpy', 'hypothesis', 'torch', 'rich', 'jinja2'}"
    code = f"import sys, pytest, conformance._pytest_entry; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    assert done.stdout.strip() == "set()"


FOREIGN = """
    def pytest_addoption(parser):
        parser.addoption("--device", default="theirs")
        parser.addoption("--level", type=int, default=3)
        parser.addoption("--adapter", action="store_true")
"""


@pytest.mark.parametrize(
    "arguments", [[], ["."], ["test_theirs.py"], ["-n2"], ["-k", "conformance"]]
)
def test_foreign_options_of_the_same_names_work(pytester, arguments):
    pytester.makeconftest(FOREIGN)
    pytester.makepyfile(
        test_theirs="""
        def test_conformance(request):
            assert request.config.getoption("--device") == "mine"
            assert request.config.getoption("--level") == 7
            assert not request.config.pluginmanager.has_plugin("autograd_conformance_suite")
        """
    )
    result = pytester.runpytest_inprocess("--device=mine", "--level=7", *arguments)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*conformance: *")


@pytest.mark.parametrize("name", ["conformance", "conformance/specs", "conformance/test_theirs.py"])
def test_foreign_directory_of_the_same_name_is_theirs(pytester, name):
    pytester.makeconftest(FOREIGN)
    specs = pytester.mkpydir("conformance") / "specs"
    specs.mkdir()
    (specs / "__init__.py").touch()
    for folder in (specs, specs.parent):
        (folder / "test_theirs.py").write_text(
            "def test(pytestconfig):\n    assert pytestconfig.getoption('--device') == 'theirs'\n"
        )
    result = pytester.runpytest_subprocess(name)
    result.assert_outcomes(passed=2 if name == "conformance" else 1)
    assert not (pytester.path / "reports").exists()


def test_ini_options_of_the_suite_are_known_to_a_strict_project(pytester):
    pytester.makeini("[pytest]\nconformance_adapter = torch\naddopts = --strict-config")
    pytester.makepyfile("def test(): pass")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*conformance_adapter*")


def test_value_of_another_option_does_not_wake_the_plugin(pytester):
    pytester.makeconftest(
        """
        def pytest_addoption(parser):
            parser.addoption("--cov")

        def pytest_collection_finish(session):
            assert not session.config.pluginmanager.has_plugin("autograd_conformance_suite")
        """
    )
    pytester.makepyfile("def test(): pass")
    result = pytester.runpytest_inprocess("--cov", SUITE, ".", f"--rootdir={pytester.path}")
    result.assert_outcomes(passed=1)
    assert result.ret == 0


def test_options_are_in_help_only_for_the_suite(pytester):
    pytester.runpytest_inprocess("--help").stdout.no_fnmatch_line("*--adapter=*")
    shown = pytester.runpytest_inprocess("--pyargs", "conformance", "--help")
    assert shown.ret == 0
    shown.stdout.fnmatch_lines(
        ["conformance of an automatic-differentiation engine:", "*--adapter*"]
    )


def test_conflict_with_a_conftest_says_the_mend(pytester):
    pytester.makeconftest(FOREIGN)
    result = pytester.runpytest_inprocess("--pyargs", "conformance")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: *conftest.py*--device*--noconftest*"])


def test_suite_asked_for_by_name_where_it_is_not(pytester):
    result = pytester.runpytest_inprocess("conformance", "--adapter=torch")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: *no directory 'conformance'*--pyargs*"])


@pytest.mark.parametrize(
    ("argument", "pyargs", "selected"),
    [
        (str(SUITE), False, True),
        (f"{SUITE}/", False, True),
        (f"{SUITE}/specs", False, True),
        (f"{SUITE}/specs/accumulation.py", False, True),
        (f"{SUITE}/specs/accumulation.py::accumulation.sums[float64]", False, True),
        (f"{SUITE}/results.py", False, False),
        (str(SUITE.parent), False, False),
        ("conformance", True, True),
        ("conformance.specs", True, True),
        ("conformance.specs.accumulation::accumulation.sums[float64]", True, True),
        ("conformance.results", True, False),
        ("conformance", False, False),
        ("conformances", True, False),
    ],
)
def test_what_selects_the_suite(tmp_path, argument, pyargs, selected):
    assert selects_suite([argument], pyargs=pyargs, directory=tmp_path) is selected


def test_relative_arguments_are_taken_from_the_working_directory(tmp_path):
    for marker in ("_pytest_entry.py", "behavior.py", "specs/__init__.py"):
        copy = tmp_path / "conformance" / marker
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SUITE / marker, copy)
    assert selects_suite(["conformance"], pyargs=False, directory=tmp_path)
    assert selects_suite(["specs/x.py"], pyargs=False, directory=tmp_path / "conformance")
    assert suite_root(tmp_path / "conformance") == tmp_path / "conformance"
    assert not names_missing_suite(["conformance"], directory=tmp_path)
