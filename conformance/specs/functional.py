"""Functional helpers: Jacobians, Hessians and products with them."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc
from conformance.expect import expect, expect_tracked_grads
from conformance.judge import FALLBACK
from conformance.program import Leaf
from conformance.strategies import (
    cotangents,
    lists,
    programs,
    sampled,
    scalar_programs,
    smooth_programs,
)
from conformance.truth import gradients, nodes, output_shape

JACOBIAN = doc("torch.autograd.functional.jacobian")
HESSIAN = doc("torch.autograd.functional.hessian")

DIRECTIONS = lists(cotangents(), 4, 4)


def empty(program):
    """Whether an output, or a leaf, has no elements; torch's helpers refuse such."""
    shapes = [nodes(program, at)[1].value.shape for at in range(len(program.outputs))]
    return any(0 in shape for shape in (*shapes, *(leaf.shape for leaf in program.leaves)))


@behavior(
    "functional.jacobian-shape-and-nesting",
    "Each block of a Jacobian has the output's shape followed by the input's; blocks are nested by "
    "output, then by input, where there are several.",
    level=EXTENDED,
    sources=[JACOBIAN],
    given={"program": programs()},
    requires=["grad.never-touches-leaf-grad"],
)
def jacobian_shape_and_nesting(session, program):
    if not empty(program):
        session.jacobian(program)


@behavior(
    "functional.vjp-and-jvp-are-jacobian-products",
    "The product helpers give the Jacobian times a vector from either side, untracked, beside the "
    "function's value.",
    level=EXTENDED,
    sources=[doc("torch.autograd.functional.vjp"), doc("torch.autograd.functional.jvp")],
    given={"program": programs(), "v": cotangents(), "directions": DIRECTIONS},
    requires=["grad.never-touches-leaf-grad"],
)
def vjp_and_jvp_are_jacobian_products(session, program, v, directions):
    tangents = [t(leaf.shape) for t, leaf in zip(directions, program.leaves, strict=False)]
    session.products(program, v(output_shape(program)), tangents)


@behavior(
    "functional.hessian-blocks",
    "Each block of a Hessian has the shapes of its two inputs, one after the other, and holds the "
    "second derivatives; blocks are nested where there are several inputs.",
    level=EXTENDED,
    sources=[HESSIAN],
    given={"program": scalar_programs(leaves=2)},
    requires=["functional.jacobian-shape-and-nesting", "operation.second-derivative"],
    examples=0.5,
)
def hessian_blocks(session, program):
    if not empty(program):
        session.hessian(program)


@behavior(
    "functional.no-side-effects-unless-create-graph",
    "The helpers write no slots and change no flags of the tensors they are given, and what they "
    "give is untracked.",
    level=EXTENDED,
    sources=[JACOBIAN],
    given={"program": programs(), "v": cotangents(), "filled": sampled(False, True)},
    requires=["functional.jacobian-shape-and-nesting"],
)
def no_side_effects(session, program, v, filled):
    leaves = session.leaves(program)
    if filled:
        y = program(*leaves)
        y.backward(v.like(y))
    if not empty(program):
        session.jacobian(program, leaves)

    once = gradients(program, v(output_shape(program)))
    expect_tracked_grads(program, leaves, once if filled else [None] * len(once))


@behavior(
    "functional.independent-gives-zeros-strict-raises",
    "Where the output does not depend on an input, the helpers give zeros of the full shape.",
    level=EXTENDED,
    sources=[JACOBIAN, HESSIAN],
    given={
        "program": programs(leaves=2, only=("add", "mul", "neg", "mul_scalar", "sum")),
        "other": sampled((2,), (), (3, 1)),
        "what": sampled("jacobian", "products"),
        "v": cotangents(),
    },
    requires=["functional.vjp-and-jvp-are-jacobian-products"],
)
def independent_gives_zeros(session, program, other, what, v):
    unused = with_unused_leaf(program, other)
    if empty(unused):
        return
    if what == "jacobian":
        session.jacobian(unused)
        return
    tangents = [np.ones(leaf.shape) * 2.0 for leaf in unused.leaves]
    session.products(unused, v(output_shape(unused)), tangents)


def with_unused_leaf(program, shape):
    """The program with one more leaf, the last one, that nothing uses."""
    count = len(program.leaves)

    def moved(positions):
        return tuple(at + (at >= count) for at in positions)

    return replace(
        program,
        leaves=(*program.leaves, Leaf(shape, (2.0,) * prod(shape))),
        steps=tuple(replace(step, operands=moved(step.operands)) for step in program.steps),
        outputs=moved(program.outputs),
    )


@behavior(
    "second-order.hessian-symmetric-and-matches-differences",
    "The rows got by differentiating each component of a gradient make up a symmetric matrix: the "
    "second derivatives.",
    level=CORE,
    sources=[doc("torch.autograd.grad"), HESSIAN],
    given={"program": smooth_programs(leaves=1, steps=3), "v": cotangents()},
    requires=["higher.create-graph-makes-gradients-differentiable"],
    examples=0.5,
)
def hessian_is_symmetric(session, program, v):
    (x,) = session.leaves(program)
    u = program(x)
    y = u * u
    (gradient,) = session.gradients([y], [x], [v.like(y)], create_graph=True)
    rows = []
    for at in range(x.true_value.size):
        one_hot = np.zeros(x.shape)
        one_hot.flat[at] = 1.0
        given = [session.tensor(one_hot)]
        rows += session.gradients([gradient], [x], given, retain_graph=True)

    size = len(rows)
    matrix = np.reshape([session.observe("value", row.handle) for row in rows], (size, size))
    noise = 2 * FALLBACK[session.dtype] * np.max(np.abs(matrix), initial=1.0)
    expect(np.all(np.abs(matrix - matrix.T) <= noise), f"the matrix is symmetric: {matrix}")
