"""Custom functions, functional helpers and forward mode, side by side with torch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import conformance.reference as reference
import pytest
from engines import agree, kind

torch = pytest.importorskip("torch")

SCENARIOS: dict[str, Callable[[Any], Any]] = {}


def scenario(program: Callable[[Any], Any]) -> Callable[[Any], Any]:
    SCENARIOS[program.__name__] = program
    return program


def leaf(m: Any, *values: float) -> Any:
    return m.tensor(list(values or (1.0, 2.0, 3.0)), dtype=m.float64, requires_grad=True)


def custom(m: Any, log: list[Any]) -> Any:
    class Scale(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, factor: Any, twice: Any = None) -> Any:
            log.append((m.is_grad_enabled(), ctx.needs_input_grad))
            ctx.save_for_backward(x, None)
            ctx.factor = factor
            return x * x * factor, (x > 1), "text"

        @staticmethod
        def backward(ctx: Any, g: Any, mask: Any, text: Any) -> Any:
            x, nothing = ctx.saved_tensors
            log.append((m.is_grad_enabled(), nothing, mask, text))
            return 2 * x * g * ctx.factor, None

    return Scale


@scenario
def custom_function(m: Any) -> Any:
    log: list[Any] = []
    x = leaf(m)
    scale = custom(m, log)
    y, mask, text = scale.apply(x, 3.0)
    log += [y, mask, text, mask.requires_grad, y.grad_fn.name(), y.is_leaf]
    (g,) = m.autograd.grad(y.sum(), x, create_graph=True)
    log += [g, m.autograd.grad(g.sum(), x, retain_graph=True)]
    y.sum().backward()
    log += [x.grad, kind(lambda: y.sum().backward())]
    with m.no_grad():
        log.append(scale.apply(x, 1.0)[0].requires_grad)
    y, _, _ = scale.apply(x, 3.0)
    with m.no_grad():
        x.add_(1)
    log.append(kind(lambda: y.sum().backward()))
    return log


def returning(m: Any, gradients: Callable[[Any], Any]) -> Any:
    class Returning(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            return a * 1.0

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return gradients(g)

    return Returning.apply


@scenario
def custom_contract(m: Any) -> Any:
    x = leaf(m)
    log = []
    for gradients in (
        lambda g: g,
        lambda g: (g, None),
        lambda g: (g, None, None),
        lambda g: (g, None, g),
        lambda g: (g, g),
        lambda g: [g, None],
        lambda g: (None, None),
        lambda g: (g.sum(), None),
        lambda g: (g.unsqueeze(0).expand(2, 3), None),
        lambda g: (1.0, None),
        lambda g: (g.float(), None),
        lambda g: 1 // 0,
    ):
        x.grad = None
        y = returning(m, gradients)(x, 2)
        log.append([kind(lambda y=y: y.sum().backward()), x.grad])
    other = leaf(m)
    returning(m, lambda g: (g, g * 2))(x, x).sum().backward()
    returning(m, lambda g: (g, g.sum()))(x, other.detach()).sum().backward()
    return [*log, x.grad, other.grad]


@scenario
def custom_in_place(m: Any) -> Any:
    class Double(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.mark_dirty(x)
            x.mul_(2)
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    class Same(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 5

    x = leaf(m)
    y = x * 1.0
    z = Double.apply(y)
    log = [z is y, y.grad_fn.name(), kind(lambda: Double.apply(x)), y]
    base = x * 1.0
    Double.apply(base[1:])
    (base * base).sum().backward()
    s = Same.apply(y)
    log += [x.grad, s is y, s, kind(lambda: s.add_(1))]
    x.grad = None
    s.sum().backward()
    return [*log, x.grad]


@scenario
def custom_flags(m: Any) -> Any:
    log: list[Any] = []

    class Two(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, materialize: Any) -> Any:
            a, b, c = x * 2, x * 3, x * 4
            ctx.mark_non_differentiable(c)
            ctx.set_materialize_grads(materialize)
            return a, b, c

        @staticmethod
        def backward(ctx: Any, ga: Any, gb: Any, gc: Any) -> Any:
            log.append([ga, gb, gc])
            return ga * 2, None

    class Once(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @m.autograd.function.once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            log.append(m.is_grad_enabled())
            return 2 * ctx.saved_tensors[0] * g

    for materialize in (True, False):
        x = leaf(m)
        a, _, c = Two.apply(x, materialize)
        a.sum().backward()
        log += [c.requires_grad, c.is_leaf, x.grad]
    y = Once.apply(x) * x
    (g,) = m.autograd.grad(y.sum(), x, create_graph=True)
    log += [g, kind(lambda: g.sum().backward())]
    return log


@scenario
def custom_setup_and_jvp(m: Any) -> Any:
    log: list[Any] = []

    class Cube(m.autograd.Function):
        @staticmethod
        def forward(x: Any, n: Any) -> Any:
            return x**n

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            log.append([len(inputs), output.shape[0]])
            ctx.save_for_backward(inputs[0])
            ctx.save_for_forward(inputs[0])

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 3 * ctx.saved_tensors[0] ** 2 * g, None

        @staticmethod
        def jvp(ctx: Any, t: Any, n: Any) -> Any:
            log.append(n)
            return 3 * ctx.saved_tensors[0] ** 2 * t

    x = leaf(m)
    Cube.apply(x, 3).sum().backward()
    forward_ad = m.autograd.forward_ad
    with forward_ad.dual_level():
        d = forward_ad.make_dual(x.detach(), m.ones(3, dtype=m.float64))
        log.append(forward_ad.unpack_dual(Cube.apply(d, 3)).tangent)
        log.append(kind(lambda: custom(m, []).apply(d, 1.0)))
    return [*log, x.grad]


@scenario
def functional_helpers(m: Any) -> Any:
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


@scenario
def forward_mode(m: Any) -> Any:
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


@pytest.mark.parametrize("name", SCENARIOS)
def test_agrees_with_torch(name: str) -> None:
    agree(SCENARIOS[name])


def test_transforms_nest() -> None:
    x = reference.tensor(2.0, dtype=reference.float64)
    grad = reference.func.grad
    assert grad(grad(lambda v: v**4))(x).item() == 48.0
    assert grad(lambda v: v * grad(lambda u: v * u * u)(v))(x).item() == 24.0
    value, pushed = reference.func.jvp(lambda v: v * v, (x,), (x,))
    assert (value.item(), pushed.item()) == (4.0, 8.0)
    assert reference.func.hessian(lambda v: v**3)(x).item() == 12.0
    assert reference.func.vjp(lambda v: v**3, x)[1](x)[0].item() == 24.0


def test_a_thread_has_its_own_mode() -> None:
    seen = []
    with reference.no_grad():
        thread = threading.Thread(target=lambda: seen.append(reference.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


@pytest.mark.parametrize("how", ["tracked", "linear", "dropped", "in place", "views"])
def test_long_chains(how: str) -> None:
    x = reference.tensor([1.0], dtype=reference.float64, requires_grad=True)
    y = x * 1.0
    for _ in range(100_000):
        if how == "tracked":
            y = y * 1.0
        elif how == "in place":
            y.add_(1.0)
        elif how == "views":
            y = y.view(-1)
        else:
            y = y + 1.0
    if how != "dropped":
        y.sum().backward()
        assert x.grad.item() == 1.0


def test_doubling_is_linear_work() -> None:
    x = reference.tensor(1.0, dtype=reference.float64, requires_grad=True)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**60


def test_own_operand_in_place() -> None:
    x = reference.tensor([1.0, 2.0], dtype=reference.float64, requires_grad=True)
    y = x * 1.0
    y.mul_(y)
    (g,) = reference.grad(y.sum(), x, create_graph=True)
    assert g.tolist() == [2.0, 4.0]
    assert reference.grad(g.sum(), x)[0].tolist() == [2.0, 2.0]


def test_absent_device_is_named() -> None:
    with pytest.raises(reference.errors.DeviceError, match=r"CuPy|GPU"):
        reference.tensor([1.0], device="cuda")
