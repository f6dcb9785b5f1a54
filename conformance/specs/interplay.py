"""Interplay: features that work alone, working together.

A write between two passes, a call beside another call, a thread beside another: each
part has a chapter of its own, and each pair has its own way of going wrong.
"""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, EXTENDED, FULL, behavior, doc, note, page
from conformance.expect import expect_grad, expect_result, expect_state, expect_value
from conformance.strategies import arrays, booleans, cotangents, integers, offered, sampled

CHECKS = note("autograd", "in-place-correctness-checks")
LAYOUTS = page("docs/stable/autograd.html#default-gradient-layouts", "default gradient layouts")
NO_GRAD = doc("torch.no_grad")

SHAPES = ((2,), (), (3,), (2, 2), (1,))


@behavior(
    "accumulation.differentiable-pass-replaces-the-slot",
    "A pass that builds a graph puts a new tensor into the slot: the gradient that was read before "
    "keeps its values and its history.",
    level=EXTENDED,
    sources=[LAYOUTS, doc("torch.autograd.backward")],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "w": cotangents(),
        "passes": integers(2, 3),
    },
    requires=[
        "higher.create-graph-makes-gradients-differentiable",
        "accumulation.gradient-tensor-is-plain-leaf",
    ],
)
def differentiable_pass_replaces_the_slot(session, value, v, w, passes):
    x = session.tensor(value, requires_grad=True)
    held = []
    for _ in range(passes):
        y = x * x * x
        y.backward(v.like(y), create_graph=True)
        held.append(x.grad)

    (second,) = session.gradients([held[0]], [x], [w.like(x)])

    expect_value(held[0], 3 * v(x.shape) * value**2)
    expect_value(held[-1], passes * 3 * v(x.shape) * value**2)
    expect_value(second, 6 * v(x.shape) * w(x.shape) * value)


@behavior(
    "inplace.recorded-pass-keeps-values-too",
    "What a differentiable pass kept, be it the cotangent, is guarded like what the forward "
    "computation kept: after a write to it the second pass is refused.",
    level=EXTENDED,
    sources=[CHECKS, doc("torch.autograd.grad")],
    given={"value": arrays(*SHAPES), "v": cotangents(), "w": cotangents()},
    requires=["inplace.saved-operand-mutated-raises", "grad.never-touches-leaf-grad"],
)
def recorded_pass_keeps_values_too(session, value, v, w):
    x, factor = (session.tensor(value, requires_grad=True) for _ in range(2))
    y = x * factor
    seed = session.tensor(v(y.shape))
    (gradient,) = session.gradients([y], [x], [seed], create_graph=True)
    seed.mul_(2.0)

    with session.raises("the differentiable pass kept the cotangent, which was written to"):
        session.gradients([gradient], [factor], [w.like(gradient)])


@behavior(
    "inplace.unrecorded-write-leaves-the-history",
    "A write with recording off changes values only: a result and its views keep the derivatives "
    "that they had.",
    level=EXTENDED,
    sources=[NO_GRAD, CHECKS],
    given={
        "value": arrays((2,), (2, 2), (3,)),
        "v": cotangents(),
        "through_view": booleans(),
        "of_view": booleans(),
    },
    requires=[
        "inplace.intermediate-allowed-and-differentiated",
        "modes.no-grad-results-are-untracked",
    ],
)
def unrecorded_write_leaves_the_history(session, value, v, through_view, of_view):
    x = session.tensor(value, requires_grad=True)
    base = x + x
    view = base[0]
    with session.no_grad():
        (view if through_view else base).mul_(2.0)
    root = view if of_view else base
    expect_result(root)

    root.backward(v.like(root))

    expected = np.zeros(value.shape)
    expected[0 if of_view else ...] = 2 * v(root.shape)
    expect_grad(x, expected)


@behavior(
    "function.calls-keep-apart",
    "Calls of one custom function have a context each: what a later call saves does not touch what "
    "an earlier one did.",
    level=CORE,
    sources=[note("extending", "how-to-use")],
    given={"value": arrays(*SHAPES), "v": cotangents(), "name": sampled("Cube", "Product")},
    requires=["function.backward-formula-is-trusted"],
)
def calls_keep_apart(session, value, v, name):
    x = session.tensor(value, requires_grad=True)
    double = x * 2.0
    count = 2 if name == "Product" else 1
    (first,) = session.custom(name, [x] * count)
    (other,) = session.custom(name, [double] * count)
    y = first + other

    y.backward(v.like(y))

    slope = 2 * value * 5 if name == "Product" else 3 * value**2 * 9
    expect_grad(x, v(y.shape) * slope)


@behavior(
    "retain-grad.follows-writes",
    "An intermediate that retains its gradient and is written to, before or after it was asked "
    "to, or shows what is written to its base, gets the gradient of what it holds now.",
    level=FULL,
    sources=[
        note("autograd", "behavior-of-tensor-hooks-when-tensor-is-modified-in-place"),
        doc("torch.Tensor.retain_grad"),
    ],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "factor": sampled(2.0, -1.0, 3.0),
        "of_view": booleans(),
        "late": booleans(),
    },
    requires=["retain-grad.populates-nonleaf", "inplace.intermediate-allowed-and-differentiated"],
)
def retention_follows_writes(session, value, v, factor, of_view, late):
    x = session.tensor(value, requires_grad=True)
    base = x + x
    place = 0 if of_view and value.shape else ...
    y = base if place is ... else base[place]
    if not late:
        y.retain_grad()
    base.mul_(factor)
    if late:
        y.retain_grad()
    root = y * 4.0

    root.backward(v.like(root))

    expect_grad(y, 4 * v(y.shape))
    expected = np.zeros(value.shape)
    expected[place] = 8 * factor * v(y.shape)
    expect_grad(x, expected)


@behavior(
    "modes.mode-belongs-to-its-thread",
    "Switching recording off in one thread leaves every other thread recording.",
    level=EXTENDED,
    sources=[NO_GRAD, note("autograd", "multithreaded-autograd")],
    given={"value": arrays(*SHAPES)},
    requires=["modes.no-grad-results-are-untracked"],
    examples=0.05,
)
def mode_belongs_to_its_thread(session, value):
    x = session.tensor(value, requires_grad=True)

    with session.no_grad():
        y = session.recorded_elsewhere(lambda: x * x)

    expect_state(y, requires_grad=True)


@behavior(
    "graph.every-keeping-operation-is-freed",
    "A pass frees whatever kind of operation kept values: a second one through it is refused.",
    level=EXTENDED,
    sources=[doc("torch.Tensor.backward"), note("autograd", "saved-tensors")],
    given={
        "value": arrays((2, 2), (3, 3)),
        "v": cotangents(),
        "op": offered(
            ("exp", ()), ("log", ()), ("tanh", ()), ("sigmoid", ()), ("sqrt", ()), ("sin", ()),
            ("reciprocal", ()), ("pow_scalar", (2,)), ("softmax", (0,)), ("log_softmax", (1,)),
            ("matmul", ()), ("div", ()),
        ),
        "several": booleans(),
    },
    requires=["graph.second-backward-raises-when-saved", "grad.never-touches-leaf-grad"],
)  # fmt: skip
def every_keeping_operation_is_freed(session, value, v, op, several):
    x = session.tensor(np.abs(value) / 2, requires_grad=True)
    name, params = op
    y = session.apply(name, [x, x] if name in ("matmul", "div") else [x], params)
    if several:
        session.gradients([y, x + x], [x], [v.like(y), v.like(x)])
    else:
        y.backward(v.like(y))

    with session.raises(f"what {name} kept was freed by the first pass"):
        y.backward(v.like(y))
