"""Accumulation: backward adds to what a leaf already holds.

A leaf's gradient slot is empty until a backward pass reaches the leaf, holds a plain tensor from
then on, and belongs to the user: it can be emptied, zeroed, edited and assigned.
"""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, behavior, doc, note, page
from conformance.expect import (
    expect_grad,
    expect_grads,
    expect_leaf,
    expect_same_object,
    expect_tracked_grads,
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
    "accumulation.sums-over-calls",
    "Each backward pass adds its gradient to what the leaf already holds.",
    level=CORE,
    sources=[doc("torch.Tensor.backward")],
    given={"program": programs(), "vs": lists(cotangents(), 2, 4)},
    requires=["backward.gives-vector-jacobian-product"],
)
def sums_over_calls(session, program, vs):
    leaves = session.leaves(program)
    for v in vs:
        y = program(*leaves)
        y.backward(v.like(y))

    expect_tracked_grads(program, leaves, gradients(program, sum(v(y.shape) for v in vs)))


@behavior(
    "accumulation.setting-none-restarts-with-fresh-tensor",
    "Emptying the slot restarts accumulation, and leaves the gradient held before as it was.",
    level=CORE,
    sources=[doc("torch.Tensor.grad"), note("autograd", "setting-requires-grad")],
    given={"program": programs(leaves=1), "v": cotangents(), "w": cotangents()},
    requires=["graph.retain-allows-repeats", "accumulation.gradient-tensor-is-plain-leaf"],
)
def setting_none_restarts(session, program, v, w):
    (x,) = session.leaves(program)
    y = program(x)
    y.backward(v.like(y), retain_graph=True)
    held = x.grad
    x.grad = None
    expect_grad(x, None)

    y.backward(w.like(y))

    expect_grad(x, gradients(program, w(y.shape))[0])
    expect_value(held, gradients(program, v(y.shape))[0])


@behavior(
    "accumulation.gradient-matches-leaf-metadata",
    "A gradient has its leaf's shape and dtype, also when the program changes precision on the "
    "way or multiplies by integers.",
    level=CORE,
    sources=[SLOT, LAYOUTS],
    given={
        "values": arrays((2,), (), (2, 3), (0,), (1, 3)),
        "own": sampled("float64", "float32"),
        "on_the_way": sampled("float32", "float64"),
        "v": cotangents(),
    },
    requires=["operation.gradient-is-its-derivative"],
)
def gradient_matches_leaf_metadata(session, values, own, on_the_way, v):
    adapter = session.adapter
    x = session.tensor(values, True, own if own in adapter.dtypes else None)
    y = x * 3.0
    if adapter.can("cast") and on_the_way in adapter.dtypes:
        y = y.apply("cast", on_the_way) * 2.0
    if "int64" in adapter.discrete_dtypes:
        y = y * session.tensor(np.full(values.shape, 2), dtype="int64")

    y.backward(v.like(y))

    scale = y.true_value / np.where(values, values, 1.0)
    expect_grad(x, v(y.shape) * scale)  # the frame condition looks at the slot's dtype


@behavior(
    "accumulation.unused-leaf-stays-none",
    "A slot is empty until a backward pass reaches its leaf; leaves that the root does not depend "
    "on, and untracked tensors, keep theirs as it is, empty or assigned.",
    level=CORE,
    sources=[SLOT, FUNCTION],
    given={"program": programs(), "v": cotangents(), "assigned": booleans()},
    requires=["accumulation.assigned-tensor-is-adopted-and-mutated"],
)
def unused_leaf_stays_none(session, program, v, assigned):
    leaves = session.leaves(program)
    unused = session.tensor(2.0, requires_grad=True)
    if assigned:
        unused.grad = session.tensor(5.0)
    y = program(*leaves)
    expect_grads(leaves, [None] * len(leaves))

    y.backward(v.like(y))

    expect_grad(unused, 5.0 if assigned else None)
    for position, leaf in enumerate(leaves):
        if position not in program.tracked or position not in program.used:
            expect_grad(leaf, None)


@behavior(
    "accumulation.gradient-tensor-is-plain-leaf",
    "What an ordinary backward pass stores is an untracked leaf, the same object each time it is "
    "read.",
    level=CORE,
    sources=[SLOT, FUNCTION],
    given={"program": programs(), "v": cotangents()},
    requires=["backward.gives-vector-jacobian-product"],
)
def gradient_tensor_is_plain_leaf(session, program, v):
    leaves = session.leaves(program)
    y = program(*leaves)
    y.backward(v.like(y))

    for position in program.tracked:
        first, again = leaves[position].grad, leaves[position].grad
        if first is not None:
            expect_leaf(first, requires_grad=False)
            expect_same_object(session, first.handle, again.handle)


@behavior(
    "accumulation.zero-derivative-is-a-zero-tensor",
    "A leaf that the root depends on gets a gradient of zeros where the derivative vanishes; only "
    "a leaf that it does not depend on keeps an empty slot.",
    level=CORE,
    sources=[SLOT, FUNCTION],
    given={
        "values": arrays((2,), (), (2, 3), (1,), (3,)),
        "kind": sampled("times zero", "cancelled", "never chosen", "clipped", "other part"),
        "v": cotangents(),
    },
    requires=["backward.gives-vector-jacobian-product"],
)
def zero_derivative_is_a_zero_tensor(session, values, kind, v):
    x = session.tensor(values, requires_grad=True)
    other = session.tensor(values + 1.0, requires_grad=True)
    if kind == "never chosen" and session.adapter.can("where"):
        vanishing = session.apply("where", [x, other], (np.zeros(values.shape, bool).tolist(),))
    elif kind == "clipped" and session.adapter.can("relu"):
        vanishing = (x - 9.0).apply("relu")
    elif kind == "other part" and session.adapter.can("stack", "unbind"):
        vanishing = session.apply("stack", [x, other], (0,)).apply("unbind", 0, 1)
    else:
        vanishing = x * 0.0 if kind == "times zero" else x - x

    y = vanishing + other * 2.0
    y.backward(v.like(y))

    expect_grad(x, np.zeros(values.shape))


@behavior(
    "accumulation.zeroing-in-place-restarts",
    "Filling the gradient with zeros restarts accumulation, in the same tensor.",
    level=CORE,
    sources=[
        FUNCTION,
        page("tutorials/beginner/basics/autogradqs_tutorial.html", "autograd tutorial"),
    ],
    given={"program": programs(), "vs": lists(cotangents(), 1, 3), "last": cotangents()},
    requires=["accumulation.sums-over-calls", "accumulation.gradient-tensor-is-plain-leaf"],
)
def zeroing_in_place_restarts(session, program, vs, last):
    leaves = session.leaves(program)
    for v in vs:
        y = program(*leaves)
        y.backward(v.like(y))
        for leaf in leaves:
            if leaf.entry.grad is not None:
                before = leaf.grad
                leaf.zero_grad()
                after = leaf.grad
                expect_same_object(session, before.handle, after.handle)
                before.watched = after.watched = False  # a later pass may replace the object
                expect_grad(leaf, np.zeros(leaf.shape))

    y = program(*leaves)
    y.backward(last.like(y))

    expect_tracked_grads(program, leaves, gradients(program, last(y.shape)))
