"""State, accumulation, graph lifetime, hooks, modes and errors: small scenarios on both engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from engines import agree, kind

torch = pytest.importorskip("torch")

SCENARIOS: dict[str, Callable[[Any], Any]] = {}


def scenario(program: Callable[[Any], Any]) -> Callable[[Any], Any]:
    SCENARIOS[program.__name__] = program
    return program


def leaf(m: Any, *values: float) -> Any:
    return m.tensor(list(values or (1.0, 2.0, 3.0)), dtype=m.float64, requires_grad=True)


def state(x: Any) -> list[Any]:
    return [x.requires_grad, x.is_leaf, x.grad_fn is None]


@scenario
def leaf_states(m: Any) -> Any:
    x = leaf(m)
    y = x * 2
    return [
        state(x), state(y), state(y.detach()), state(x.detach()), state(m.zeros_like(y)),
        state(y > 1), state(y.to(m.int64)), state(y.to(m.int64).to(m.float64)), y.retains_grad,
        state(m.zeros(2, 3)), x.dtype == m.float64, y.to(m.float64) is y, state(y.float()),
    ]  # fmt: skip


@scenario
def refused_states(m: Any) -> Any:
    x = leaf(m)
    y = x * 2
    return [
        kind(lambda: m.tensor([1, 2], requires_grad=True)),
        kind(lambda: m.tensor([True]).requires_grad_()),
        kind(lambda: setattr(m.tensor([1]), "requires_grad", True)),
        kind(lambda: setattr(y, "requires_grad", False)),
        kind(lambda: y.requires_grad_(False)),
        kind(lambda: y.requires_grad_()),
        kind(lambda: x.requires_grad_(1)),
        kind(lambda: x.numpy()),
        kind(lambda: m.tensor([1.0]).retain_grad()),
        kind(lambda: m.tensor([1.0]).register_hook(print)),
        kind(lambda: x[0:1].detach_()),
        kind(lambda: bool(x)),
        kind(lambda: x.item()),
        kind(lambda: m.zeros(2, 3).t().view(-1)),
        kind(lambda: m.ones(2) + m.ones(3)),
        kind(lambda: m.ones(2, 3).sum(5)),
        kind(lambda: x.is_leaf and setattr(x, "is_leaf", False)),
    ]


@scenario
def roots_and_seeds(m: Any) -> Any:
    x = leaf(m)
    y = x * x
    v = m.ones(3, dtype=m.float64)
    log = [
        kind(lambda: y.backward()),
        kind(lambda: y.backward(m.ones(1, dtype=m.float64))),
        kind(lambda: y.backward(m.ones(1, 3, dtype=m.float64))),
        kind(lambda: y.backward(1.0)),
        kind(lambda: m.ones(1).backward()),
        kind(lambda: m.autograd.backward([y.sum(), m.ones(1)])),
        kind(lambda: m.autograd.backward([y, y], [v])),
        kind(lambda: y.backward(v, inputs=[])),
        kind(lambda: y.backward(v, inputs=[m.ones(1)])),
        kind(lambda: m.autograd.grad(y.sum(), [])),
        kind(lambda: (x[:0]).backward()),
        x.grad is None,
    ]
    m.autograd.backward([y, y.sum(), x], [v, None, v * 3])
    log.append(x.grad)
    (x[:1] * 3).reshape(1, 1).backward()
    return [*log, x.grad]


@scenario
def accumulation(m: Any) -> Any:
    x, unused = leaf(m), leaf(m)
    (x * x).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    log = [first is x.grad, x.grad, unused.grad is None, state(x.grad)]
    x.grad = None
    (x * 3).sum().backward()
    log += [first, x.grad, first is x.grad]
    given = m.ones(3, dtype=m.float64)
    x.grad = given
    x.sum().backward()
    log += [given, x.grad is given]
    del x.grad
    log += [x.grad is None]
    for bad in (m.ones(2, dtype=m.float64), m.ones(3), 1.0, x):
        log.append(kind(lambda bad=bad: setattr(x, "grad", bad)))
    return [*log, x.grad is None]


@scenario
def freed_graphs(m: Any) -> Any:
    x = leaf(m)
    y = x.exp().sum()
    y.backward(retain_graph=True)
    y.backward()
    log = [kind(lambda: y.backward()), x.grad]
    z = (x + 1).sum()
    z.backward()
    z.backward()
    log.append(x.grad)
    trunk = x.sin()
    a, b = trunk.sum(), (trunk * 2).sum()
    a.backward()
    log += [kind(lambda: b.backward()), kind(lambda: (y * 2).backward())]
    w = x * 2
    w.sum().backward()
    log.append(kind(lambda: w.sum().backward()))
    return log


@scenario
def functional_grad(m: Any) -> Any:
    x, u = leaf(m), leaf(m)
    y = x * x
    z = y.sum()
    grad = m.autograd.grad
    log = [
        grad(z, [x, y, x], retain_graph=True),
        grad(z, [x, u], retain_graph=True, allow_unused=True),
        grad(z, [x, u], retain_graph=True, materialize_grads=True),
        kind(lambda: grad(z, [x, u], retain_graph=True)),
        kind(lambda: grad(z, [x, u], materialize_grads=True, allow_unused=False)),
        kind(lambda: grad(z, m.ones(2), retain_graph=True)),
        grad([z, y], [x], [None, u.detach()], retain_graph=True),
        x.grad is None,
        y.retains_grad,
        grad(z, x[0:1], allow_unused=True, retain_graph=True),
        grad(x, x, u.detach()),
    ]
    return [None if item is None else item for item in log]


@scenario
def restricted_backward(m: Any) -> Any:
    x, u = leaf(m), leaf(m)
    y = x * u
    z = (y * x).sum()
    z.backward(inputs=[x], retain_graph=True)
    log = [x.grad, u.grad is None]
    z.backward(inputs=[y, u])
    return [*log, x.grad, u.grad, y.grad]


@scenario
def retained(m: Any) -> Any:
    x = leaf(m)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    x.retain_grad()
    z = (y * y + y).sum()
    z.backward(retain_graph=True)
    z.backward()
    log = [y.grad, x.grad, y.retains_grad, x.retains_grad, y.clone().retains_grad]
    a = x * 3
    a.retain_grad()
    a.mul_(2)
    (a * 5).sum().backward()
    return [*log, a.grad]


@scenario
def hooks(m: Any) -> Any:
    x = leaf(m)
    calls: list[Any] = []

    def note(name: str, result: Any = None) -> Any:
        def hook(g: Any) -> Any:
            calls.append((name, g.clone(), m.is_grad_enabled(), x.grad is None))
            return None if result is None else result(g)

        return hook

    y = x * 2
    y.retain_grad()
    handle = y.register_hook(note("first", lambda g: g * 2))
    y.register_hook(note("second", lambda g: g + 1))
    x.register_hook(note("leaf", lambda g: g * 10))
    z = (y * y + y).sum()
    z.backward(retain_graph=True)
    log = [y.grad, x.grad]
    handle.remove()
    handle.remove()
    z.backward(retain_graph=True, create_graph=True)
    with x.register_hook(note("short")):
        log.append(m.autograd.grad(z, x, retain_graph=True))
    log.append(m.autograd.grad(z, y, retain_graph=True))
    bad = y.register_hook(lambda g: g.sum())
    log.append(kind(lambda: z.backward(retain_graph=True)))
    bad.remove()
    bad = y.register_hook(lambda g: 1)
    log.append(kind(lambda: z.backward(retain_graph=True)))
    bad.remove()
    seen: list[Any] = []
    x.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad.clone()))
    z.backward()
    return [*log, calls, seen, m.is_grad_enabled()]


@scenario
def hooks_in_place(m: Any) -> Any:
    x = leaf(m)
    y = x * 1.0
    calls: list[Any] = []
    y.register_hook(lambda g: calls.append(("old", g.clone())))
    y.mul_(3)
    y.register_hook(lambda g: calls.append(("new", g.clone())))
    (y * 2).sum().backward()
    return [calls, x.grad]


@scenario
def modes(m: Any) -> Any:
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


@scenario
def descent(m: Any) -> Any:
    x = leaf(m)
    for _ in range(3):
        (x * x).sum().backward()
        with m.no_grad():
            x -= 0.1 * x.grad
            x[0] += 1
        x.grad.zero_()
    return [x, x.grad, state(x), x._version]


@scenario
def refused_writes(m: Any) -> Any:
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


@scenario
def versions(m: Any) -> Any:
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


@scenario
def buffers_become_tracked(m: Any) -> Any:
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


@scenario
def mixed_precision(m: Any) -> Any:
    a = m.tensor([1.5, 2.5], dtype=m.float32, requires_grad=True)
    b = m.tensor([[2.0], [3.0]], dtype=m.float64, requires_grad=True)
    c = m.tensor(3.0, dtype=m.float64, requires_grad=True)
    h = m.tensor([1.0, 2.0], dtype=m.float16, requires_grad=True)
    n = m.tensor([1, 2])
    y = a * c
    z = (a + b) * n + h
    z.backward(m.ones_like(z))
    (y * 2.0).sum().backward()
    w = n * 2.5
    return [y, z, w, n / 2, n * True, n.sum(), a.grad, b.grad, c.grad, h.grad, m.where(n > 1, a, c)]


@scenario
def higher_orders(m: Any) -> Any:
    x = leaf(m)
    y = (x**5).sum()
    orders = []
    for _ in range(4):
        (g,) = m.autograd.grad(y, x, create_graph=True)
        orders.append(g)
        y = g.sum()
    (x * x).sum().backward(create_graph=True)
    first = x.grad
    (x * x).sum().backward(create_graph=True)
    orders += [state(first), x.grad is first, x.grad, m.autograd.grad(x.grad.sum(), x)]
    v = leaf(m, 1.0, 0.5, 2.0)
    z = (x.exp() * x).sum()
    (g,) = m.autograd.grad(z, x, create_graph=True)
    orders.append(m.autograd.grad(g, [x], v, create_graph=True))
    (s,) = m.autograd.grad(x.exp(), x, v, create_graph=True)
    orders.append(m.autograd.grad(s.sum(), [v, x]))
    (linear,) = m.autograd.grad((x + 1).sum(), x, create_graph=True)
    return [*orders, state(linear), kind(lambda: linear.sum().backward())]


@scenario
def mode_does_not_matter(m: Any) -> Any:
    x = leaf(m)
    y = (x * x * x).sum()
    with m.no_grad():
        (g,) = m.autograd.grad(y, x, create_graph=True)
    (plain_gradient,) = m.autograd.grad(y, x, retain_graph=True)
    return [state(g), state(plain_gradient), m.autograd.grad(g.sum(), x)]


@scenario
def toggled_leaves(m: Any) -> Any:
    x, u = leaf(m), leaf(m)
    y = (x * u).sum()
    x.requires_grad_(False)
    y.backward()
    return [x.grad is None, u.grad]


@scenario
def gradients_own_memory(m: Any) -> Any:
    x, u = leaf(m), leaf(m)
    seed = m.ones(3, dtype=m.float64)
    (x + u).backward(seed)
    x.grad.mul_(7)
    return [x.grad, u.grad, seed]


@scenario
def kinks(m: Any) -> Any:
    x = m.tensor([0.0, -0.0, 1.0, -1.0], dtype=m.float64, requires_grad=True)
    log = []
    for f in (m.abs, m.relu, lambda t: m.maximum(t, t * 0), lambda t: t**2, lambda t: t**1):
        log.append(m.autograd.grad(f(x), x, m.ones_like(x)))
    for f in (lambda t: m.linalg.vector_norm(t * 0), lambda t: t.amax(), lambda t: (t * 0).max()):
        log.append(m.autograd.grad(f(x), x))
    e = m.tensor([0.0, 2.0, 0.0, 1.0], dtype=m.float64, requires_grad=True)
    log.append(m.autograd.grad((x.detach() ** e)[:3], e, m.ones(3, dtype=m.float64)))
    log.append(m.autograd.grad(m.where(x > 0, m.log(x), x), x, m.ones_like(x))[0][2:])
    return log


@scenario
def graph_walk(m: Any) -> Any:
    x = leaf(m)
    y = (x * 2 + 1).exp()
    log = []
    node = y.grad_fn
    while node is not None:
        log.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    a, b = (x * 2).grad_fn, (x * 3).grad_fn
    log.append(a.next_functions[0][0] is b.next_functions[0][0])
    return [log, a.next_functions[1], a.next_functions[0][1], a.next_functions[0][0].variable is x]


@pytest.mark.parametrize("name", SCENARIOS)
def test_agrees_with_torch(name: str) -> None:
    agree(SCENARIOS[name])


def test_numpy_memory_is_shared() -> None:
    import conformance.reference as engine

    x = engine.zeros(2, 3)
    view = x.numpy()
    x[0].add_(1)
    assert view[0].tolist() == [1.0, 1.0, 1.0]
    assert np.shares_memory(x.t().numpy(), view)
