"""Writing in place: what is refused, counted and tracked, side by side with torch."""

from __future__ import annotations

from typing import Any

import conformance.reference as reference
from engines import kind, leaf, on_both, state


@on_both
def test_descent(m: Any) -> Any:
    x = leaf(m)
    for _ in range(3):
        (x * x).sum().backward()
        with m.no_grad():
            x -= 0.1 * x.grad
            x[0] += 1
        x.grad.zero_()
    return [x, x.grad, state(x), x._version]


@on_both
def test_refused_writes(m: Any) -> Any:
    x = leaf(m)
    y = x * 1.0
    wide = m.ones(1, 3, dtype=m.float64).expand(2, 3)
    ints = m.ones(3, dtype=m.int64)
    log = [
        kind(lambda: x.add_(1)),
        kind(lambda: x[0].mul_(2)),
        kind(lambda: x.__setitem__(0, 1.0)),
        kind(lambda: x.view(-1).zero_()),
        kind(lambda: wide.add_(1)),
        kind(lambda: y.add_(m.ones(2, 3, dtype=m.float64))),
        kind(lambda: ints.add_(1.5)),
        kind(lambda: ints.mul_(2)),
        kind(lambda: y.copy_(m.ones(4, dtype=m.float64))),
    ]
    return [*log, x, x._version, y, y._version, ints, wide]


@on_both
def test_versions(m: Any) -> Any:
    x = leaf(m)
    y = x * 1.0
    d, v = y.detach(), y[0:2]
    log: list[Any] = []
    for write in (lambda: d.add_(1), lambda: v.add_(1), lambda: y.add_(1), lambda: v.zero_()):
        write()
        log.append([d._version, v._version, y._version, y])
    for save, write in (
        (lambda t: t.exp(), lambda t, out: t.add_(1)),
        (lambda t: t.exp(), lambda t, out: out.add_(1)),
        (lambda t: t.sin(), lambda t, out: t.add_(1)),
        (lambda t: t.sin(), lambda t, out: out.add_(1)),
        (lambda t: t + 1, lambda t, out: t.add_(1)),
        (lambda t: t * t, lambda t, out: t[0].add_(1)),
        (lambda t: t * t, lambda t, out: t.detach().add_(1)),
        (lambda t: t.sqrt(), lambda t, out: out.mul_(1)),
        (lambda t: t.relu(), lambda t, out: out.mul_(1)),
        (lambda t: t.sum(), lambda t, out: t.mul_(1)),
    ):
        t = x * 2
        out = save(t)
        write(t, out)
        log.append(kind(lambda out=out: out.sum().backward()))
    return log


@on_both
def test_buffers_become_tracked(m: Any) -> Any:
    x = leaf(m)
    buffer = m.zeros(2, 3, dtype=m.float64)
    view, before = buffer[1], buffer * 2
    buffer[0] = x
    log = [state(buffer), state(view), state(before)]
    view.copy_(x * x)
    buffer[:, 1] = 5.0
    log += [state(view), buffer, view]
    (buffer * m.arange(6, dtype=m.float64).reshape(2, 3)).sum().backward()
    mask = m.tensor([True, False, True])
    target = m.zeros(3, dtype=m.float64)
    target[mask] = x[1:]
    target[[1]] = x[:1]
    (target * x).sum().backward()
    return [*log, x.grad, target]


def test_own_operand_in_place() -> None:
    x = reference.tensor([1.0, 2.0], dtype=reference.float64, requires_grad=True)
    y = x * 1.0
    y.mul_(y)
    (g,) = reference.grad(y.sum(), x, create_graph=True)
    assert g.tolist() == [2.0, 4.0]
    assert reference.grad(g.sum(), x)[0].tolist() == [2.0, 2.0]
