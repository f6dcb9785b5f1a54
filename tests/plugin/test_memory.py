"""By how much a process is said to have grown."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from conformance import memory
from conformance.memory import growing, resident_mib, unmeasured


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it")
def test_what_is_kept_is_growth_and_garbage_is_not():
    growth = growing()
    kept = np.ones(8 << 20)
    during = growth()
    circle = [kept]
    circle.append(circle)
    del kept, circle

    assert 60 < during < 80
    assert abs(growth()) < 16


@pytest.mark.parametrize("content", [None, "", "one two"])
def test_what_cannot_be_read_is_none(monkeypatch, tmp_path, content):
    statm = tmp_path / "statm"
    if content is not None:
        statm.write_text(content)
    monkeypatch.setattr(memory, "_STATM", statm)

    assert resident_mib() is None
    assert growing()() is None


def test_what_is_not_measured_is_none():
    assert unmeasured()() is None
