"""Graph lifetime: going on after a graph is gone, and after a pass that never began."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc, note
from conformance.expect import expect_grad, expect_grads, expect_result, expect_state
from conformance.specs._products import keeping, tracked_factor
from conformance.strategies import arrays, booleans, cotangents, integers, programs, sampled
from conformance.truth import gradients

GRAD = doc("torch.autograd.grad")
SAVED = note("autograd", "saved-tensors")


@behavior(
    "graph.extending-a-freed-graph-raises-later",
    "What is computed from a result whose graph was freed is recorded without complaint; a pass "
    "that reaches the freed part is refused, and one that is cut off before it is not.",
    level=EXTENDED,
    sources=[SAVED, doc("torch.Tensor.detach")],
    given={"program": programs(), "v": cotangents(), "detached": booleans()},
    requires=["graph.second-backward-raises-when-saved", "detach.result-is-untracked-leaf"],
)
def extending_a_freed_graph_raises_later(session, program, v, detached):
    y = keeping(program(*session.leaves(program)))
    y.backward(v.like(y))
    factor = tracked_factor(y)
    later = (y.detach() if detached else y) * factor

    if not detached:
        with session.raises("the pass reaches what was freed"):
            later.backward(v.like(later))
        return
    later.backward(v.like(later))

    expect_grad(factor, v(y.shape) * y.true_value)


@behavior(
    "graph.truncation-by-detach",
    "With a pass after each step of a recurrence, a state carried on makes the second pass fail; "
    "a detached one makes each pass differentiate its own step alone.",
    level=CORE,
    sources=[doc("torch.Tensor.detach"), note("faq")],
    given={
        "value": arrays((), (2,), (2, 2)),
        "v": cotangents(),
        "steps": integers(2, 3),
        "detached": booleans(),
    },
    requires=[
        "graph.second-backward-raises-when-saved",
        "detach.result-is-untracked-leaf",
        "accumulation.sums-over-calls",
    ],
)
def truncation_by_detach(session, value, v, steps, detached):
    x = session.tensor(value, requires_grad=True)
    state = x * x
    state.backward(v.like(state))
    expected = 2 * v(x.shape) * value
    for _ in range(steps - 1):
        before = state.detach() if detached else state
        state = before * x
        if not detached:
            with session.raises("the pass goes back into the step before"):
                state.backward(v.like(state))
            return
        state.backward(v.like(state))
        expected = expected + v(x.shape) * before.true_value

    expect_grad(x, expected)


@behavior(
    "graph.rejected-call-changes-nothing",
    "A pass rejected for its arguments leaves graph, slots and grad mode as they were, and a "
    "corrected one succeeds.",
    level=EXTENDED,
    sources=[doc("torch.autograd.backward"), GRAD],
    given={
        "program": programs(),
        "v": cotangents(),
        "mistake": sampled("shape of the cotangent", "no cotangent", "untracked input"),
        "off": booleans(),
    },
    requires=[
        "accumulation.sums-over-calls",
        "backward.many-element-root-needs-gradient",
        "modes.no-grad-results-are-untracked",
    ],
)
def rejected_call_changes_nothing(session, program, v, mistake, off):
    leaves = session.leaves(program)
    y = keeping(program(*leaves))
    size = y.true_value.size
    off = off and session.adapter.can("no_grad")
    with session.no_grad() if off else nullcontext():
        with session.raises("its arguments do not fit"):
            if mistake == "untracked input":
                session.gradients([y], [session.tensor(np.ones(y.shape))], [v.like(y)])
            elif mistake == "no cotangent" and size != 1:
                y.backward()
            else:
                y.backward(session.tensor(np.ones(size + 1)))
        expect_state(y + y, requires_grad=not off)
    expect_result(y + y)
    expect_grads([leaves[i] for i in program.tracked], [None] * len(program.tracked))

    y.backward(v.like(y))

    once = gradients(program, 2 * v(y.shape))
    expect_grads([leaves[i] for i in program.tracked], [once[i] for i in program.tracked])
