"""Custom functions: operations with a backward formula of the user's."""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc, note
from conformance.expect import (
    expect_grad,
    expect_leaf,
    expect_result,
    expect_tracked_grads,
    expect_value,
)
from conformance.strategies import arrays, booleans, cotangents, lists, programs, sampled
from conformance.truth import gradients

HOW_TO = note("extending", "how-to-use")
BACKWARD = doc("torch.autograd.Function.backward")

SHAPES = ((2,), (), (3,), (2, 2), (1,), (0,))
KINDS = {0: ArithmeticError, 1: LookupError, 2: ValueError}


@behavior(
    "function.forward-runs-unrecorded",
    "The forward body of a custom function runs unrecorded, and its results come out tracked, made "
    "by the function as a whole.",
    level=CORE,
    sources=[HOW_TO],
    given={"program": programs(bits=12), "v": cotangents()},
    requires=["function.backward-formula-is-trusted"],
)
def forward_runs_unrecorded(session, program, v):
    leaves = session.leaves(program)
    u = program(*leaves)
    (y,) = session.custom("Unrecorded", [u])

    expect_value(y, 2.0 * u.true_value)
    expect_result(y)
    y.backward(v.like(y))
    expect_tracked_grads(program, leaves, gradients(program, 2.0 * v(y.shape)))


@behavior(
    "function.backward-formula-is-trusted",
    "Gradients follow the formula of the custom backward, whatever forward computed and even if it "
    "switched recording on.",
    level=CORE,
    sources=[HOW_TO],
    given={
        "program": programs(bits=12),
        "v": cotangents(),
        "name": sampled("Sevenfold", "Rerecorded"),
    },
    requires=["backward.gives-vector-jacobian-product"],
)
def backward_formula_is_trusted(session, program, v, name):
    leaves = session.leaves(program)
    (y,) = session.custom(name, [program(*leaves)])
    y.backward(v.like(y))

    expect_tracked_grads(program, leaves, gradients(program, 7.0 * v(y.shape)))


@behavior(
    "function.composes-with-recorded-ops",
    "A custom function amid recorded operations, which may use the same tensors, gives the "
    "gradients of the built-in expression.",
    level=CORE,
    sources=[HOW_TO],
    given={
        "program": programs(bits=4),
        "v": cotangents(),
        "swapped": booleans(),
        "itself": booleans(),
    },
    requires=["function.backward-formula-is-trusted"],
)
def composes_with_recorded_operations(session, program, v, swapped, itself):
    ours, theirs = session.leaves(program), session.leaves(program)
    a, b = program(*ours), program(*theirs)
    first = a if itself else -a
    (product,) = session.custom("Product", [a + 1.0, first] if swapped else [first, a + 1.0])
    for u, start in ((product, a), ((b if itself else -b) * (b + 1.0), b)):
        y = u * 2.0 + start
        y.backward(v.like(y))

    for position in program.tracked:
        expect_grad(ours[position], slot(theirs[position]))


def slot(x):
    """What the ledger says that the gradient slot holds; None if it is empty."""
    return None if x.entry.grad is None else x.entry.grad.node


@behavior(
    "function.gradient-count-must-match",
    "A backward that gives too few gradients, or one too many, is refused; further Nones at the "
    "end are not.",
    level=CORE,
    sources=[HOW_TO, BACKWARD],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "name": sampled("TrailingNone", "TooFew", "TooMany"),
    },
    requires=["function.backward-formula-is-trusted"],
)
def gradient_count_must_match(session, value, v, name):
    x = session.tensor(value, requires_grad=True)
    (y,) = session.custom(name, [x, x * 2.0] if name == "TooFew" else [x])
    if name == "TrailingNone":
        y.backward(v.like(y))
        expect_grad(x, 2.0 * v(y.shape))
        return

    with session.raises("backward gave a wrong number of gradients"):
        y.backward(v.like(y))


@behavior(
    "function.none-means-no-contribution",
    "None in place of a gradient contributes nothing: a leaf's slot stays empty.",
    level=CORE,
    sources=[HOW_TO],
    given={"value": arrays(*SHAPES), "factor": arrays(*SHAPES), "v": cotangents()},
    requires=["function.backward-formula-is-trusted"],
)
def none_means_no_contribution(session, value, factor, v):
    x = session.tensor(value, requires_grad=True)
    w = session.tensor(np.resize(factor, value.shape), requires_grad=True)
    (y,) = session.custom("FirstOnly", [x, w])
    y.backward(v.like(y))

    expect_grad(x, v(y.shape) * w.true_value)
    expect_grad(w, None)


