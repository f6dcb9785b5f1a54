"""The behaviors as items of somebody else's suite."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from xml.etree import ElementTree

import fakes
import pytest

pytest_plugins = ("pytester",)

THEIRS = """
    from conformance import run_conformance

    test_conformance = run_conformance("fake", level={level!r}, dtypes=["float64"]{more})
"""
WHOLE = """
    from conformance.adapters.reference import Reference

    class Mine(Reference):
        name = "mine"
"""
BROKEN = """
    from conformance.adapters.reference import Reference

    class Mine(Reference):
        name = "mine"
        ops = Reference.ops | {"add": "a + b + b - b * 2.0"}
"""
ONE = """
    from conformance import run_conformance
    from mine import Mine

    test_conformance = run_conformance(
        Mine, dtypes=["float64"], profile="quick", only="operation.gradient-is-its-derivative"
    )
"""


@pytest.fixture
def theirs(pytester, monkeypatch):
    """Run a suite of theirs on the pretend behaviors, with the options given."""

    def run(*arguments, behaviors="pass", level="core", more=""):
        monkeypatch.setenv("FAKE_BEHAVIORS", behaviors)
        monkeypatch.setenv("COLUMNS", "200")
        pytester.makepyfile(test_theirs=THEIRS.format(level=level, more=more))
        with monkeypatch.context() as patch:
            fakes.pretend(patch.setattr)
            return pytester.runpytest_inprocess(*arguments)

    return run


@pytest.fixture
def theirs_alone(pytester, monkeypatch):
    """The same in a process of its own, as workers and marks never heard of need it."""

    def run(*arguments, behaviors="pass", level="core"):
        monkeypatch.setenv("FAKE_BEHAVIORS", behaviors)
        monkeypatch.setenv("PYTHONPATH", str(fakes.HERE))
        pytester.makepyfile(test_theirs=THEIRS.format(level=level, more=""))
        return pytester.runpytest_subprocess("-pfakes", *arguments)

    return run


def items(result):
    return re.findall(r"^test_theirs.py::\S+", result.stdout.str(), re.MULTILINE)


def test_items_are_behaviors_and_dtypes_and_basics_come_first(theirs):
    result = theirs("--collect-only", "-q", level="extended")
    assert items(result)[:3] == [
        "test_theirs.py::test_conformance[accumulation.pass-basic-float64]",
        "test_theirs.py::test_conformance[accumulation.pass-late-float64]",
        "test_theirs.py::test_conformance[accumulation.pass-double-only-float64]",
    ]
    assert result.ret == 0


def test_items_stand_where_the_call_does(theirs):
    result = theirs("-v", "-rs", behaviors="unsupported")
    result.stdout.fnmatch_lines(
        [
            "test_theirs.py::test_conformance?accumulation.unsupported-hooks-float64? SKIPPED*",
            "SKIPPED ?1? test_theirs.py:3: unsupported: needs hook",
        ]
    )


def test_names_and_levels_choose_items_and_no_mark_is_unknown(theirs_alone):
    strict = ("--strict-markers", "-Werror", "-v")
    chosen = theirs_alone(*strict, "-k", "accumulation and late", level="full")
    chosen.assert_outcomes(passed=1, deselected=5)
    chosen = theirs_alone(*strict, "-m", "extended or full", level="full")
    assert [name.rpartition(".")[2] for name in items(chosen)] == [
        "pass-full-float64]",
        "pass-double-only-float64]",
    ]


def test_marks_of_the_suite_are_unknown_where_it_is_not(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.core
        @pytest.mark.parametrize("conformance_trial", [1])
        def test(conformance_trial):
            pass
        """
    )
    result = pytester.runpytest_subprocess("--strict-markers")
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*'core' not found in `markers`*"])


def test_each_verdict_has_its_outcome(theirs, pytester):
    pytester.makefile(
        ".toml",
        known='[[expected]]\nbehavior = "*.fail-sum"\nreason = "it adds twice"\n'
        '[[expected]]\nbehavior = "*.pass-slow"\nreason = "no more"',
    )
    result = theirs(
        "-rxsf",
        behaviors="pass fail unsupported blocked error",
        more=", expectations='known.toml'",
    )
    assert result.ret == 1
    result.assert_outcomes(passed=3, xfailed=1, skipped=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "XFAIL test_theirs.py::*fail-sum-float64? - *it adds twice*",
            "SKIPPED ?1? test_theirs.py:3: unsupported: needs hook",
            "SKIPPED ?1? test_theirs.py:3: blocked by accumulation.sums",
            "FAILED test_theirs.py::*pass-slow-float64? - *unexpected pass: *no more*",
            "FAILED test_theirs.py::*error-odd-float64? - *error: KeyError: 1*",
        ]
    )


def test_expected_failure_fails_where_nothing_may_be_expected(theirs, pytester):
    pytester.makefile(".toml", known='[[expected]]\nbehavior = "*.fail-*"\nreason = "known"')
    result = theirs("--runxfail", behaviors="fail", more=", expectations='known.toml'")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["known", "", "Promise:"])


def test_divergence_reads_in_five_parts(theirs):
    result = theirs("--hypothesis-seed=4", behaviors="fail")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*_ test_conformance?accumulation.fail-sum-float64? _*",
            "the second pass replaced the gradient",
            "",
            "Promise:",
            "    The promise called fail-sum is kept.",
            "    torch.Tensor.backward: https://docs.pytorch.org/*",
            "Expected:",
            "    ?6.0, 10.0?",
            "Actual:",
            "    ?3.0, 5.0?",
            "Reproduce:",
            "    assert engine.grad == 6",
            "Replay:",
            "    python -m pytest 'test_theirs.py::test_conformance?accumulation.fail-sum-float64?'"
            " --hypothesis-seed=4",
        ]
    )
    result.stdout.no_fnmatch_line("*embed.py*")


