"""Functional gradients: asking for derivatives by name, without touching any slot.

The functional form returns what a backward pass would have stored. It may be asked about any
tensor of the graph, and says so when it is asked about one that has no part in it.
"""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc, note
from conformance.expect import (
    expect,
    expect_grad,
    expect_leaf,
    expect_no_grads,
    expect_tracked_grads,
    expect_value,
)
from conformance.specs._products import tracked_factor, used
from conformance.strategies import (
    arrays,
    booleans,
    cotangents,
    integers,
    lists,
    offered,
    programs,
    sampled,
)
from conformance.truth import gradients, vjp_of

GRAD = doc("torch.autograd.grad")


@behavior(
    "grad.agrees-with-backward",
    "The functional form gives for each leaf what a backward pass stores in an empty slot.",
    level=CORE,
    sources=[GRAD, doc("torch.autograd.backward")],
    given={"program": programs(leading_views=True), "v": cotangents()},
    requires=["graph.retain-allows-repeats"],
)
def agrees_with_backward(session, program, v):
    leaves = session.leaves(program)
    y = program(*leaves)
    asked = used(y, leaves)
    given = session.gradients([y], asked, [v.like(y)], retain_graph=True)

    y.backward(v.like(y))

    for x, gradient in zip(asked, given, strict=True):
        expect_leaf(gradient, requires_grad=False)
        expect_grad(x, gradient.entry.node)


@behavior(
    "grad.never-touches-leaf-grad",
    "The functional form reads and writes no slot, of the leaves asked about or of any other.",
    level=CORE,
    sources=[GRAD],
    given={"program": programs(), "v": cotangents(), "pick": integers(0, 2), "filled": booleans()},
    requires=["grad.agrees-with-backward"],
)
def never_touches_leaf_grad(session, program, v, pick, filled):
    leaves = session.leaves(program)
    if filled:
        y = program(*leaves)
        y.backward(v.like(y))
    y = program(*leaves)
    asked = used(y, leaves)

    (gradient,) = session.gradients([y], [asked[pick % len(asked)]], [v.like(y)])

    once = gradients(program, v(y.shape))
    position = leaves.index(asked[pick % len(asked)])
    expect_value(gradient, once[position])
    expect_tracked_grads(program, leaves, once if filled else [None] * len(leaves))


@behavior(
    "grad.tuple-in-input-order",
    "One gradient comes back for each input in the order asked, and a repeated input gets its "
    "full gradient at each place.",
    level=CORE,
    sources=[GRAD],
    given={"program": programs(), "v": cotangents(), "picks": lists(integers(0, 2), 1, 5)},
    requires=["grad.never-touches-leaf-grad"],
)
def tuple_in_input_order(session, program, v, picks):
    leaves = session.leaves(program)
    y = program(*leaves)
    candidates = used(y, leaves)
    asked = [candidates[pick % len(candidates)] for pick in picks]

    given = session.gradients([y], asked, [v.like(y)])

    once = gradients(program, v(y.shape))
    for x, gradient in zip(asked, given, strict=True):
        expect_value(gradient, once[leaves.index(x)])


@behavior(
    "grad.accepts-intermediates",
    "Asked about an intermediate and a leaf below it, the functional form gives the total "
    "derivative for both.",
    level=CORE,
    sources=[GRAD, doc("torch.Tensor.is_leaf")],
    given={"program": programs(), "v": cotangents(), "leaf_first": booleans()},
    requires=["grad.never-touches-leaf-grad"],
)
def accepts_intermediates(session, program, v, leaf_first):
    leaves = session.leaves(program)
    middle = program(*leaves)
    y = middle * tracked_factor(middle) + middle
    asked = [middle, *used(y, leaves)]
    asked = asked[::-1] if leaf_first else asked

    given = session.gradients([y], asked, [v.like(y)])

    for x, gradient in zip(asked, given, strict=True):
        expect_value(gradient, vjp_of(y, x, v(y.shape)))
    expect_value(given[asked.index(middle)], 3 * v(y.shape))


@behavior(
    "grad.root-with-respect-to-itself",
    "The gradient of a tensor with respect to itself is the cotangent it was given.",
    level=EXTENDED,
    sources=[GRAD],
    given={"program": programs(), "v": cotangents(), "of_a_leaf": booleans()},
    requires=["grad.never-touches-leaf-grad", "backward.leaf-root"],
)
def root_with_respect_to_itself(session, program, v, of_a_leaf):
    leaves = session.leaves(program)
    y = leaves[0] if of_a_leaf else program(*leaves)

    (gradient,) = session.gradients([y], [y], [v.like(y)])

    expect_value(gradient, v(y.shape))


