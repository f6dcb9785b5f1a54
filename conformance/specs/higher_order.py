"""Higher order: gradients that can themselves be differentiated.

Asked for a differentiable pass, an engine records the pass as well. What comes out is a function
of the leaves, and of the cotangent, like any other.
"""

from __future__ import annotations

from math import perm

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc
from conformance.expect import expect, expect_leaf, expect_state, expect_value
from conformance.specs._products import keeping, used
from conformance.specs._second_order import recorded_gradient
from conformance.strategies import arrays, booleans, cotangents, integers, programs
from conformance.truth import jacobian_of, vjp_of

BACKWARD = doc("torch.autograd.backward")
GRAD = doc("torch.autograd.grad")

# Numbers stay short enough for second derivatives. Joining tensors of no elements is left out: an
# engine may see no dependence there.
small = programs(bits=7, exclude=("concat",))


@behavior(
    "higher.create-graph-makes-gradients-differentiable",
    "A gradient is a tracked function of the leaves if a differentiable pass was asked for; "
    "otherwise it is untracked, and differentiating it is refused.",
    level=CORE,
    sources=[BACKWARD, GRAD],
    given={"program": small, "v": cotangents(), "w": cotangents(), "create_graph": booleans()},
    requires=["grad.never-touches-leaf-grad", "operation.second-derivative"],
)
def create_graph_makes_gradients_differentiable(session, program, v, w, create_graph):
    (x, *_), gradient = recorded_gradient(session, program, v, create_graph=create_graph)

    if create_graph:
        expect_state(gradient, requires_grad=True, is_leaf=False)
        (second,) = session.gradients([gradient], [x], [w.like(gradient)], allow_unused=True)
        if second is not None:
            expect_value(second, vjp_of(gradient, x, w(x.shape)))
        return
    expect_leaf(gradient, requires_grad=False)
    with session.raises("the gradient has no history"):
        session.gradients([gradient], [x], [w.like(gradient)])


@behavior(
    "higher.nth-derivative-of-monomials",
    "Differentiating x to the power m over and over gives falling factorials times lower powers.",
    level=CORE,
    sources=[GRAD],
    given={
        "value": arrays((), (2,), (2, 2)),
        "m": integers(2, 4),
        "n": integers(1, 4),
        "v": cotangents(),
        "repeated": booleans(),
    },
    requires=["higher.create-graph-makes-gradients-differentiable"],
)
def nth_derivative_of_monomials(session, value, m, n, v, repeated):
    x = session.tensor(value, requires_grad=True)
    derivative = x
    if m <= 3 and not repeated:
        derivative = x**m
    else:
        for _ in range(m - 1):
            derivative = derivative * x
    weight = np.ones(x.shape)
    for order in range(1, min(n, m) + 1):
        seed = v(x.shape) if order == 1 else 1.0 + np.arange(value.size).reshape(x.shape) % 2
        (derivative,) = session.gradients(
            [derivative], [x], [session.tensor(seed)], create_graph=True
        )
        weight = weight * seed

        expect_value(derivative, weight * perm(m, order) * value ** (m - order))


@behavior(
    "higher.mixed-partials-commute",
    "Second derivatives are the same in either order.",
    level=CORE,
    sources=[GRAD, doc("torch.autograd.functional.hessian")],
    given={"program": small, "v": cotangents(), "first": integers(0, 23), "other": integers(0, 23)},
    requires=["higher.create-graph-makes-gradients-differentiable", "grad.tuple-in-input-order"],
)
def mixed_partials_commute(session, program, v, first, other):
    leaves = session.leaves(program)
    root = program(*leaves) ** 2
    x, y = used(root, leaves)[0], used(root, leaves)[-1]
    if not x.true_value.size or not y.true_value.size:
        return
    i, j = first % x.true_value.size, other % y.true_value.size

    both = session.gradients([root], [x, y], [v.like(root)], create_graph=True)

    here = _entry(session, both[0], i, y, j)
    there = _entry(session, both[1], j, x, i)
    expect(here == there, f"the second derivatives {here} and {there} agree")


@behavior(
    "higher.create-graph-implies-retain",
    "A differentiable pass retains the graph, unless it is told not to.",
    level=CORE,
    sources=[BACKWARD, GRAD],
    given={"program": programs(), "v": cotangents(), "refused": booleans()},
    requires=[
        "graph.second-backward-raises-when-saved",
        "higher.create-graph-makes-gradients-differentiable",
        "accumulation.gradient-tensor-is-plain-leaf",
    ],
)
def create_graph_implies_retain(session, program, v, refused):
    leaves = session.leaves(program)
    y = keeping(program(*leaves))
    retain = False if refused else None
    session.gradients([y], used(y, leaves), [v.like(y)], retain_graph=retain, create_graph=True)

    if refused:
        with session.raises("the differentiable pass was told not to retain the graph"):
            y.backward(v.like(y))
        return
    (x, *_), seed = used(y, leaves), v.like(y)
    y.backward(seed)

    expect_value(x.grad, vjp_of(y, x, v(y.shape)))


