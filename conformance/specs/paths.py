"""Paths: gradients flow along what was recorded, once through every operation.

However often a tensor is used and however deep the graph is, a backward pass meets each recorded
operation once, and whatever does not lead to the root not at all.
"""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc, note, page
from conformance.expect import expect, expect_grad, expect_tracked_grads
from conformance.program import Leaf, Program, Step
from conformance.strategies import (
    arrays,
    booleans,
    cotangents,
    integers,
    lists,
    offered,
    programs,
    sampled,
    smooth_programs,
)
from conformance.truth import gradients

FUNCTION = doc("torch.autograd.backward")
HISTORY = note("autograd", "how-autograd-encodes-history")


@behavior(
    "backward.fan-out-sums",
    "A tensor that is used several times, by several operations or twice by one, receives the sum "
    "of the gradients of its uses.",
    level=CORE,
    sources=[HISTORY, FUNCTION],
    given={
        "values": arrays((2,), (), (2, 3), (3, 1), (0,)),
        "uses": lists(offered("mul", "mul_scalar", "add", "neg", "sub"), 2, 5),
        "v": cotangents(),
    },
    requires=["operation.gradient-is-its-derivative"],
)
def fan_out_sums(session, values, uses, v):
    x = Leaf(values.shape, tuple(values.ravel()))
    steps = []
    for number, op in enumerate(uses, start=2):
        scaled = op == "mul_scalar"
        alone = scaled or op == "neg"
        steps.append(Step(op, (0,) if alone else (0, 0), (float(number),) if scaled else ()))
    total = 1
    for use in range(2, len(uses) + 1):
        steps.append(Step("add", (total, use)))
        total = len(steps)

    session.vjp(Program((x,), tuple(steps), (total,)), v(values.shape))


@behavior(
    "backward.unreached-computation-is-irrelevant",
    "What is recorded from the same leaves, before or after the root, but does not lead to it, "
    "changes no gradient and fills no slot.",
    level=CORE,
    sources=[HISTORY],
    given={"program": programs(), "v": cotangents(), "early": booleans()},
    requires=["backward.gives-vector-jacobian-product"],
)
def unreached_computation_is_irrelevant(session, program, v, early):
    leaves = session.leaves(program)
    elsewhere = session.tensor(2.0, requires_grad=True)
    if early:
        _ = leaves[0] * elsewhere + leaves[0] * 3.0
    y = program(*leaves)
    if not early:
        _ = y * elsewhere + y

    y.backward(v.like(y))

    expected = gradients(program, v(y.shape))
    expect_tracked_grads(program, leaves, expected)
    expect_grad(elsewhere, None)


@behavior(
    "backward.deep-graphs",
    "A chain of 100,000 operations can be recorded and differentiated, beside a short way round "
    "it.",
    level=EXTENDED,
    sources=[page("docs/stable/autograd.html", "torch.autograd"), FUNCTION],
    given={"value": arrays(()), "odd": booleans()},
    requires=["backward.vjp-equals-weighted-sum"],
    examples=0.01,
)
def deep_graphs(session, value, odd):
    x = session.tensor(value, requires_grad=True)

    y = session.negated(x, 100_000 + odd) * 3.0 + x
    y.backward()

    expect_grad(x, -2.0 if odd else 4.0)


@behavior(
    "backward.each-node-once",
    "Backward takes time by the number of operations, not of paths: a chain that doubles and "
    "halves has 2ⁿ paths after n steps and is done at once.",
    level=EXTENDED,
    sources=[HISTORY],
    given={"values": arrays((), (2,), (2, 2)), "v": cotangents(), "steps": integers(40, 60)},
    requires=["backward.fan-out-sums"],
    examples=0.1,
)
def each_node_once(session, values, v, steps):
    x = session.tensor(values, requires_grad=True)

    y = x
    for _ in range(steps):
        y = (y + y) * 0.5
    y.backward(v.like(y))

    expect_grad(x, v(x.shape))


@behavior(
    "backward.repeatable",
    "On one CPU thread the same backward pass gives the same bits again, through a retained graph "
    "and through one built anew.",
    level=EXTENDED,
    sources=[note("randomness")],
    given={
        "program": smooth_programs(leading_views=False),
        "numbers": arrays((12,)),
        "v": cotangents(),
        "kind": sampled("program", "sums", "program"),
    },
    requires=["accumulation.setting-none-restarts-with-fresh-tensor"],
)
def repeatable(session, program, numbers, v, kind):
    def built():
        if kind == "sums":
            return many_sums(session, numbers)
        leaves = session.leaves(program)
        return [leaves[i] for i in program.tracked], program(*leaves)

    leaves, y = built()
    y.backward(v.like(y), retain_graph=True)
    first = slots(leaves)
    for x in leaves:
        x.grad = None
    y.backward(v.like(y))
    expect_same(leaves, first, "the same pass through a retained graph")
    leaves, y = built()
    y.backward(v.like(y))
    expect_same(leaves, first, "the same program built anew")


def many_sums(session, numbers):
    """Leaves and a root between which sums of many terms lie, which round in whatever order."""
    values = numbers / 3.0 + np.arange(numbers.size).reshape(numbers.shape) / 7.0
    x = session.tensor(values, requires_grad=True, exact=False)
    scale = session.tensor(0.7, requires_grad=True, exact=False)
    y = x * scale
    for weight in (0.3, 0.7, 1.1, 1.7):
        y = y + x * weight
    return [x, scale], y * (y.sum() if y.shape else y)


def slots(leaves):
    """What the slots hold, None where they are empty."""
    return [
        np.array(x.session.observe("slot_value", x.handle)) if x.entry.grad else None
        for x in leaves
    ]


def expect_same(leaves, first, what):
    """The slots hold the bits that the first pass left."""
    pairs = zip(first, slots(leaves), strict=True)
    same = all(a is b or a.tobytes() == b.tobytes() for a, b in pairs)
    expect(same, f"{what} gives the same bits")