@behavior(
    "function.non-tensor-arguments-need-none",
    "For an argument that is no tensor backward gives None; a gradient there, or a number instead "
    "of a gradient, is refused.",
    level=CORE,
    sources=[HOW_TO],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "number": sampled(2.0, -1.0, 3.0),
        "name": sampled("Scaled", "FactorGradient", "NumberGradient"),
    },
    requires=["function.backward-formula-is-trusted"],
)
def non_tensor_arguments_need_none(session, value, v, number, name):
    x = session.tensor(value, requires_grad=True)
    constants = () if name == "NumberGradient" else (number,)
    (y,) = session.custom(name, [x], *constants)
    if name == "Scaled":
        y.backward(v.like(y))
        expect_grad(x, number * v(y.shape))
        return

    with session.raises("backward gave something that is no gradient of its argument"):
        y.backward(v.like(y))


@behavior(
    "function.same-tensor-in-two-slots-sums",
    "A tensor passed twice receives the sum of both gradients.",
    level=CORE,
    sources=[HOW_TO],
    given={"program": programs(bits=7), "v": cotangents(), "name": sampled("Product", "FirstOnly")},
    requires=["function.none-means-no-contribution"],
)
def same_tensor_twice(session, program, v, name):
    leaves = session.leaves(program)
    u = program(*leaves)
    (y,) = session.custom(name, [u, u])
    y.backward(v.like(y))

    uses = 2.0 if name == "Product" else 1.0
    expected = gradients(program, uses * v(y.shape) * u.true_value)
    expect_tracked_grads(program, leaves, expected)


@behavior(
    "function.not-recorded-when-nothing-is-tracked",
    "Without a tracked argument, or with recording off, a custom function gives untracked leaves "
    "and its backward is never called.",
    level=CORE,
    sources=[HOW_TO],
    given={"value": arrays(*SHAPES), "v": cotangents(), "recording": booleans()},
    requires=[
        "function.backward-formula-is-trusted",
        "modes.no-grad-results-are-untracked",
        "detach.result-is-untracked-leaf",
    ],
)
def not_recorded_when_nothing_is_tracked(session, value, v, recording):
    x = session.tensor(value, requires_grad=True)
    if recording:
        (u,) = session.custom("Failing", [x.detach()], 0)
    else:
        with session.no_grad():
            (u,) = session.custom("Failing", [x], 0)
    expect_leaf(u, requires_grad=False)

    y = u * x
    y.backward(v.like(y))
    expect_grad(x, 2.0 * value * v(y.shape))


@behavior(
    "function.backward-exception-keeps-its-type",
    "An exception raised in a custom backward reaches the caller as it is, and the leaf stays "
    "empty.",
    level=CORE,
    sources=[HOW_TO],
    given={"value": arrays(*SHAPES), "v": cotangents(), "kind": sampled(*KINDS)},
    requires=["function.backward-formula-is-trusted"],
)
def backward_exception_keeps_its_type(session, value, v, kind):
    x = session.tensor(value, requires_grad=True)
    (u,) = session.custom("Failing", [x * 3.0], kind)
    y = u * 2.0
    with session.raises("a custom backward raised", KINDS[kind]):
        y.backward(v.like(y))

    expect_grad(x, None)


@behavior(
    "function.needs-input-grad-mirrors-flags",
    "In forward and in backward a custom function sees which of its arguments are tracked; those "
    "that are no tensors never are.",
    level=EXTENDED,
    sources=[BACKWARD, HOW_TO],
    given={"value": arrays(*SHAPES), "v": cotangents(), "tracked": lists(booleans(), 2, 2)},
    requires=["function.backward-formula-is-trusted"],
)
def needs_input_grad_mirrors_flags(session, value, v, tracked):
    x, w = (session.tensor(value, requires_grad=flag) for flag in tracked)
    (y,) = session.custom("Flagged", [x, w], 5.0)
    if any(tracked):
        y.backward(v.like(y))

    code = tracked[0] + 2.0 * tracked[1]
    for leaf, flag in ((x, tracked[0]), (w, tracked[1])):
        expect_grad(leaf, code * v(y.shape) if flag else None)
