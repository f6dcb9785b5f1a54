"""Tensor hooks: seeing a gradient on its way, and replacing it."""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, behavior, doc, note
from conformance.expect import expect, expect_calls, expect_grad, expect_tracked_grads
from conformance.frame import slot_content
from conformance.strategies import (
    arrays,
    booleans,
    cotangents,
    integers,
    lists,
    programs,
    sampled,
    tuples,
)
from conformance.truth import gradients

REGISTER = doc("torch.Tensor.register_hook")
FIRING = note("autograd", "whether-a-particular-hook-will-be-fired")
ORDER = note("autograd", "the-order-in-which-the-different-hooks-are-fired")

FACTORS = (2.0, -1.0, 0.0, 3.0)
SHAPES = ((2,), (), (3,), (2, 2), (1,), (0,))


def consumed(u, uses):
    """A result that uses ``u`` several times, and the factor by which it does in all."""
    y = u * 2.0
    for use in range(1, uses):
        y = y + u * (use + 2.0)
    return y, 2.0 + sum(use + 2.0 for use in range(1, uses))


def passed_through(hooks, gradient):
    """What the hooks, one after the other, make of a gradient."""
    for factor, offset in hooks:
        gradient = gradient * factor + offset
    return gradient


@behavior(
    "hooks.total-gradient-once-per-backward",
    "A hook runs once in each backward pass that reaches its tensor, and is given the gradient "
    "summed over all uses of the tensor.",
    level=CORE,
    sources=[FIRING, REGISTER],
    given={
        "program": programs(bits=10),
        "v": cotangents(),
        "uses": integers(1, 4),
        "on_leaf": booleans(),
    },
    requires=["backward.gives-vector-jacobian-product"],
)
def total_gradient_once(session, program, v, uses, on_leaf):
    leaves = session.leaves(program)
    x = leaves[0] if on_leaf else program(*leaves)
    hook = x.register_hook()
    y, factor = consumed(x, uses)
    y.backward(v.like(y))

    expect_calls(hook, [factor * v(y.shape)])


@behavior(
    "hooks.tensor-hook-replaces-grad",
    "What a hook returns takes the gradient's place: a leaf accumulates it, and the producer of an "
    "intermediate receives it.",
    level=CORE,
    sources=[REGISTER, FIRING],
    given={
        "program": programs(bits=10),
        "v": cotangents(),
        "factor": sampled(*FACTORS),
        "on_leaf": booleans(),
    },
    requires=["hooks.total-gradient-once-per-backward"],
)
def replaces_the_gradient(session, program, v, factor, on_leaf):
    leaves = session.leaves(program)
    if on_leaf:
        leaves[0].register_hook(factor)
    u = program(*leaves)
    if not on_leaf:
        u.register_hook(factor)
    y = u * 3.0
    y.backward(v.like(y))

    plain, scaled = (gradients(program, 3 * k * v(y.shape)) for k in (1.0, factor))
    expected = [*scaled[:1], *plain[1:]] if on_leaf else scaled
    expect_tracked_grads(program, leaves, expected)


@behavior(
    "hooks.returning-none-changes-nothing",
    "A hook that returns nothing only looks: all gradients are as without it.",
    level=CORE,
    sources=[REGISTER],
    given={
        "program": programs(),
        "v": cotangents(),
        "watched": lists(booleans(), 3, 3),
    },
    requires=["hooks.total-gradient-once-per-backward"],
)
def returning_none_changes_nothing(session, program, v, watched):
    leaves = session.leaves(program)
    for position in program.tracked:
        if watched[position % 3]:
            leaves[position].register_hook()
    y = program(*leaves)
    y.register_hook()
    y.backward(v.like(y))

    expect_tracked_grads(program, leaves, gradients(program, v(y.shape)))


