"""A limit on the time that one behavior may take, where the platform can interrupt Python code."""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AT_ONCE = 1e-6


class TimeLimitError(BaseException):
    """A behavior took longer than it may; a BaseException, so that no engine swallows it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block after ``seconds`` of wall time; without signals there is no limit.

    An alarm that was set before, such as that of a test that this runs in, goes on afterwards.

    Raises:
        TimeLimitError: the block took longer.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() != threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise TimeLimitError(f"still running after {seconds:g} s")

    previous = signal.signal(signal.SIGALRM, interrupt)
    began = time.monotonic()
    # Again and again, if it is swallowed.
    left, again = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if left:
            due = left - (time.monotonic() - began)
            signal.setitimer(signal.ITIMER_REAL, max(due, _AT_ONCE), again)


GRACE = 5.0


@contextmanager
def lethal_limit(seconds: float) -> Iterator[None]:
    """As :func:`time_limit`; where that cannot interrupt, the process ends after :data:`GRACE`.

    Code that never comes back to the interpreter sees no signal.
    """
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=nowhere)
        try:
            with time_limit(seconds):
                yield
        finally:
            faulthandler.cancel_dump_traceback_later()
