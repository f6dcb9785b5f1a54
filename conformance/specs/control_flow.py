"""Control flow: what was executed is what is differentiated."""

from __future__ import annotations

import numpy as np

from conformance.adapter import Unsupported
from conformance.behavior import CORE, behavior, doc, note, page
from conformance.expect import (
    expect_grad,
    expect_leaf,
    expect_result,
    expect_tracked_grads,
    expect_value,
)
from conformance.making import times_number
from conformance.strategies import (
    arrays,
    booleans,
    cotangents,
    integers,
    lists,
    programs,
    sampled,
)
from conformance.truth import gradients

ENCODES = note("autograd", "how-autograd-encodes-history")
BLITZ = page("tutorials/beginner/blitz/autograd_tutorial.html", "tutorial: autograd")
INTRO = page("tutorials/beginner/introyt/autogradyt_tutorial.html", "tutorial: fundamentals")
BASICS = page("tutorials/beginner/basics/autogradqs_tutorial.html", "tutorial: basics")

SHAPES = ((), (2,), (3,), (2, 2), (1,))


def squared_norm(y):
    """The sum of the squared elements, as a Python number."""
    squares = y * y
    return (squares.sum() if y.shape else squares).item()


def total(y):
    """The sum of the elements, as a Python number."""
    return (y.sum() if y.shape else y).item()


@behavior(
    "control.recorded-afresh-each-run",
    "Every run records anew: the same code with another number of steps, or simply run again after "
    "a backward pass, is differentiated as it was executed.",
    level=CORE,
    sources=[ENCODES, BASICS],
    given={"value": arrays(*SHAPES), "v": cotangents(), "counts": lists(integers(0, 3), 2, 3)},
    requires=["accumulation.sums-over-calls"],
)
def recorded_afresh_each_run(session, value, v, counts):
    x = session.tensor(value, requires_grad=True)
    for count in counts:
        y = x * 2.0
        for _ in range(count):
            y = y * x
        y.backward(v.like(y))

    powers = [(count + 1) * value**count for count in counts]
    expect_grad(x, 2.0 * sum(powers) * v(value.shape))


@behavior(
    "control.data-dependent-loops",
    "A loop whose number of rounds depends on the data is differentiated as far as it ran: a "
    "function f that only scales, d = f(a), has the gradient d / a.",
    level=CORE,
    sources=[BLITZ, INTRO],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "limit": sampled(1000.0, 10.0, 1.0, 100.0),
    },
    requires=["backward.gives-vector-jacobian-product"],
)
def data_dependent_loops(session, value, v, limit):
    a = session.tensor(value, requires_grad=True)
    b = a * 2.0
    while squared_norm(b) < limit:
        b = b * 2.0
    d = b if total(b) > 0 else b * -10.0
    d.backward(v.like(d))

    expect_grad(a, d.true_value / value * v(d.shape))


@behavior(
    "control.only-the-taken-branch-counts",
    "Only the branch that was taken is differentiated; what is used in the other one, or only in "
    "the condition, receives nothing.",
    level=CORE,
    sources=[ENCODES, INTRO],
    given={
        "value": arrays(*SHAPES),
        "threshold": sampled(0.0, 2.0, -2.0, 100.0),
        "v": cotangents(),
    },
    requires=["backward.gives-vector-jacobian-product"],
)
def only_the_taken_branch_counts(session, value, threshold, v):
    x, a, b = (session.tensor(value, requires_grad=True) for _ in range(3))
    bound = session.tensor(threshold, requires_grad=True)
    above = total(x) > total(bound * 1.0)
    y = x * a if above else x * b * 3.0
    y.backward(v.like(y))

    taken, other, factor = (a, b, 1.0) if above else (b, a, 3.0)
    expect_grad(taken, factor * value * v(y.shape))
    expect_grad(x, factor * value * v(y.shape))
    expect_grad(other, None)
    expect_grad(bound, None)


@behavior(
    "control.python-numbers-are-constants",
    "A value taken out as a Python number, or as an array, is a constant when it comes back into a "
    "program.",
    level=CORE,
    sources=[doc("torch.Tensor.item"), INTRO],
    given={
        "program": programs(bits=10),
        "factor": sampled(3.0, -1.0, 2.0, 0.5),
        "v": cotangents(),
        "as_array": booleans(),
    },
    requires=["detach.result-is-untracked-leaf"],
)
def python_numbers_are_constants(session, program, factor, v, as_array):
    leaves = session.leaves(program)
    u = program(*leaves)
    w = session.tensor(factor, requires_grad=True) * 2.0
    if as_array:
        y = u * session.tensor(session.observe("value", w.detach().handle))
    else:
        y = times_number(u, w)
    y.backward(v.like(y))

    expect_tracked_grads(program, leaves, gradients(program, 2.0 * factor * v(y.shape)))


@behavior(
    "convert.casts-are-differentiable",
    "Casting between floating types is recorded, and the gradient is cast back to the type of the "
    "source.",
    level=CORE,
    sources=[doc("torch.Tensor.to")],
    given={"value": arrays(*SHAPES), "v": cotangents(), "to": integers(0, 3), "back": booleans()},
    requires=["operation.gradient-is-its-derivative"],
)
def casts_are_differentiable(session, value, v, to, back):
    offered = [name for name in CASTS if name in session.adapter.dtypes and name != session.dtype]
    if not offered:
        raise Unsupported("a second floating dtype")
    x = session.tensor(value, requires_grad=True)
    y = x.apply("cast", offered[to % len(offered)]) * 3.0
    expect_result(y)
    if back:
        y = y.apply("cast", session.dtype)
    y.backward(session.tensor(v(y.shape), dtype=y.entry.dtype))

    expect_grad(x, 3.0 * v(y.shape))


CASTS = ("float32", "float64", "float16")


@behavior(
    "convert.clone-differentiable-and-independent",
    "A clone has memory of its own, passes the gradient on unchanged, and writing into it disturbs "
    "neither its source nor what kept the source.",
    level=CORE,
    sources=[doc("torch.clone")],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "written": sampled(3.0, -1.0, 0.5),
        "of_leaf": booleans(),
        "detached": booleans(),
    },
    requires=["inplace.intermediate-allowed-and-differentiated", "detach.result-is-untracked-leaf"],
)
def clone_is_differentiable_and_independent(session, value, v, written, of_leaf, detached):
    x = session.tensor(value, requires_grad=True)
    u = x if of_leaf else x * 1.0
    y = u * u
    if detached:
        w = u.detach().apply("clone")
        w.mul_(written)
        expect_leaf(w, requires_grad=False)
        z = y
    else:
        w = u.apply("clone")
        w.mul_(written)
        expect_result(w)
        z = y + w * 2.0
    expect_value(u, value)
    z.backward(v.like(z))

    through = 0.0 if detached else 2.0 * written
    expect_grad(x, (2.0 * value + through) * v(z.shape))
    expect_value(w, np.multiply(written, value))
