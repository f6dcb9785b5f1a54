"""Operations: each one by itself, on operands of every shape and layout.

What a long program seldom meets, a dimension of size one, an axis counted from the end, an operand
stretched or used twice, is here as likely as anything else.
"""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc, note
from conformance.expect import expect_grad
from conformance.specs._second_order import recorded_gradient
from conformance.strategies import arrays, booleans, cotangents, offered, single_operations
from conformance.truth import output_shape

FUNCTION = doc("torch.autograd.backward")
KINKS = note("autograd", "gradients-for-non-differentiable-functions")


@behavior(
    "operation.gradient-is-its-derivative",
    "Every operation alone passes on the cotangent times its derivative, to each operand in that "
    "operand's own shape, whichever of them are tracked and however they lie in memory.",
    level=CORE,
    sources=[FUNCTION, note("autograd", "how-autograd-encodes-history")],
    given={"program": single_operations(), "v": cotangents()},
    requires=["state.factory-flag-makes-tracked-leaf"],
    per_operation=True,
    examples=15.0,
)
def gradient_is_its_derivative(session, program, v):
    session.vjp(program, v(output_shape(program)))


@behavior(
    "operation.one-tensor-twice",
    "An operation that is given one tensor for both of its operands passes on the sum of what it "
    "passes on to either.",
    level=CORE,
    sources=[FUNCTION, note("autograd", "how-autograd-encodes-history")],
    given={"program": single_operations(twice=True), "v": cotangents()},
    requires=["operation.gradient-is-its-derivative", "backward.fan-out-sums"],
    per_operation=True,
    examples=2.0,
)
def one_tensor_twice(session, program, v):
    session.vjp(program, v(output_shape(program)))


@behavior(
    "operation.second-derivative",
    "The gradient that an operation gave can be differentiated again, with respect to every "
    "operand that it depends on.",
    level=CORE,
    sources=[FUNCTION, doc("torch.autograd.grad")],
    given={
        "program": single_operations(bits=7),
        "v": cotangents(),
        "w": cotangents(),
        "by_first": booleans(),
    },
    requires=["operation.gradient-is-its-derivative", "grad.never-touches-leaf-grad"],
    per_operation=True,
    examples=6.0,
)
def second_derivative(session, program, v, w, by_first):
    place = 0 if by_first else -1
    reached, gradient = recorded_gradient(session, program, v, place)
    loss = gradient * reached[place]

    loss.backward(w.like(loss))


@behavior(
    "operation.tangent-is-its-derivative",
    "In forward mode every operation alone gives the tangent that its derivative makes of the "
    "operands' tangents.",
    level=CORE,
    sources=[doc("torch.autograd.forward_ad.dual_level"), doc("torch.func.jvp")],
    given={"program": single_operations(), "first": cotangents(), "second": cotangents()},
    requires=["state.factory-flag-makes-tracked-leaf"],
    per_operation=True,
    examples=6.0,
)
def tangent_is_its_derivative(session, program, first, second):
    shapes = [leaf.shape for leaf in program.leaves]
    session.jvp(program, [v(shape) for v, shape in zip((first, second), shapes, strict=False)])


@behavior(
    "operation.convention-at-kinks",
    "Where a convex operation has a kink, the subgradient of smallest norm is taken: zero for "
    "absolute values and rectifiers at zero, half to each of two equal operands.",
    level=EXTENDED,
    sources=[KINKS],
    given={
        "values": arrays((2, 2), (3,), ()),
        "op": offered("abs", "relu", "maximum", "minimum", "norm_l1"),
        "v": cotangents(),
    },
    requires=["operation.gradient-is-its-derivative"],
)
def convention_at_kinks(session, values, op, v):
    kinked = values * (np.arange(values.size).reshape(values.shape) % 2)
    x = session.tensor(kinked, requires_grad=True)
    if op in ("maximum", "minimum"):
        other = session.tensor(np.abs(kinked), requires_grad=True)
        y = session.apply(op, [x, other])
        ahead = np.sign(kinked - np.abs(kinked)) * (1 if op == "maximum" else -1)
        share = 0.5 + 0.5 * ahead
    else:
        other, y = None, x.apply(op)
        share = kinked > 0 if op == "relu" else np.sign(kinked)

    y.backward(v.like(y))

    expect_grad(x, v(y.shape) * share)
    if other is not None:
        expect_grad(other, v(y.shape) * (1 - share))
