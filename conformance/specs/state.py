"""Tensor state: which tensors are tracked, and which are leaves.

Tracking starts where it is asked for, spreads through operations to their floating results, and
never appears by itself. A leaf is what no operation produced as far as autograd can tell.
"""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, behavior, doc, note, page
from conformance.expect import expect_grad, expect_leaf, expect_result, expect_state
from conformance.strategies import (
    arrays,
    booleans,
    cotangents,
    integers,
    lists,
    programs,
    sampled,
)

SHAPES = ((), (2,), (2, 3), (1,), (0,), (2, 0), (1, 3))
TRACKING = note("autograd", "setting-requires-grad")
LEAVES = page("tutorials/beginner/understanding_leaf_vs_nonleaf_tutorial.html", "leaf tensors")


@behavior(
    "state.untracked-by-default",
    "A tensor made without asking for tracking is an untracked leaf with an empty gradient slot, "
    "also when it is made in the likeness of a tracked one.",
    level=CORE,
    sources=[TRACKING, doc("torch.Tensor.requires_grad")],
    given={"values": arrays(*SHAPES), "computed": booleans()},
    requires=["state.factory-flag-makes-tracked-leaf"],
)
def untracked_by_default(session, values, computed):
    x = session.tensor(values, requires_grad=True)
    template = x * x if computed else x

    plain = session.plain(values)
    filled = session.filled(values.shape, 3.0)
    like = session.filled_like(template, 2.0)

    for made in (plain, filled, like):
        expect_leaf(made, requires_grad=False)
        expect_grad(made, None)


@behavior(
    "state.factory-flag-makes-tracked-leaf",
    "A tensor made of values is a leaf with an empty gradient slot, tracked if that was asked for.",
    level=CORE,
    sources=[doc("torch.Tensor.is_leaf"), TRACKING],
    given={"values": arrays(*SHAPES), "asked": booleans()},
)
def factory_flag_makes_tracked_leaf(session, values, asked):
    x = session.tensor(values, requires_grad=not asked)
    y = session.tensor(values, requires_grad=asked)

    for made, tracked in ((x, not asked), (y, asked)):
        expect_leaf(made, requires_grad=tracked)
        expect_grad(made, None)


@behavior(
    "state.filled-tensors-take-the-flag",
    "A tensor filled with one number is a tracked leaf if that was asked for.",
    level=CORE,
    sources=[doc("torch.Tensor.is_leaf"), TRACKING],
    given={"values": arrays(*SHAPES), "number": sampled(1.0, 0.0, -2.5)},
    requires=["state.factory-flag-makes-tracked-leaf"],
)
def filled_tensors_take_the_flag(session, values, number):
    filled = session.filled(values.shape, number, requires_grad=True)

    expect_leaf(filled, requires_grad=True)
    expect_grad(filled, None)


@behavior(
    "state.tracked-iff-any-input-tracked",
    "The floating result of an operation is tracked exactly when at least one operand is.",
    level=CORE,
    sources=[TRACKING, note("autograd", "how-autograd-encodes-history"), LEAVES],
    given={"program": programs(), "flags": lists(booleans(), 3, 3)},
    requires=["operation.gradient-is-its-derivative"],
)
def tracked_iff_any_input_tracked(session, program, flags):
    leaves = [
        session.tensor(leaf.value, requires_grad=flag)
        for leaf, flag in zip(program.leaves, flags, strict=False)
    ]

    y = program(*leaves)

    if any(flags[i] for i in range(len(leaves)) if i in program.used):
        expect_result(y)
    else:
        expect_leaf(y, requires_grad=False)


@behavior(
    "state.leaf-iff-no-producer",
    "A tensor is a leaf exactly when nothing tracked produced it, before and after backward; "
    "an untracked tensor always is one.",
    level=CORE,
    sources=[doc("torch.Tensor.is_leaf"), TRACKING, LEAVES],
    given={"program": programs(), "v": cotangents()},
    requires=["state.tracked-iff-any-input-tracked", "graph.retain-allows-repeats"],
)
def leaf_iff_no_producer(session, program, v):
    leaves = session.leaves(program)
    y = program(*leaves)
    seed = v.like(y)
    seen = [x for x in (*session.vars, seed) if x is not None]

    for _ in range(2):
        for x in seen:
            produced = x.entry.requires_grad and not any(x is leaf for leaf in leaves)
            expect_state(x, is_leaf=not produced, has_history=produced)
        y.backward(seed, retain_graph=True)


@behavior(
    "state.only-float-and-complex-trackable",
    "Integer and boolean tensors refuse to be tracked, however they are asked; not tracking them "
    "is always allowed.",
    level=CORE,
    sources=[
        page("docs/stable/autograd.html", "torch.autograd"),
        doc("torch.Tensor.requires_grad_"),
    ],
    given={
        "values": arrays(*SHAPES),
        "dtype": sampled("int64", "bool", "int32"),
        "way": sampled("factory", "method", "attribute"),
    },
    requires=["state.factory-flag-makes-tracked-leaf"],
)
def only_float_and_complex_trackable(session, values, dtype, way):
    numbers = np.trunc(values)
    x = session.tensor(numbers, dtype=dtype)

    with session.raises(f"derivatives with respect to {dtype} numbers mean nothing"):
        if way == "factory":
            session.tensor(numbers, requires_grad=True, dtype=dtype)
        elif way == "method":
            x.requires_grad_(True)
        else:
            session.assign_requires_grad(x, True)

    x.requires_grad_(False)
    expect_leaf(x, requires_grad=False)


@behavior(
    "state.discrete-results-untracked",
    "Boolean and integer results of tracked tensors are untracked leaves, and what was converted "
    "to integers and back has lost its history.",
    level=CORE,
    sources=[
        note("autograd", "gradients-for-non-differentiable-functions"),
        doc("torch.Tensor.is_leaf"),
    ],
    given={"values": arrays(*SHAPES), "dtype": sampled("int64", "bool"), "v": cotangents()},
    requires=["backward.gives-vector-jacobian-product"],
)
def discrete_results_untracked(session, values, dtype, v):
    x = session.tensor(values, requires_grad=True)
    y = x * x

    mask = session.greater(y, 2.0)
    numbers = session.discretized(y, dtype)
    back = numbers.apply("cast", session.dtype)

    for discrete in (mask, numbers, back):
        expect_leaf(discrete, requires_grad=False)
    z = y * back
    z.backward(v.like(z))
    expect_grad(x, v(z.shape) * back.true_value * 2 * values)


@behavior(
    "state.rebinding-makes-nonleaf",
    "Updating a leaf out of place and giving the result its name leaves the name on a non-leaf, "
    "whose gradient slot stays empty while the old leaf's goes on filling.",
    level=CORE,
    sources=[doc("torch.Tensor.is_leaf"), LEAVES],
    given={"values": arrays(*SHAPES), "steps": integers(1, 3), "v": cotangents()},
    requires=["accumulation.sums-over-calls"],
)
def rebinding_makes_nonleaf(session, values, steps, v):
    x = w = session.tensor(values, requires_grad=True)
    for _ in range(steps):
        loss = w * 3.0
        loss.backward(v.like(loss))
        w = w - session.tensor(np.ones(w.shape))

    loss = w * w
    loss.backward(v.like(loss))

    expect_result(w)
    expect_grad(w, None)
    expect_grad(x, (3 * steps + 2 * (values - steps)) * v(x.shape))