def test_fault_of_the_suite_keeps_its_traceback(theirs):
    result = theirs(behaviors="raise")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["Promise:", "*fault of the suite itself*", "*a bug of the suite"])


def test_fixtures_and_marks_of_theirs_hold(pytester, monkeypatch):
    monkeypatch.setenv("FAKE_BEHAVIORS", "pass")
    monkeypatch.setenv("PYTHONPATH", str(fakes.HERE))
    pytester.makeini("[pytest]\nmarkers =\n    slow: takes long")
    pytester.makepyfile(
        """
        import pytest
        from conformance import run_conformance

        pytestmark = pytest.mark.slow
        begun = []

        @pytest.fixture(autouse=True)
        def around(request):
            begun.append(request.node.name)
            yield

        @pytest.fixture
        def wanted():
            begun.append("wanted")

        test_mine = pytest.mark.usefixtures("wanted")(
            run_conformance("fake", only="*.pass-basic", dtypes=["float32"])
        )

        def test_both_were_there():
            assert begun[:2] == ["test_mine[accumulation.pass-basic-float32]", "wanted"]
        """
    )
    result = pytester.runpytest_subprocess("-pfakes", "-m", "slow", "--strict-markers")
    result.assert_outcomes(passed=2)


def test_it_works_in_a_class_and_without_plugins(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        mine=WHOLE,
        test_mine="""
        from conformance import run_conformance
        from mine import Mine

        class TestMine:
            test_it = staticmethod(
                run_conformance(Mine, profile="quick", only="accumulation.sums-over-calls")
            )
        """,
    )
    pytester.runpytest_subprocess("-Werror").assert_outcomes(passed=2)


def test_last_failures_and_the_first_failure(theirs):
    theirs("-x", behaviors="pass fail error").assert_outcomes(passed=4, failed=1)
    theirs("--lf", behaviors="pass fail error").assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("options", "seeds"),
    [(["--hypothesis-seed=12"], {"12"}), (["--hypothesis-seed=odd"], None), ([], None)],
)
def test_workers_have_one_seed_and_junit_names_what_was_tried(
    theirs_alone, pytester, options, seeds
):
    result = theirs_alone("-n2", "--junitxml=junit.xml", *options, behaviors="pass fail error")
    result.assert_outcomes(passed=4, failed=2)
    found = set(re.findall(r"--hypothesis-seed=(\d+)", result.stdout.str()))
    assert len(found) == 1
    assert found == (seeds or found)
    result.stdout.fnmatch_lines(
        ["    python -m pytest 'test_theirs.py::test_conformance?accumulation.fail-sum-float64?' *"]
    )

    cases = list(ElementTree.parse(pytester.path / "junit.xml").iter("testcase"))
    case = next(case for case in cases if "fail-sum" in case.get("name"))
    assert [(item.get("name"), item.get("value")) for item in case.iter("property")] == [
        ("behavior", "accumulation.fail-sum"),
        ("level", "core"),
        ("area", "Accumulation"),
        ("dtype", "float64"),
        ("verdict", "fail"),
        (
            "source",
            "torch.Tensor.backward: "
            "https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html",
        ),
    ]
    titles = re.findall(r"^(\w+):$", case.find("failure").text, re.MULTILINE)
    assert titles == ["Promise", "Expected", "Actual", "Reproduce", "Replay"]


def test_seed_of_the_call_goes_before_that_of_the_run(theirs):
    result = theirs("--hypothesis-seed=4", behaviors="fail", more=", seed=9")
    result.stdout.fnmatch_lines(["*--hypothesis-seed=9"])


def test_replay_shows_the_failure_of_a_real_engine_again(pytester):
    pytester.mkdir("checks")
    for name, text in (("mine", BROKEN), ("test_mine", ONE)):
        pytester.makepyfile(**{name: text})
        (pytester.path / f"{name}.py").rename(pytester.path / "checks" / f"{name}.py")
    first = pytester.runpytest_subprocess("checks")
    first.assert_outcomes(failed=1)
    told = re.findall(r"^    (python -m pytest .*)$", first.stdout.str(), re.MULTILINE)
    (command,) = set(told)  # the summary tells it once more where CI is set
    first.stdout.fnmatch_lines(["Reproduce:", "    import conformance.reference*", "Replay:"])

    words = [sys.executable, *shlex.split(command)[1:]]
    again = subprocess.run(words, cwd=pytester.path, capture_output=True, text=True, timeout=100)

    assert again.returncode == 1
    assert "1 failed" in again.stdout
    account = re.compile(r"^Expected:.*?^Replay:", re.MULTILINE | re.DOTALL)
    assert account.search(again.stdout)[0] == account.search(first.stdout.str())[0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (", device='mps'", "run_conformance: adapter 'fake' has no device 'mps'"),
        (", profile='slow'", "run_conformance: unknown profile: 'slow'*"),
        (", only='hooks.*'", "run_conformance: no behavior that would be tried matches 'hooks.*'"),
    ],
)
def test_unusable_arguments_are_errors_of_the_collection(theirs, more, said):
    result = theirs(more=more)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])
    for ours in ("*embed.py*", "During handling*"):
        result.stdout.no_fnmatch_line(ours)


def test_nothing_happens_where_nobody_collects(pytester):
    pytester.makepyfile(
        mine="""
        import sys
        from conformance import run_conformance

        test_conformance = run_conformance("no-such-engine", level="no-such-level")
        print(*sorted(n for n in sys.modules if n.startswith("conformance.specs.")))
        """
    )
    done = subprocess.run(
        [sys.executable, "mine.py"], cwd=pytester.path, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout.split(), done.stderr) == ([], "")