@behavior(
    "higher.seed-is-a-differentiable-input",
    "A differentiable pass is differentiable in its cotangent too, which gives the product of the "
    "Jacobian with a vector; an ordinary one does not look whether its cotangent is tracked.",
    level=EXTENDED,
    sources=[GRAD, doc("torch.autograd.functional.jvp")],
    given={"program": small, "v": cotangents(), "t": cotangents(), "create_graph": booleans()},
    requires=["higher.create-graph-makes-gradients-differentiable"],
)
def seed_is_a_differentiable_input(session, program, v, t, create_graph):
    leaves = session.leaves(program)
    y = keeping(program(*leaves))
    x = used(y, leaves)[0]
    seed = v.like(y).requires_grad_()

    (gradient,) = session.gradients([y], [x], [seed], create_graph=create_graph)

    if not create_graph:
        expect_leaf(gradient, requires_grad=False)
        return
    (pushed,) = session.gradients([gradient], [seed], [t.like(gradient)])
    jacobian = jacobian_of(y, x)
    expect_value(pushed, np.tensordot(jacobian, t(x.shape), axes=len(x.shape)))


@behavior(
    "higher.gradient-inside-a-loss",
    "A loss made of a gradient passes derivatives to every leaf that the gradient depends on, "
    "asked about or not.",
    level=CORE,
    sources=[BACKWARD, GRAD],
    given={"program": small, "v": cotangents(), "w": cotangents()},
    requires=[
        "higher.create-graph-makes-gradients-differentiable",
        "accumulation.gradient-tensor-is-plain-leaf",
    ],
)
def gradient_inside_a_loss(session, program, v, w):
    reached, gradient = recorded_gradient(session, program, v)
    loss = gradient * reached[0]

    loss.backward(w.like(loss))

    for leaf in reached:
        expected = vjp_of(loss, leaf, w(loss.shape))
        if expected.any():
            expect_value(leaf.grad, expected)


@behavior(
    "second-order.hessian-vector-product-without-the-matrix",
    "The Hessian times a vector comes out both with the vector as the gradient's cotangent and "
    "from differentiating the gradient's inner product with it.",
    level=CORE,
    sources=[GRAD, doc("torch.autograd.functional.hvp")],
    given={"program": small, "v": cotangents(), "t": cotangents(), "dotted": booleans()},
    requires=["higher.create-graph-makes-gradients-differentiable"],
)
def hessian_vector_product_without_the_matrix(session, program, v, t, dotted):
    (x, *_), gradient = recorded_gradient(session, program, v)
    vector = t.like(x)

    if dotted:
        (product,) = session.gradients([(gradient * vector).sum()], [x], allow_unused=True)
    else:
        (product,) = session.gradients([gradient], [x], [vector], allow_unused=True)

    if product is not None:
        expect_value(product, vjp_of(gradient, x, t(x.shape)))


@behavior(
    "second-order.gradient-penalty-trains-parameters",
    "The size of a network's gradient in its input can be trained: its derivatives reach every "
    "parameter that the gradient depends on.",
    level=CORE,
    sources=[GRAD],
    given={
        "inputs": arrays((2,)),
        "hidden": arrays((3, 2)),
        "offset": arrays((3,)),
        "outer": arrays((3,)),
    },
    requires=["higher.gradient-inside-a-loss"],
    examples=0.1,
)
def gradient_penalty_trains_parameters(session, inputs, hidden, offset, outer):
    x, h, b, o = (
        session.tensor(value / 4, requires_grad=True) for value in (inputs, hidden, offset, outer)
    )
    constant = session.tensor(1.0, requires_grad=True)
    out = ((h @ x + b).apply("tanh") * o).sum() + constant
    (gradient,) = session.gradients([out], [x], create_graph=True)
    penalty = (gradient * gradient).sum()

    penalty.backward()

    for parameter in (h, b, o):
        expected = vjp_of(penalty, parameter, np.ones(()))
        expect(parameter.grad is not None and expected.any(), "the penalty reaches the parameter")


def _entry(session, gradient, i, x, j):
    """The derivative of one element of a gradient by one element of ``x``, as the engine has it."""
    unit = np.zeros(gradient.shape)
    unit.flat[i] = 1.0
    (row,) = session.gradients(
        [gradient], [x], [session.tensor(unit)], retain_graph=True, allow_unused=True
    )
    return 0.0 if row is None else float(session.observe("value", row.handle).flat[j])