@behavior(
    "hooks.chain-in-registration-order",
    "Several hooks on one tensor run in the order of their registration, each on what the one "
    "before returned.",
    level=CORE,
    sources=[ORDER],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "hooks": lists(tuples(sampled(*FACTORS), sampled(1.0, 0.0, -2.0)), 2, 3),
        "on_leaf": booleans(),
    },
    requires=["hooks.tensor-hook-replaces-grad"],
)
def chain_in_registration_order(session, value, v, hooks, on_leaf):
    x = session.tensor(value, requires_grad=True)
    u = x if on_leaf else x * 1.0
    for factor, offset in hooks:
        u.register_hook(factor, offset)
    y = u * 2.0
    y.backward(v.like(y))

    expect_grad(x, passed_through(hooks, 2.0 * v(y.shape)))


@behavior(
    "hooks.run-before-accumulation",
    "A leaf's hook runs before the leaf's slot is touched: inside it the slot holds what earlier "
    "passes left, and only what the hook returns is added.",
    level=CORE,
    sources=[FIRING, ORDER],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "factor": sampled(*FACTORS),
        "passes": integers(1, 3),
    },
    requires=["hooks.tensor-hook-replaces-grad", "accumulation.sums-over-calls"],
)
def run_before_accumulation(session, value, v, factor, passes):
    x = session.tensor(value, requires_grad=True)
    seen = []
    x.register_hook(factor, during=lambda: seen.append(copied_slot(x)))
    for _ in range(passes):
        y = x * 2.0
        y.backward(v.like(y))

    once = 2.0 * factor * v(y.shape)
    expect(len(seen) == passes, "the hook runs once in each pass")
    expect(seen[0] is None, "the slot is empty inside the first call")
    for earlier, slot in enumerate(seen[1:], start=1):
        expect(np.array_equal(slot, earlier * once), f"the slot holds {earlier} passes' gradients")
    expect_grad(x, passes * once)


def copied_slot(x):
    """What the gradient slot holds at this moment; None if it is empty."""
    if slot_content(x.session, x) is None:
        return None
    return np.array(x.session.observe("slot_value", x.handle))


@behavior(
    "hooks.run-before-retain-grad",
    "The gradient kept for an intermediate is the one after all its hooks, whether it was asked "
    "for before or after they were registered.",
    level=CORE,
    sources=[ORDER, doc("torch.Tensor.retain_grad")],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "before": lists(tuples(sampled(*FACTORS), sampled(1.0, 0.0, -2.0)), 0, 2),
        "after": lists(tuples(sampled(*FACTORS), sampled(1.0, 0.0, -2.0)), 0, 2),
    },
    requires=["hooks.chain-in-registration-order", "retain-grad.populates-nonleaf"],
)
def run_before_retain_grad(session, value, v, before, after):
    u = session.tensor(value, requires_grad=True) * 2.0
    seen = []
    for factor, offset in before:
        u.register_hook(factor, offset, during=lambda: seen.append(copied_slot(u)))
    u.retain_grad()
    for factor, offset in after:
        u.register_hook(factor, offset, during=lambda: seen.append(copied_slot(u)))
    y = u * 3.0
    y.backward(v.like(y))

    expect(all(slot is None for slot in seen), "nothing is kept yet while the hooks run")
    expect_grad(u, passed_through([*before, *after], 3.0 * v(y.shape)))


@behavior(
    "hooks.accumulating-fan-in-sees-each-hooked-branch",
    "Where branches with hooks meet in one leaf, each branch's hook acts before the sum, and the "
    "leaf's hook on the sum.",
    level=CORE,
    sources=[ORDER, FIRING],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "factors": lists(sampled(*FACTORS), 2, 4),
        "offset": sampled(1.0, -2.0),
    },
    requires=["hooks.tensor-hook-replaces-grad"],
)
def fan_in_sees_each_branch(session, value, v, factors, offset):
    x = session.tensor(value, requires_grad=True)
    hook = x.register_hook(2.0, offset)
    branches = [x * (weight + 2.0) for weight in range(len(factors))]
    for branch, factor in zip(branches, factors, strict=True):
        branch.register_hook(factor)
    y = branches[0]
    for branch in branches[1:]:
        y = y + branch
    y.backward(v.like(y))

    total = sum((weight + 2.0) * factor for weight, factor in enumerate(factors)) * v(y.shape)
    expect_calls(hook, [total])
    expect_grad(x, 2.0 * total + offset)
