"""By how much the memory of a process grew, read where the system tells it without a dependency."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

__all__ = ["Growth", "Measuring", "growing", "resident_mib", "unmeasured"]

Growth = Callable[[], "float | None"]
Measuring = Callable[[], Growth]

_STATM = Path("/proc/self/statm")
_MIB = 1 << 20
_NOTICEABLE_MIB = 1.0


def resident_mib() -> float | None:
    """The resident memory of this process in MiB; None where it cannot be read, as off Linux."""
    try:
        pages = int(_STATM.read_bytes().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / _MIB
    except (OSError, ValueError, IndexError):
        return None


def growing() -> Growth:
    """Begin to measure: what is returned gives the growth since, in MiB to one decimal.

    Garbage does not count. It is collected only where there is growth to explain, because that
    takes a tenth of a second in a process with a large engine.
    """
    before = resident_mib()

    def growth() -> float | None:
        after = resident_mib()
        if before is None or after is None:
            return None
        if after - before >= _NOTICEABLE_MIB:
            gc.collect()
            after = resident_mib() or after
        return round(after - before, 1) + 0.0  # no -0.0

    return growth


def unmeasured() -> Growth:
    """Measure nothing."""
    return lambda: None
