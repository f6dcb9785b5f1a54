"""What a process is said to hold in memory."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest

from conformance import memory
from conformance.memory import gauge, resident_mib, unmeasured


@pytest.fixture
def read():
    yield gauge()
    gc.unfreeze()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it")
def test_what_is_kept_is_growth_and_what_is_dropped_is_not(read):
    before = read()
    kept = np.ones(8 << 20)
    during = read()
    circle = [kept]
    circle.append(circle)
    del kept, circle
    after = read()

    assert 60 < during - before < 80
    assert abs(after - before) < 16


@pytest.mark.parametrize("content", [None, "", "one two"])
def test_what_cannot_be_read_is_none(monkeypatch, tmp_path, content):
    statm = tmp_path / "statm"
    if content is not None:
        statm.write_text(content)
    monkeypatch.setattr(memory, "_STATM", statm)

    assert resident_mib() is None
    assert unmeasured() is None
