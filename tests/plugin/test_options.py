"""Every option, from the command line and from an ini file, and what happens to a bad one."""

from __future__ import annotations

import json
import time

import pytest

pytest_plugins = ("pytester",)


def run_facts(pytester, name="fake-cpu", directory="reports"):
    return json.loads((pytester.path / directory / f"{name}.json").read_text())["run"]


def refusal(result):
    """The one line that says what is wrong."""
    assert result.ret == 4
    lines = [line for line in result.errlines if line]
    assert len(lines) == 1
    assert lines[0].startswith("ERROR: ")
    return lines[0]


def test_defaults(suite, pytester):
    assert suite().ret == 0
    facts = run_facts(pytester)
    chosen = {key: facts[key] for key in ("adapter", "device", "dtypes", "level", "profile")}
    assert chosen == {
        "adapter": "fake",
        "device": "cpu",
        "dtypes": ["float64", "float32"],
        "level": "full",
        "profile": "default",
    }
    assert facts["engine_version"] == "1.2"
    assert facts["complete"]


def test_header_says_what_is_tried(suite):
    result = suite("--dtype=float16", "--level=core", "--profile=quick", "--hypothesis-seed=5")
    result.stdout.fnmatch_lines(
        [
            "conformance: fake 1.2 on cpu, float16",
            "conformance: level core, profile quick, --hypothesis-seed=5",
        ]
    )


def test_options_of_the_command_line(suite, pytester):
    result = suite(
        "--device=cuda:0",
        "--dtype=float16, float64,float16",
        "--level=extended",
        "--profile=deep",
        "--report=out/here",
        "--hypothesis-seed=11",
    )
    assert result.ret == 0
    facts = run_facts(pytester, "fake-cuda-0", "out/here")
    assert facts["device"] == "cuda:0"
    assert facts["dtypes"] == ["float16", "float64"]
    assert facts["level"] == "extended"
    assert facts["profile"] == "deep"
    assert facts["seed"] == 11
    assert facts["complete"]


INI = """
    [pytest]
    conformance_adapter = fake
    conformance_device = cuda:0
    conformance_dtype = float32
    conformance_level = core
    conformance_profile = quick
    conformance_expectations = known.toml
    conformance_report = out
"""


def test_ini_gives_defaults_and_its_paths_are_its_own(suite, pytester, monkeypatch):
    pytester.makeini(INI)
    pytester.makefile(".toml", known="")
    monkeypatch.chdir(pytester.mkdir("below"))
    assert suite().ret == 0
    facts = run_facts(pytester, "fake-cuda-0", "out")
    assert (facts["dtypes"], facts["level"], facts["profile"]) == (["float32"], "core", "quick")


def test_command_line_wins_over_ini(suite, pytester):
    pytester.makeini(INI.replace("known", "missing"))
    pytester.makefile(".toml", known="")
    words = ["--device=cpu", "--dtype=float64", "--level=full", "--profile=deep"]
    assert suite(*words, "--expectations=known.toml", "--report=here").ret == 0
    facts = run_facts(pytester, "fake-cpu", "here")
    assert (facts["dtypes"], facts["level"], facts["profile"]) == (["float64"], "full", "deep")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--adapter=fakes"], ["unknown adapter 'fakes'", "did you mean 'fake'"]),
        (["--adapter="], ["name the engine", "--adapter=torch"]),
        (["--device=mps"], ["no device 'mps'"]),
        (["--dtype=float23"], ["'float23'", "did you mean 'float32'", "float64, float32, float16"]),
        (["--level=hard"], ["unknown level: 'hard'", "core, extended, full"]),
        (["--profile=fast"], ["unknown profile: 'fast'", "quick, default, deep"]),
        (["--expectations=none.toml"], ["none.toml", "No such file"]),
        (["--hypothesis-seed=lucky"], ["--hypothesis-seed", "'lucky'"]),
    ],
)
def test_unusable_arguments_are_refused_in_one_line(suite, pytester, arguments, words):
    line = refusal(suite(*arguments))
    assert all(word in line for word in words)
    assert not (pytester.path / "reports").exists()


def test_bad_ini_value_is_refused(suite, pytester):
    pytester.makeini("[pytest]\nconformance_level = most")
    assert "unknown level: 'most'" in refusal(suite())


def test_expectation_of_an_unknown_behavior_is_refused(suite, pytester):
    pytester.makefile(
        ".toml",
        known='[[expected]]\nbehavior = "accumulation.pass-basics"\nreason = "r"\nlink = "https://x"',
    )
    line = refusal(suite("--expectations=known.toml"))
    assert "known.toml, line 2" in line
    assert "did you mean 'accumulation.pass-basic'" in line


def test_workers_are_not_started_for_an_absent_device(spread):
    before = time.monotonic()
    result = spread("--device=cuda")
    assert "no device 'cuda'" in refusal(result)
    assert time.monotonic() - before < 10
    result.stdout.no_fnmatch_line("*workers*")


def test_seed_is_drawn_anew_and_shown(suite, pytester):
    seeds = set()
    for _ in range(2):
        result = suite("-k", "pass-basic")
        seeds.add(run_facts(pytester)["seed"])
        result.stdout.fnmatch_lines([f"*--hypothesis-seed={run_facts(pytester)['seed']}"])
    assert len(seeds) == 2


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("class Mine(:", ["SyntaxError", "mine.py"]),
        ("1 / 0", ["ZeroDivisionError: division by zero", "mine.py, line 1"]),
    ],
)
def test_adapter_file_that_cannot_be_run_is_refused(pytester, source, words):
    pytester.makefile(".py", mine=source)
    result = pytester.runpytest_inprocess("--pyargs", "conformance", "--adapter=mine.py:Mine")
    line = refusal(result)
    assert all(word in line for word in words)
