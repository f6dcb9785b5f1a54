"""Limits on time stand inside the limits of others."""

from __future__ import annotations

import signal
import time

import pytest

from conformance.timeout import TimeLimitError, time_limit

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")


@pytest.fixture
def rung():
    """An alarm that somebody else has set, far in the future; gives how often it rang."""
    rung = []
    previous = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    signal.setitimer(signal.ITIMER_REAL, 1000, 7)
    yield rung
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, previous)


def test_an_alarm_of_somebody_else_goes_on(rung):
    with time_limit(500):
        pass

    left, again = signal.getitimer(signal.ITIMER_REAL)
    assert 0 < left <= 1000
    assert again == 7
    signal.raise_signal(signal.SIGALRM)
    assert rung == [signal.SIGALRM]


def test_an_alarm_that_fell_due_meanwhile_rings_at_last(rung):
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    with time_limit(500):
        while signal.getitimer(signal.ITIMER_REAL)[0] > 499.99:
            pass

    while not rung:
        time.sleep(0.01)
    assert rung == [signal.SIGALRM]


def take_forever():
    while True:
        pass


def test_a_limit_inside_a_limit_ends_its_own_block():
    with time_limit(500):
        with pytest.raises(TimeLimitError, match=r"after 0\.01 s"), time_limit(0.01):
            take_forever()
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0


def test_no_alarm_is_left_behind():
    with time_limit(500):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