@behavior(
    "grad.unused-input-raises",
    "Asking about a tracked tensor that the output does not depend on is refused.",
    level=CORE,
    sources=[GRAD],
    given={"program": programs(), "v": cotangents(), "place": integers(0, 3)},
    requires=["grad.never-touches-leaf-grad"],
)
def unused_input_raises(session, program, v, place):
    leaves = session.leaves(program)
    unused = session.tensor([1.0, 2.0] if session.adapter.max_ndim != 0 else 1.0, True)
    y = program(*leaves)
    asked = used(y, leaves)
    asked.insert(min(place, len(asked)), unused)

    with session.raises("one of the inputs was not used to compute the output"):
        session.gradients([y], asked, [v.like(y)])

    expect_no_grads(program, leaves)


@behavior(
    "grad.allow-unused-gives-none",
    "Where unused inputs are allowed they get None; one that was used gets a gradient, were it "
    "zero everywhere.",
    level=CORE,
    sources=[GRAD],
    given={"program": programs(), "v": cotangents(), "place": integers(0, 4)},
    requires=["grad.never-touches-leaf-grad"],
)
def allow_unused_gives_none(session, program, v, place):
    leaves = session.leaves(program)
    y = program(*leaves)
    unused, without_effect = tracked_factor(y), tracked_factor(y)
    y = y + without_effect * session.tensor(np.zeros(y.shape))
    asked = [without_effect, *used(y, leaves)]
    asked.insert(min(place, len(asked)), unused)

    given = session.gradients([y], asked, [v.like(y)], allow_unused=True)

    expect(given[asked.index(unused)] is None, "the unused input gets None")
    expect_value(given[asked.index(without_effect)], np.zeros(y.shape))


@behavior(
    "grad.materialize-gives-zeros",
    "Where gradients are materialized, an unused input gets zeros of its own shape and dtype.",
    level=EXTENDED,
    sources=[GRAD],
    given={
        "program": programs(),
        "v": cotangents(),
        "unused": arrays((), (2,), (2, 3), (1, 3), (0,)),
        "first": booleans(),
    },
    requires=["grad.allow-unused-gives-none"],
)
def materialize_gives_zeros(session, program, v, unused, first):
    leaves = session.leaves(program)
    y = program(*leaves)
    alone = session.tensor(unused, requires_grad=True)
    asked = used(y, leaves)
    asked = [alone, *asked] if first else [*asked, alone]

    given = session.gradients([y], asked, [v.like(y)], materialize_grads=True)

    expect_value(given[asked.index(alone)], np.zeros(unused.shape))
    expect_leaf(given[asked.index(alone)], requires_grad=False)


@behavior(
    "grad.untracked-input-raises",
    "Asking about an untracked tensor is refused, also where unused inputs are allowed.",
    level=CORE,
    sources=[GRAD],
    given={
        "program": programs(),
        "v": cotangents(),
        "kind": sampled("constant", "operand", "detached"),
        "allow_unused": booleans(),
    },
    requires=["grad.never-touches-leaf-grad", "detach.result-is-untracked-leaf"],
)
def untracked_input_raises(session, program, v, kind, allow_unused):
    leaves = session.leaves(program)
    y = program(*leaves)
    untracked = session.tensor(np.full(y.shape, 2.0))
    if kind == "operand":
        y = y * untracked
    if kind == "detached":
        untracked = y.detach()

    with session.raises("the input does not require grad"):
        session.gradients([y], [untracked], [v.like(y)], allow_unused=allow_unused or None)


@behavior(
    "grad.reachability-is-by-tensor-object",
    "What counts is the tensor that was recorded: an equal one made from it separately is unused.",
    level=EXTENDED,
    sources=[GRAD, note("autograd", "how-autograd-encodes-history")],
    given={
        "program": programs(),
        "v": cotangents(),
        "twin": offered(("clone", ()), ("unsqueeze", (0,)), ("add_scalar", (0.0,))),
        "late": booleans(),
    },
    requires=["grad.allow-unused-gives-none"],
)
def reachability_is_by_tensor_object(session, program, v, twin, late):
    leaves = session.leaves(program)
    op, params = twin
    early = [x.apply(op, *params) for x in leaves]
    y = program(*leaves)
    x = used(y, leaves)[0]
    other = x.apply(op, *params) if late else early[leaves.index(x)]

    given = session.gradients([y], [other, x], [v.like(y)], allow_unused=True)

    expect(given[0] is None, "a tensor made from a used leaf is not itself used")
    expect_value(given[1], vjp_of(y, x, v(y.shape)))
