"""Toggling: switching the tracking of a leaf on and off.

The flag is read in two places: an operation looks at it when it records, and a backward pass when
it reaches the leaf. What was computed in between is left as it is.
"""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc, note, page
from conformance.expect import (
    expect,
    expect_grad,
    expect_grads,
    expect_leaf,
    expect_result,
    expect_same_object,
)
from conformance.strategies import booleans, cotangents, integers, lists, programs, sampled
from conformance.truth import gradients, output_shape

TRACKING = note("autograd", "setting-requires-grad")
LEAVES = page("tutorials/beginner/understanding_leaf_vs_nonleaf_tutorial.html", "leaf tensors")


@behavior(
    "toggle.in-place-and-returns-self",
    "A leaf's tracking can be switched any number of times: the method returns the same tensor, "
    "the data do not count as modified, and a stored gradient stays and goes on accumulating.",
    level=CORE,
    sources=[TRACKING, doc("torch.Tensor.requires_grad_")],
    given={
        "program": programs(leaves=1),
        "v": cotangents(),
        "flags": lists(booleans(), 1, 4),
        "way": sampled("method", "attribute"),
    },
    requires=["accumulation.sums-over-calls"],
)
def in_place_and_returns_self(session, program, v, flags, way):
    (x,) = session.leaves(program)
    y = program(x)
    y.backward(v.like(y))
    counted = session.adapter.can("version")
    version = session.observe("version", x.handle) if counted else None

    for flag in (*flags, True):
        if way == "method":
            again = session.switched_requires_grad(x, flag)
            expect_same_object(session, x.handle, again.handle)
        else:
            session.assign_requires_grad(x, flag)
        expect_leaf(x, requires_grad=flag)

    if counted:
        expect(session.observe("version", x.handle) == version, "switching modifies no data")
    y = program(x)
    y.backward(v.like(y))
    (once,) = gradients(program, v(y.shape))
    expect_grad(x, 2 * once.value)


@behavior(
    "toggle.affects-later-operations-only",
    "Switching a leaf's tracking decides how later operations are recorded and leaves earlier "
    "results as they were.",
    level=CORE,
    sources=[TRACKING],
    given={"program": programs(leaves=1), "v": cotangents(), "tracked": booleans()},
    requires=["state.tracked-iff-any-input-tracked", "backward.untracked-root-raises"],
)
def affects_later_operations_only(session, program, v, tracked):
    x = session.tensor(program.leaves[0].value, requires_grad=tracked)
    earlier = program(x)
    x.requires_grad_(not tracked)
    later = program(x)

    recorded, plain = (earlier, later) if tracked else (later, earlier)

    expect_result(recorded)
    expect_leaf(plain, requires_grad=False)
    with session.raises("nothing was recorded while the leaf was untracked"):
        plain.backward(v.like(plain))
    expect_grad(x, None)


@behavior(
    "toggle.off-before-backward-skips-leaf",
    "A leaf that is untracked when backward runs receives nothing, although it was tracked when "
    "the graph was recorded; the other leaves do, and so does one that is tracked again.",
    level=EXTENDED,
    sources=[TRACKING],
    given={
        "program": programs(),
        "v": cotangents(),
        "off": lists(booleans(), 3, 3),
        "on_again": lists(booleans(), 3, 3),
    },
    requires=["toggle.in-place-and-returns-self"],
)
def off_before_backward_skips_leaf(session, program, v, off, on_again):
    leaves = session.leaves(program)
    y = program(*leaves)
    expected = gradients(program, v(y.shape))
    for i in program.tracked:
        if off[i]:
            leaves[i].requires_grad_(False)
            expected[i] = None
        if off[i] and on_again[i]:
            leaves[i].requires_grad_(True)
            expected[i] = gradients(program, v(y.shape))[i]

    y.backward(v.like(y))

    expect_grads([leaves[i] for i in program.tracked], [expected[i] for i in program.tracked])


@behavior(
    "toggle.freezing-isolates",
    "Freezing some leaves of a program leaves the gradients of the others as they were, bit for "
    "bit, and their own empty.",
    level=CORE,
    sources=[TRACKING],
    given={
        "program": programs(),
        "v": cotangents(),
        "frozen": lists(booleans(), 4, 4),
        "live": integers(0, 3),
    },
    requires=["toggle.in-place-and-returns-self"],
)
def freezing_isolates(session, program, v, frozen, live):
    leaves = session.leaves(program)
    shape = output_shape(program)
    factor = session.tensor(np.full(shape, 2.0), requires_grad=True)
    tracked = [*(leaves[i] for i in program.tracked), factor]
    used = [*(leaves[i] for i in program.tracked if i in program.used), factor]
    kept = used[live % len(used)]
    freezes = [f and x is not kept for x, f in zip(tracked, frozen, strict=False)]
    for x, freeze in zip(tracked, freezes, strict=True):
        if freeze:
            x.requires_grad_(False)

    y = program(*leaves) * factor
    y.backward(v.like(y))

    unfrozen = gradients(program, 2 * v(shape))
    expected = [*(unfrozen[i] for i in program.tracked), v(shape) * y.true_value / 2]
    pairs = zip(expected, freezes, strict=True)
    expect_grads(tracked, [None if freeze else gradient for gradient, freeze in pairs])


@behavior(
    "toggle.nonleaf-cannot-be-switched",
    "Tracking of a tensor that an operation produced cannot be switched off; it stays on.",
    level=CORE,
    sources=[TRACKING, LEAVES],
    given={"program": programs(), "v": cotangents(), "way": sampled("method", "attribute")},
    requires=["state.tracked-iff-any-input-tracked", "backward.gives-vector-jacobian-product"],
)
def nonleaf_cannot_be_switched(session, program, v, way):
    leaves = session.leaves(program)
    y = program(*leaves)

    with session.raises("only leaves can be switched; detach instead"):
        if way == "method":
            y.requires_grad_(False)
        else:
            session.assign_requires_grad(y, False)

    expect_result(y)
    y.backward(v.like(y))
