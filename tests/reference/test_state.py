"""What a tensor holds: flags, slots, types and memory, side by side with torch."""

from __future__ import annotations

from typing import Any

import conformance.reference as reference
import numpy as np
import pytest
from engines import kind, leaf, on_both, state


@on_both
def test_leaf_states(m: Any) -> Any:
    x = leaf(m)
    y = x * 2
    return [
        state(x), state(y), state(y.detach()), state(x.detach()), state(m.zeros_like(y)),
        state(y > 1), state(y.to(m.int64)), state(y.to(m.int64).to(m.float64)), y.retains_grad,
        state(m.zeros(2, 3)), x.dtype == m.float64, y.to(m.float64) is y, state(y.float()),
    ]  # fmt: skip


@on_both
def test_refused_states(m: Any) -> Any:
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


@on_both
def test_toggled_leaves(m: Any) -> Any:
    x, u = leaf(m), leaf(m)
    y = (x * u).sum()
    x.requires_grad_(False)
    y.backward()
    return [x.grad is None, u.grad]


@on_both
def test_accumulation(m: Any) -> Any:
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


@on_both
def test_gradients_own_memory(m: Any) -> Any:
    x, u = leaf(m), leaf(m)
    seed = m.ones(3, dtype=m.float64)
    (x + u).backward(seed)
    x.grad.mul_(7)
    return [x.grad, u.grad, seed]


@on_both
def test_retained(m: Any) -> Any:
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


@on_both
def test_mixed_precision(m: Any) -> Any:
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


def test_numpy_memory_is_shared() -> None:
    x = reference.zeros(2, 3)
    view = x.numpy()
    x[0].add_(1)
    assert view[0].tolist() == [1.0, 1.0, 1.0]
    assert np.shares_memory(x.t().numpy(), view)


def test_absent_device_is_named() -> None:
    with pytest.raises(reference.errors.DeviceError, match=r"CuPy|GPU"):
        reference.tensor([1.0], device="cuda")
