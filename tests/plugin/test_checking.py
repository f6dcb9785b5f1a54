"""The suite as one call that gives every verdict."""

from __future__ import annotations

import fakes
import pytest

from conformance.checking import ConformanceError, check_conformance


@pytest.fixture
def pretend(monkeypatch):
    def choose(behaviors):
        monkeypatch.setenv("FAKE_BEHAVIORS", behaviors)
        fakes.pretend(monkeypatch.setattr)

    return choose


def test_conforming_engine_gives_its_results(pretend):
    pretend("pass unsupported")
    results = check_conformance("fake", dtypes=["float64"], level="core", seed=7)
    assert [result.behavior for result in results[:2]] == [
        "accumulation.pass-basic",
        "accumulation.pass-late",
    ]
    assert {result.verdict.value for result in results} == {"pass", "unsupported"}
    assert {result.examples for result in results} == {7}


def test_divergences_are_told_in_full(pretend):
    pretend("pass fail error")
    with pytest.raises(ConformanceError) as caught:
        check_conformance("fake", dtypes=["float64"], seed=7)
    told = str(caught.value)
    assert told.splitlines()[0] == "fake 1.2: 2 of 8 behaviors do not conform"
    for part in (
        "accumulation.fail-sum (float64), fail: the second pass replaced the gradient",
        "The promise called fail-sum is kept.",
        "https://docs.pytorch.org/",
        "  Expected:\n      [6.0, 10.0]",
        "  Actual:\n      [3.0, 5.0]",
        "      assert engine.grad == 6",
        "--hypothesis-seed=7",
        "accumulation.error-odd (float64), error: KeyError: 1",
    ):
        assert part in told
    assert len(caught.value.results) == 8


def test_known_failures_are_no_divergences(pretend, tmp_path):
    pretend("pass fail")
    file = tmp_path / "known.toml"
    file.write_text('[[expected]]\nbehavior = "*.fail-*"\nreason = "r"\nlink = "https://x"')
    results = check_conformance("fake", expectations=file, only="*.fail-*")
    assert [result.verdict.value for result in results] == ["expected_failure"] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "mps"}, "no device 'mps'"),
        ({"dtypes": ["float1"]}, "unknown dtype of adapter 'fake'"),
        ({"level": "most"}, "unknown level"),
        ({"only": "hooks.*"}, r"matches 'hooks\.\*'"),
    ],
)
def test_unusable_arguments_are_refused(pretend, options, message):
    pretend("pass")
    with pytest.raises(ValueError, match=message):
        check_conformance("fake", **options)
