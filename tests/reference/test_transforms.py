"""Functional helpers, forward mode and transforms, side by side with torch."""

from __future__ import annotations

from typing import Any

import conformance.reference as reference
from engines import kind, leaf, on_both


@on_both
def test_functional_helpers(m: Any) -> Any:
    f = m.autograd.functional
    x, y = leaf(m).detach(), leaf(m, 0.5, 1.5).detach()
    v = m.tensor([1.0, -1.0, 2.0], dtype=m.float64)

    def two(a: Any, b: Any) -> Any:
        return m.outer(a, b), (a * a).sum()

    def one(a: Any) -> Any:
        return (a**3).sum() * a[0]

    def both(a: Any, b: Any) -> Any:
        return (a**2).sum() * (b**3).sum()

    tracked = leaf(m)
    j = f.jacobian(lambda a: a**3, tracked, create_graph=True)
    return [
        f.jacobian(two, (x, y)),
        f.jacobian(lambda a: a * 2, x),
        f.hessian(one, x),
        f.hessian(both, (x, y)),
        f.vjp(two, (x, y), (m.ones(3, 2, dtype=m.float64), m.tensor(2.0, dtype=m.float64))),
        f.vjp(one, x),
        f.jvp(two, (x, y), (v, y)),
        f.hvp(one, x, v),
        f.vhp(one, x, v),
        f.vhp(both, (x, y), (v, y)),
        f.jacobian(lambda a: v, x),
        kind(lambda: f.jacobian(lambda a: v, x, strict=True)),
        kind(lambda: f.hessian(lambda a: a, x)),
        kind(lambda: f.vjp(two, (x, y))),
        kind(lambda: f.jvp(one, x, y)),
        m.autograd.grad(j.sum(), tracked),
        x.requires_grad,
        tracked.grad is None,
        j.requires_grad,
    ]


@on_both
def test_forward_mode(m: Any) -> Any:
    forward_ad = m.autograd.forward_ad
    x = leaf(m).detach()
    t = m.tensor([1.0, -1.0, 2.0], dtype=m.float64)
    log: list[Any] = [kind(lambda: forward_ad.make_dual(x, t))]

    def tangent(y: Any) -> Any:
        carried = forward_ad.unpack_dual(y).tangent
        return None if carried is None else carried.detach().clone()

    with forward_ad.dual_level():
        d = forward_ad.make_dual(x, t)
        log += [tangent(d), tangent(d[1:]), tangent(d.detach()), tangent(d > 1), tangent(x)]
        log += [d.requires_grad, tangent(d.unsqueeze(0).expand(2, 3)), forward_ad.unpack_dual(d)[0]]
        with m.no_grad():
            log.append(tangent(d * 2))
        plain = m.zeros(2, 3, dtype=m.float64)
        view = plain[1]
        plain[0] = d
        log += [tangent(plain), tangent(view)]
        view.add_(d * 2)
        log += [tangent(plain), tangent(view), tangent(plain[:, 1])]
        plain.mul_(3.0)
        log += [tangent(plain), tangent(view)]
        plain[0].zero_()
        log.append(tangent(plain))
        y = (d * 1.0).exp_()
        y.tanh_()
        log += [tangent(y), kind(lambda: forward_ad.make_dual(m.tensor([1]), m.tensor([1])))]
        log.append(kind(lambda: forward_ad.make_dual(x, t[:2])))
        log.append(kind(lambda: forward_ad.dual_level().__enter__()))
    log += [tangent(d)]
    with forward_ad.dual_level():
        log += [tangent(d)]
    return log


def test_transforms_nest() -> None:
    x = reference.tensor(2.0, dtype=reference.float64)
    grad = reference.func.grad
    assert grad(grad(lambda v: v**4))(x).item() == 48.0
    assert grad(lambda v: v * grad(lambda u: v * u * u)(v))(x).item() == 24.0
    value, pushed = reference.func.jvp(lambda v: v * v, (x,), (x,))
    assert (value.item(), pushed.item()) == (4.0, 8.0)
    assert reference.func.hessian(lambda v: v**3)(x).item() == 12.0
    assert reference.func.vjp(lambda v: v**3, x)[1](x)[0].item() == 24.0
