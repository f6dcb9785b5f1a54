"""Runs of pytest inside pytest, on the pretend suite of :mod:`fakes`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import fakes

HERE = Path(__file__).parent
Run = Callable[..., pytest.RunResult]


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the pretend suite in this process; ``behaviors`` are the verdicts that it holds."""

    def run(*arguments: object, behaviors: str = "pass") -> pytest.RunResult:
        monkeypatch.setenv("FAKE_BEHAVIORS", behaviors)
        with monkeypatch.context() as patch:
            fakes.pretend(patch.setattr)
            return pytester.runpytest_inprocess(
                "--pyargs", "conformance", "--adapter=fake", *arguments
            )

    return run


@pytest.fixture
def spread(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the pretend suite in a process of its own with two workers."""

    def run(*arguments: object, behaviors: str = "pass") -> pytest.RunResult:
        monkeypatch.setenv("FAKE_BEHAVIORS", behaviors)
        monkeypatch.setenv("PYTHONPATH", str(HERE))
        return pytester.runpytest_subprocess(
            "-pfakes", "-n2", "--pyargs", "conformance", "--adapter=fake", *arguments
        )

    return run
