"""Custom functions, side by side with torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines import kind, leaf, on_both


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


@on_both
def test_custom_function(m: Any) -> Any:
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


@on_both
def test_custom_contract(m: Any) -> Any:
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


@on_both
def test_custom_in_place(m: Any) -> Any:
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


@on_both
def test_custom_flags(m: Any) -> Any:
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


@on_both
def test_custom_setup_and_jvp(m: Any) -> Any:
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
