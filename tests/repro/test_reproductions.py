"""Reproductions of engines that are broken in a known place: they show it, and nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from types import SimpleNamespace

import broken
import pytest
from conformance.adapters.reference import Reference
from conformance.reference import modes

from conformance import catalogue, failure, reference
from conformance.expectations import Expectations
from conformance.reproduction import reproduction, with_check
from conformance.results import Verdict
from conformance.runner import Dependants, Runner
from conformance.script import write_script

ALLOWED = {"numpy", "contextlib", "conformance.reference"}
BEHAVIORS = catalogue.load_specs()


@pytest.fixture
def tried(monkeypatch):
    """Try a behavior on a broken engine: the result, and the script in a right engine's words."""
    mended = []

    def kept(session, divergence, behavior):
        script, verified = reproduction(session, divergence, behavior)
        for brevity in (2, 1, 0):
            words = (session.trace, with_check(session, divergence), behavior)
            if write_script(session.adapter, *words, brevity=brevity) == script:
                mended.append(write_script(Reference(), *words, brevity=brevity))
                break
        return script, verified

    def run(one):
        if one.patch is not None:
            name, breaks = one.patch
            monkeypatch.setattr(reference.Tensor, name, breaks(getattr(reference.Tensor, name)))
        monkeypatch.setattr(failure, "reproduction", kept)
        runner = Runner(
            one.adapter(),
            profile="quick",
            seed=1,
            expectations=Expectations(()),
            dependants=Dependants.ALONE,
        )
        result = runner.run(BEHAVIORS[one.behavior], "float64")
        return result, mended[-1] if mended else ""

    return run


def alone(script):
    """What running the script in a process of its own gives."""
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )


def imports(script):
    for node in ast.walk(ast.parse(script)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("one", broken.BROKEN, ids=lambda one: one.name)
def test_reproduction_shows_the_fault(one, tried):
    result, mended = tried(one)

    assert result.verdict is Verdict.FAIL, result.reason
    script = result.failure.repro
    assert result.failure.verified, script
    assert set(imports(script)) <= ALLOWED
    assert script.startswith(f"# {one.behavior}: ")
    assert result.sources[0][1] in script
    assert "# expected " in script
    assert len([line for line in script.splitlines() if line.strip()]) <= one.lines, script
    for words in one.says:
        assert words in script
    assert "float64" not in result.failure.program
    if one.patch is None:
        with redirect_stdout(StringIO()):
            exec(compile(mended, one.name, "exec"), {"__name__": "__main__"})


ALONE = [one for one in broken.BROKEN if one.name in ("value", "retaining", "custom", "jacobian")]
PATCHED = [one for one in broken.BROKEN if one.patch is not None]


@pytest.mark.parametrize("one", ALONE, ids=lambda one: one.name)
def test_broken_phrase_fails_in_a_process_of_its_own(one, tried):
    result, mended = tried(one)
    done = alone(result.failure.repro)
    assert done.returncode == 1
    assert "Error" in done.stderr
    assert alone(mended).returncode == 0


@pytest.mark.parametrize("one", PATCHED, ids=lambda one: one.name)
def test_script_passes_on_the_engine_that_is_not_broken(one, tried):
    result, _ = tried(one)
    done = alone(result.failure.repro)
    assert done.returncode == 0, result.failure.repro + done.stderr


def test_a_mode_that_leaks_out_of_its_thread_is_shown_with_the_thread(monkeypatch):
    monkeypatch.setattr(modes, "_state", SimpleNamespace(recording=True))
    runner = Runner(
        Reference(),
        profile="quick",
        seed=1,
        expectations=Expectations(()),
        dependants=Dependants.ALONE,
    )

    result = runner.run(BEHAVIORS["modes.mode-belongs-to-its-thread"], "float64")

    assert result.failure.verified, result.failure.repro
    assert set(imports(result.failure.repro)) == {"concurrent.futures", "conformance.reference"}
