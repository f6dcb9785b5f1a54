"""What passes accept, free, return and fill, at every order, side by side with torch."""

from __future__ import annotations

from typing import Any

from engines import kind, leaf, on_both, state


@on_both
def test_roots_and_seeds(m: Any) -> Any:
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


@on_both
def test_freed_graphs(m: Any) -> Any:
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


@on_both
def test_functional_grad(m: Any) -> Any:
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


@on_both
def test_restricted_backward(m: Any) -> Any:
    x, u = leaf(m), leaf(m)
    y = x * u
    z = (y * x).sum()
    z.backward(inputs=[x], retain_graph=True)
    log = [x.grad, u.grad is None]
    z.backward(inputs=[y, u])
    return [*log, x.grad, u.grad, y.grad]


@on_both
def test_higher_orders(m: Any) -> Any:
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


@on_both
def test_graph_walk(m: Any) -> Any:
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


@on_both
def test_kinks(m: Any) -> Any:
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
