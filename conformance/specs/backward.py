"""Backward: one pass from one root.

Backward from a root with a cotangent v leaves vᵀJ in every leaf, J being the Jacobian of the root.
This chapter says what v is taken to be, which roots and cotangents are refused, and what a pass
leaves alone; the next one says what it computes.
"""

from __future__ import annotations

from math import prod

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc, note, page
from conformance.expect import (
    expect,
    expect_grad,
    expect_leaf,
    expect_no_grads,
    expect_result,
    expect_tracked_grads,
)
from conformance.strategies import (
    arrays,
    booleans,
    cotangents,
    integers,
    programs,
    sampled,
    scalar_programs,
)
from conformance.truth import gradients

METHOD = doc("torch.Tensor.backward")
FUNCTION = doc("torch.autograd.backward")
HISTORY = note("autograd", "how-autograd-encodes-history")
BASICS = page("tutorials/beginner/basics/autogradqs_tutorial.html", "autograd tutorial")
INTRODUCTION = page("tutorials/beginner/introyt/autogradyt_tutorial.html", "autograd, introduced")


@behavior(
    "backward.one-element-root-seeds-one",
    "From a root of exactly one element, of any rank, backward starts from one by itself.",
    level=CORE,
    sources=[METHOD, BASICS],
    given={"program": scalar_programs()},
    requires=["backward.gives-vector-jacobian-product"],
)
def one_element_root_seeds_one(session, program):
    leaves = session.leaves(program)
    y = program(*leaves)

    y.backward()

    expect_tracked_grads(program, leaves, gradients(program, np.ones(y.shape)))


@behavior(
    "backward.many-element-root-needs-gradient",
    "A root of more than one element, or of none, is refused without a cotangent, and nothing is "
    "accumulated; with one it is accepted.",
    level=CORE,
    sources=[METHOD, BASICS, INTRODUCTION],
    given={"program": programs(), "v": cotangents(), "leaf": booleans()},
    requires=["backward.gives-vector-jacobian-product"],
)
def many_element_root_needs_gradient(session, program, v, leaf):
    leaves = session.leaves(program)
    y = leaves[0] if leaf else program(*leaves)
    if prod(y.shape) == 1:
        y = y.apply("expand", (2, *y.shape))

    with session.raises("a gradient is implied for a root of one element only"):
        y.backward()
    expect_grad(leaves[0], None)

    y.backward(v.like(y))


@behavior(
    "backward.untracked-root-raises",
    "Backward from an untracked tensor is refused, whatever its shape, with and without a "
    "cotangent, also when tracked roots stand beside it.",
    level=CORE,
    sources=[FUNCTION, HISTORY],
    given={
        "program": programs(),
        "v": cotangents(),
        "kind": sampled("constant", "computed", "detached"),
        "seeded": booleans(),
        "beside": booleans(),
    },
    requires=["detach.result-is-untracked-leaf"],
)
def untracked_root_raises(session, program, v, kind, seeded, beside):
    leaves = session.leaves(program)
    y = program(*leaves)
    constant = session.tensor(program.leaves[0].value)
    root = {"constant": constant, "computed": constant * 2.0, "detached": y.detach()}[kind]
    expect_leaf(root, requires_grad=False)

    with session.raises("the root has no history to go back through"):
        if beside and session.adapter.can("backward_all"):
            session.backward([y, root], [v.like(y), v.like(root)])
        else:
            root.backward(v.like(root) if seeded else None)

    expect_no_grads(program, leaves)


@behavior(
    "backward.leaf-root",
    "A tracked leaf can be a root: every call adds the cotangent to its gradient, and nothing has "
    "to be retained for the next.",
    level=EXTENDED,
    sources=[METHOD, doc("torch.Tensor.grad")],
    given={
        "values": arrays((2,), (), (2, 3), (1,), (0,)),
        "v": cotangents(),
        "times": integers(1, 3),
    },
    requires=["accumulation.sums-over-calls"],
)
def leaf_root(session, values, v, times):
    x = session.tensor(values, requires_grad=True)

    for _ in range(times):
        x.backward(v.like(x))

    expect_grad(x, times * v(x.shape))


@behavior(
    "backward.gradient-shape-must-match-exactly",
    "A cotangent of another shape than the root's is refused before anything is accumulated, also "
    "if it would broadcast or has as many elements.",
    level=CORE,
    sources=[METHOD],
    given={"program": programs(), "v": cotangents(), "pick": integers(0, 7)},
    requires=["backward.gives-vector-jacobian-product"],
)
def gradient_shape_must_match_exactly(session, program, v, pick):
    leaves = session.leaves(program)
    y = program(*leaves)
    shape = y.shape
    shapes = [
        (1, *shape),
        (*shape, 1),
        (prod(shape),),
        (),
        (1,),
        shape[1:],
        shape[::-1],
        (2, *shape),
    ]
    other = [s for s in shapes if s != shape and len(s) <= 3] or [()]

    with session.raises("the cotangent's shape is not the root's"):
        y.backward(session.tensor(v(other[pick % len(other)])))
    expect_no_grads(program, leaves)

    y.backward(v.like(y))


@behavior(
    "backward.leaves-values-and-state-alone",
    "Backward writes nothing but gradients: values, versions and flags of all tensors stay, the "
    "root remains a result, and the cotangent is not modified.",
    level=CORE,
    sources=[METHOD, HISTORY],
    given={"program": programs(), "v": cotangents()},
    requires=["accumulation.sums-over-calls"],
)
def leaves_values_and_state_alone(session, program, v):
    leaves = session.leaves(program)
    y = program(*leaves)
    seed = v.like(y)
    counted = session.vars if session.adapter.can("version") else []
    versions = [session.observe("version", x.handle) for x in counted]

    y.backward(seed)

    expect_result(y)
    now = [session.observe("version", x.handle) for x in counted]
    expect(now == versions, "no tensor was written")
