"""The adapters that come with the suite are healthy."""

from __future__ import annotations

import pytest

from conformance.doctor import Diagnosis, diagnose
from conformance.finding import BUILT_IN, find_adapter


@pytest.fixture(scope="module", params=BUILT_IN)
def diagnosis(request: pytest.FixtureRequest) -> Diagnosis:
    return diagnose(request.param)


def test_nothing_is_wrong(diagnosis: Diagnosis) -> None:
    assert diagnosis.findings == ()
    assert diagnosis.doubts == ()
    assert diagnosis.untried == ()
    assert diagnosis.healthy


def test_every_phrase_was_tried(diagnosis: Diagnosis) -> None:
    adapter = find_adapter(diagnosis.adapter)
    assert {*adapter.ops, *adapter.actions} <= set(diagnosis.fine)
    assert diagnosis.engine == adapter.name
    assert diagnosis.engine_version != "unknown"


def test_what_has_no_phrase_is_absent(diagnosis: Diagnosis) -> None:
    absent = [each.phrase for each in diagnosis.absent]
    assert absent
    assert not {*absent} & {*diagnosis.fine}
    counts = [each.behaviors for each in diagnosis.absent]
    assert counts == sorted(counts, reverse=True)
