"""The memory that a process holds, read where the system tells it without another dependency."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

__all__ = ["Gauge", "gauge", "resident_mib", "unmeasured"]

Gauge = Callable[[], "float | None"]

_STATM = Path("/proc/self/statm")
_MIB = 1 << 20


def resident_mib() -> float | None:
    """The resident memory of this process in MiB; None where it cannot be read, as off Linux."""
    try:
        pages = int(_STATM.read_bytes().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / _MIB
    except (OSError, ValueError, IndexError):
        return None


def gauge() -> Gauge:
    """What reads the resident memory once garbage was collected.

    What exists by now is put beyond the collector's reach, so that a reading takes a millisecond.
    """
    gc.collect()
    gc.freeze()
    return _settled_mib


def unmeasured() -> None:
    """The reading of a run that does not measure its memory."""


def _settled_mib() -> float | None:
    gc.collect()
    return resident_mib()
