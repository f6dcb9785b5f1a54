"""Recording switched on and off, side by side with torch."""

from __future__ import annotations

import threading
from typing import Any

import conformance.reference as reference
import pytest
from engines import kind, leaf, on_both, state


@on_both
def test_modes(m: Any) -> Any:
    x = leaf(m)
    log: list[Any] = []
    with m.no_grad():
        log.append(m.is_grad_enabled())
        with m.enable_grad():
            log += [m.is_grad_enabled(), state(x * 2)]
        log += [m.is_grad_enabled(), state(x * 2)]
        with m.set_grad_enabled(True):
            log.append(m.is_grad_enabled())
        log += [m.is_grad_enabled(), state(m.ones(2, requires_grad=True))]
    log.append(m.is_grad_enabled())

    @m.no_grad()
    def off() -> Any:
        return m.is_grad_enabled()

    @m.no_grad
    def off_too() -> Any:
        return m.is_grad_enabled()

    @m.set_grad_enabled(False)
    def off_as_well() -> Any:
        return m.is_grad_enabled()

    log += [off(), off_too(), off_as_well(), off.__name__, m.is_grad_enabled()]

    @m.no_grad()
    def steps() -> Any:
        log.append(m.is_grad_enabled())
        got = yield 1
        log.append((got, m.is_grad_enabled()))
        return 5

    running = steps()
    next(running)
    log.append(m.is_grad_enabled())
    log.append(kind(lambda: running.send(7)))
    m.set_grad_enabled(False)
    log.append(m.is_grad_enabled())
    m.set_grad_enabled(True)
    with pytest.raises(ZeroDivisionError), m.no_grad():
        raise ZeroDivisionError
    return [*log, m.is_grad_enabled()]


@on_both
def test_mode_does_not_matter(m: Any) -> Any:
    x = leaf(m)
    y = (x * x * x).sum()
    with m.no_grad():
        (g,) = m.autograd.grad(y, x, create_graph=True)
    (plain_gradient,) = m.autograd.grad(y, x, retain_graph=True)
    return [state(g), state(plain_gradient), m.autograd.grad(g.sum(), x)]


def test_a_thread_has_its_own_mode() -> None:
    seen = []
    with reference.no_grad():
        thread = threading.Thread(target=lambda: seen.append(reference.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]
