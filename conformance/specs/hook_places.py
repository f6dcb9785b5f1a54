"""Places of hooks: which gradient a hook is given where its tensor is a root, or is written to."""

from __future__ import annotations

import numpy as np

from conformance.behavior import EXTENDED, behavior, doc, note
from conformance.expect import expect, expect_calls, expect_grad, expect_result
from conformance.strategies import arrays, booleans, cotangents, lists, offered, sampled

REGISTER = doc("torch.Tensor.register_hook")
FIRING = note("autograd", "whether-a-particular-hook-will-be-fired")
MODIFIED = note("autograd", "behavior-of-tensor-hooks-when-tensor-is-modified-in-place")

FACTORS = sampled(2.0, -1.0, 3.0)


@behavior(
    "hooks.act-on-roots",
    "A root's hook is given the cotangent, together with what other roots bring, and what it "
    "returns takes its place; so it is for each of several roots, and where a leaf is the root.",
    level=EXTENDED,
    sources=[REGISTER, FIRING],
    given={
        "value": arrays((2,), (), (3,), (2, 2), (1,), (0,)),
        "seeds": lists(cotangents(), 3, 3),
        "factors": lists(FACTORS, 3, 3),
        "kind": sampled("leaf", "result", "several"),
        "swapped": booleans(),
    },
    requires=[
        "hooks.tensor-hook-replaces-grad",
        "backward.leaf-root",
        "roots.sum-of-contributions",
    ],
)
def act_on_roots(session, value, seeds, factors, kind, swapped):
    x = session.tensor(value, requires_grad=True)
    y = x * 2.0
    z = y * 5.0
    roots = {"leaf": [x], "result": [z], "several": [x, y, z]}[kind]
    hooks = [
        tensor.register_hook(factor) for tensor, factor in zip((x, y, z), factors, strict=True)
    ]
    given = {id(root): seed for root, seed in zip(roots, seeds, strict=False)}
    if len(roots) == 1:
        roots[0].backward(seeds[0].like(roots[0]))
    else:
        listed = roots[::-1] if swapped else roots
        session.backward(listed, [given[id(root)].like(root) for root in listed])

    total, through = np.zeros(value.shape), {"leaf": 1, "result": 3, "several": 3}[kind]
    for place in reversed(range(through)):
        tensor = (x, y, z)[place]
        if id(tensor) in given:
            total = total + given[id(tensor)](tensor.shape)
        expect_calls(hooks[place], [total])
        total = total * factors[place] * (1.0, 2.0, 5.0)[place]
    expect_grad(x, total)


@behavior(
    "hooks.in-place-separates-old-and-new-value",
    "A hook stays with the value that its tensor had: one registered before a write is given the "
    "gradient of the old value, one registered after it, be it on a view taken before, that of the "
    "new one, and the later one runs first.",
    level=EXTENDED,
    sources=[MODIFIED],
    given={
        "value": arrays((2,), (2, 2), (3,), (2, 3)),
        "v": cotangents(),
        "scale": sampled(3.0, -2.0, 0.5),
        "factors": lists(FACTORS, 2, 2),
        "of_view": booleans(),
    },
    requires=["hooks.tensor-hook-replaces-grad", "inplace.intermediate-allowed-and-differentiated"],
)
def in_place_separates_old_and_new(session, value, v, scale, factors, of_view):
    x = session.tensor(value, requires_grad=True)
    base = x + x
    shown = base[0] if of_view else base
    order = []
    before = base.register_hook(factors[0], during=lambda: order.append("before"))
    base.mul_(scale)
    # Read first: torch 2.13 crashes if a hook meets a view that has not noticed the write yet.
    expect_result(shown)
    after = shown.register_hook(factors[1], during=lambda: order.append("after"))
    root = shown * 4.0
    root.backward(v.like(root))

    old = np.zeros(value.shape)
    old[0 if of_view else ...] = 4.0 * factors[1] * scale * v(shown.shape)
    expect_calls(after, [4.0 * v(shown.shape)])
    expect_calls(before, [old])
    expect(order == ["after", "before"], "the hook of the new value runs first")
    expect_grad(x, 2.0 * factors[0] * old)


@behavior(
    "hooks.leaf-hooks-survive-untracked-updates",
    "A leaf's hook goes on acting after the leaf was written to with recording off, and after its "
    "tracking was switched off and on again.",
    level=EXTENDED,
    sources=[REGISTER, MODIFIED],
    given={
        "values": arrays((2,), (), (3,), (2, 2)),
        "v": cotangents(),
        "factor": FACTORS,
        "update": sampled("switched", "written"),
        "write": offered("add_", "zero_", "mul_scalar_"),
    },
    requires=[
        "hooks.tensor-hook-replaces-grad",
        "modes.no-grad-in-place-on-leaf",
        "toggle.in-place-and-returns-self",
    ],
)
def leaf_hooks_survive_untracked_updates(session, values, v, factor, update, write):
    x = session.tensor(values, requires_grad=True)
    hook = x.register_hook(factor)
    if update == "switched":
        x.requires_grad_(False)
        x.requires_grad_(True)
    else:
        with session.no_grad():
            operand = session.tensor(values) if write == "add_" else None
            session.write(write, x, operand, (2.0,) if write == "mul_scalar_" else ())
    y = x * x
    y.backward(v.like(y))

    once = 2 * x.true_value * v(y.shape)
    expect_calls(hook, [once])
    expect_grad(x, factor * once)
