"""Hooks: what they see, replace and refuse, side by side with torch."""

from __future__ import annotations

from typing import Any

from engines import kind, leaf, on_both


@on_both
def test_hooks(m: Any) -> Any:
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


@on_both
def test_hooks_in_place(m: Any) -> Any:
    x = leaf(m)
    y = x * 1.0
    calls: list[Any] = []
    y.register_hook(lambda g: calls.append(("old", g.clone())))
    y.mul_(3)
    y.register_hook(lambda g: calls.append(("new", g.clone())))
    (y * 2).sum().backward()
    return [calls, x.grad]
