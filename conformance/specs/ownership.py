"""Ownership: a stored gradient belongs to the user, who may edit it or put another in its place.

A slot holds a tensor by reference, and no two gradients share memory.
"""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, behavior, doc, note, page
from conformance.expect import (
    expect_grad,
    expect_value,
)
from conformance.strategies import (
    arrays,
    booleans,
    cotangents,
    lists,
    programs,
    sampled,
)
from conformance.truth import gradients

SLOT = doc("torch.Tensor.grad")
FUNCTION = doc("torch.autograd.backward")
BASICS = page("tutorials/beginner/basics/autogradqs_tutorial.html", "autograd tutorial")
LAYOUTS = page("docs/stable/autograd.html#default-gradient-layouts", "default gradient layouts")


@behavior(
    "accumulation.assigned-tensor-is-adopted-and-mutated",
    "A tensor assigned to the slot is taken by reference: backward adds into it, and editing it "
    "edits the gradient.",
    level=CORE,
    sources=[SLOT, page("docs/stable/autograd.html#manual-gradient-layouts", "manual layouts")],
    given={
        "program": programs(leaves=1),
        "v": cotangents(),
        "w": cotangents(),
        "number": sampled(1.0, -2.0, 3.0),
    },
    requires=["accumulation.sums-over-calls", "inplace.intermediate-allowed-and-differentiated"],
)
def assigned_tensor_is_adopted_and_mutated(session, program, v, w, number):
    (x,) = session.leaves(program)
    mine = session.tensor(np.full(x.shape, number))
    x.grad = mine

    mine.mul_(2.0)
    for seed in (v, w):
        y = program(x)
        y.backward(seed.like(y))

    (added,) = gradients(program, v(y.shape) + w(y.shape))
    expect_grad(x, 2 * number + added.value)
    expect_value(mine, 2 * number + added.value)


@behavior(
    "accumulation.assigned-must-match-leaf",
    "Assigning a gradient of another shape or dtype than the leaf's is refused, and the slot "
    "stays as it was.",
    level=CORE,
    sources=[doc("torch.Tensor.grad_dtype"), SLOT],
    given={
        "values": arrays((2,), (), (2, 3), (1,), (3, 1), (0,)),
        "kind": sampled("broadcastable", "flattened", "longer", "dtype"),
        "held": booleans(),
    },
    requires=["accumulation.assigned-tensor-is-adopted-and-mutated"],
)
def assigned_must_match_leaf(session, values, kind, held):
    x = session.tensor(values, requires_grad=True)
    if held:
        x.grad = session.tensor(values * 2.0)
    others = [d for d in ("float32", "float64", "float16") if d in session.adapter.dtypes]
    other = [dtype for dtype in others if dtype != session.dtype]
    wrong = {
        "broadcastable": lambda: session.tensor(values[None]),
        "flattened": lambda: session.tensor(values.reshape(-1, 1, 1)),
        "longer": lambda: session.tensor(np.ones((values.size + 1,))),
        "dtype": lambda: session.tensor(values, dtype=other[0] if other else "float32"),
    }[kind]()

    with session.raises("a gradient has the shape and dtype of its leaf"):
        x.grad = wrong

    expect_grad(x, values * 2.0 if held else None)


@behavior(
    "accumulation.gradients-own-their-storage",
    "Editing one leaf's gradient, or accumulating more into it, changes no other leaf's gradient, "
    "and not the cotangent that was passed.",
    level=CORE,
    sources=[SLOT, note("autograd", "setting-requires-grad")],
    given={
        "program": programs(leading_views=True),
        "twins": booleans(),
        "values": arrays((2,), (2, 3), (1, 3)),
        "v": cotangents(),
        "edits": lists(sampled(2.0, -1.0, 3.0), 1, 2),
        "again": booleans(),
    },
    requires=[
        "graph.retain-allows-repeats",
        "inplace.intermediate-allowed-and-differentiated",
        "accumulation.gradient-tensor-is-plain-leaf",
    ],
)
def gradients_own_their_storage(session, program, twins, values, v, edits, again):
    if twins and session.adapter.can("unsqueeze"):
        leaves = [session.tensor(values + shift, requires_grad=True) for shift in (0.0, 1.0)]
        a, b = (leaf.apply("unsqueeze", 0) for leaf in leaves)
        y = (a + b) * session.tensor(values * 2.0)
    else:
        leaves = session.leaves(program)
        y = program(*leaves)
    y.backward(v.like(y), retain_graph=again or None)
    if again:
        y.backward(v.like(y))

    for leaf, factor in zip(leaves, edits, strict=False):
        gradient = leaf.grad
        if gradient is not None:
            gradient.mul_(factor)
            expect_grad(leaf, gradient.true_value)
