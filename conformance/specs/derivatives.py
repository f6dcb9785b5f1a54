"""Derivatives: what a backward pass computes.

The gradients of a program are its true derivatives, weighted by the cotangent, however the program
is composed. Programs of exact operations are compared bit for bit; smooth ones under the bound
that rounding in every operation can explain, at points away from kinks.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from conformance.behavior import CORE, behavior, doc, note, page
from conformance.expect import expect, expect_tracked_grads
from conformance.program import Leaf, Program, Step
from conformance.strategies import (
    arrays,
    booleans,
    cotangents,
    integers,
    offered,
    programs,
    sampled,
    smooth_programs,
)
from conformance.truth import gradients, output_shape

FUNCTION = doc("torch.autograd.backward")
HISTORY = note("autograd", "how-autograd-encodes-history")
BASICS = page("tutorials/beginner/basics/autogradqs_tutorial.html", "autograd tutorial")
INTRODUCTION = page("tutorials/beginner/introyt/autogradyt_tutorial.html", "autograd, introduced")
PAIRS = (
    ((2, 3), (3,)),
    ((2, 3), ()),
    ((3,), (2, 3)),
    ((2, 1), (1, 3)),
    ((2, 3), (2, 1)),
    ((1,), (3,)),
    ((), (2,)),
    ((2, 1, 2), (3, 1)),
    ((0, 3), (3,)),
    ((1,), (0,)),
    ((1, 1), (2,)),
)


@behavior(
    "backward.gives-vector-jacobian-product",
    "A pass from the root of whatever was recorded leaves in each tracked leaf the cotangent times "
    "the root's Jacobian with respect to that leaf.",
    level=CORE,
    sources=[FUNCTION, INTRODUCTION],
    given={"program": programs(), "v": cotangents()},
    requires=["backward.fan-out-sums"],
)
def gives_vector_jacobian_product(session, program, v):
    session.vjp(program, v(output_shape(program)))


@behavior(
    "backward.vjp-equals-weighted-sum",
    "Backward with a cotangent leaves what backward from the sum of the root times it leaves.",
    level=CORE,
    sources=[BASICS, INTRODUCTION, FUNCTION],
    given={"program": programs(), "v": cotangents()},
    requires=["backward.one-element-root-seeds-one"],
)
def vjp_equals_weighted_sum(session, program, v):
    seeded, weighted = session.leaves(program), session.leaves(program)
    y = program(*seeded)
    y.backward(v.like(y))

    y = program(*weighted)
    (y * session.tensor(v(y.shape))).sum().backward()

    expected = gradients(program, v(y.shape))
    expect_tracked_grads(program, seeded, expected)
    expect_tracked_grads(program, weighted, expected)


@behavior(
    "backward.linear-in-gradient",
    "Gradients are linear in the cotangent; a zero cotangent gives exact zeros.",
    level=CORE,
    sources=[INTRODUCTION, FUNCTION],
    given={"program": programs(), "u": cotangents(), "v": cotangents(), "c": sampled(2.0, -1.0)},
    requires=["backward.vjp-equals-weighted-sum"],
    examples=0.5,
)
def linear_in_gradient(session, program, u, v, c):
    shape = output_shape(program)

    from_u = session.vjp(program, u(shape))
    from_v = session.vjp(program, v(shape))
    from_both = session.vjp(program, u(shape) + c * v(shape))
    session.vjp(program, np.zeros(shape))

    for a, b, both in zip(from_u, from_v, from_both, strict=True):
        if both is not None:
            expect(np.array_equal(both, a + c * b), "gradients are linear in the cotangent")


@behavior(
    "backward.one-hot-gives-jacobian-rows",
    "A one-hot cotangent picks a row of the Jacobian, ones give the sum of the rows, and any v "
    "gives v times the matrix of rows.",
    level=CORE,
    sources=[BASICS, INTRODUCTION],
    given={"program": programs(), "v": cotangents()},
    requires=["backward.gives-vector-jacobian-product"],
    examples=0.3,
)
def one_hot_gives_jacobian_rows(session, program, v):
    shape = output_shape(program)

    for row in np.eye(prod(shape))[:6]:
        session.vjp(program, row.reshape(shape))
    session.vjp(program, np.ones(shape))
    session.vjp(program, v(shape))


@behavior(
    "backward.matches-finite-differences",
    "Where a program is smooth, its gradients are the true derivatives.",
    level=CORE,
    sources=[page("docs/stable/autograd.html", "torch.autograd"), note("gradcheck")],
    given={"program": smooth_programs(), "v": cotangents()},
    requires=["backward.gives-vector-jacobian-product"],
)
def matches_finite_differences(session, program, v):
    # The truth comes from forward mode in double precision, which finite differences were checked
    # to agree with; it has no step size, so that the bound is rounding alone.
    session.vjp(program, v(output_shape(program)))


@behavior(
    "backward.composes-by-chain-rule",
    "A program can be cut anywhere: the gradients of fresh leaves in place of the values at the "
    "cut, used as cotangents of those values, give the gradients of the whole.",
    level=CORE,
    sources=[BASICS, HISTORY],
    given={"program": programs(), "v": cotangents(), "w": cotangents(), "at": integers(0, 7)},
    requires=[
        "backward.vjp-equals-weighted-sum",
        "graph.retain-allows-repeats",
        "accumulation.gradient-tensor-is-plain-leaf",
    ],
)
def composes_by_chain_rule(session, program, v, w, at):
    leaves = session.leaves(program)
    last = program.outputs[0] - len(leaves)
    cut = last - at % (last + 1)
    positions = tuple(range(len(leaves), len(leaves) + cut))
    inner = replace(program, steps=program.steps[:cut], outputs=positions).run(session, leaves)
    fresh = [session.tensor(u.true_value, u.entry.requires_grad) for u in inner]

    y = program.run(session, [*leaves, *fresh])[0]
    y.backward(v.like(y))
    expected = gradients(program, v(y.shape))
    if inner and inner[-1].entry.requires_grad:
        # Few programs use two values behind the cut of which one was computed from the other.
        inner += [inner[-1], inner[-1] * 2.0]
        fresh += [session.tensor(u.true_value, requires_grad=True) for u in inner[-2:]]
        beside = fresh[-2] + fresh[-1]
        beside.backward(w.like(beside))
        below = replace(program, outputs=positions[-1:])
        expected = added(expected, gradients(below, 3.0 * w(beside.shape)))
    for u, stand_in in zip(inner, fresh, strict=True):
        seed = stand_in.grad
        if seed is not None:
            u.backward(seed, retain_graph=True)

    expect_tracked_grads(program, leaves, expected)


def added(first, second):
    """The sums of gradients, leaf by leaf; None where there is neither."""
    pairs = [[g.value for g in pair if g is not None] for pair in zip(first, second, strict=True)]
    return [sum(pair[1:], pair[0]) if pair else None for pair in pairs]


@behavior(
    "backward.broadcast-operands-get-own-shape",
    "An operand that was broadcast gets a gradient of its own shape: the full one summed over the "
    "broadcast axes.",
    level=CORE,
    sources=[note("broadcasting"), HISTORY],
    given={
        "shapes": sampled(*PAIRS),
        "swapped": booleans(),
        "op": offered("mul", "add", "sub"),
        "numbers": arrays((12,)),
        "v": cotangents(),
    },
    requires=["operation.gradient-is-its-derivative"],
)
def broadcast_operands_get_own_shape(session, shapes, swapped, op, numbers, v):
    leaves = [
        Leaf(shape, tuple(np.resize(part, prod(shape))))
        for shape, part in zip(shapes, (numbers, np.flip(numbers) + 1.0), strict=True)
    ]
    operands = (1, 0) if swapped else (0, 1)

    program = Program(tuple(leaves), (Step(op, operands),), (2,))
    session.vjp(program, v(output_shape(program)))
