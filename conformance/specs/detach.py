"""Detaching: a value without its history.

A detached tensor is another tensor on the same memory. Derivatives stop at it; writes do not.
"""

from __future__ import annotations

from conformance.behavior import CORE, EXTENDED, FULL, behavior, doc, note, page
from conformance.expect import (
    expect,
    expect_grad,
    expect_grads,
    expect_leaf,
    expect_result,
    expect_value,
)
from conformance.specs._products import keeping, used
from conformance.strategies import arrays, booleans, cotangents, programs, sampled
from conformance.truth import gradients, vjp_of

DETACH = doc("torch.Tensor.detach")
CHECKS = note("autograd", "in-place-correctness-checks")
BLITZ = page("tutorials/beginner/blitz/autograd_tutorial.html", "tutorial: a gentle introduction")

# A result may be written to unless its elements share memory or it is one of several views; whether
# a reshaped one shares memory is for the engine to say.
writable = programs(exclude=("expand", "unbind", "reshape"))


@behavior(
    "detach.result-is-untracked-leaf",
    "A detached tensor is another tensor of the same values: an untracked leaf with an empty slot.",
    level=CORE,
    sources=[DETACH, BLITZ],
    given={
        "program": programs(),
        "v": cotangents(),
        "source": sampled("leaf", "result", "untracked"),
    },
    requires=["backward.gives-vector-jacobian-product"],
)
def result_is_untracked_leaf(session, program, v, source):
    leaves = session.leaves(program)
    y = program(*leaves)
    y.backward(v.like(y), retain_graph=True)
    x = {"leaf": leaves[0], "result": y, "untracked": v.like(y)}[source]

    detached = x.detach()

    expect_leaf(detached, requires_grad=False)
    expect_value(detached, x.entry.node)
    expect_grad(detached, None)
    if session.adapter.can("same_object"):
        same = session.observe("same_object", detached.handle, x.handle)
        expect(not same, "detaching gives another tensor")


@behavior(
    "detach.shares-memory-both-ways",
    "A detached tensor shares memory with its source: what is written to either is seen in both.",
    level=CORE,
    sources=[DETACH],
    given={"program": writable, "t": cotangents(), "to_source": booleans()},
    requires=["detach.result-is-untracked-leaf", "inplace.intermediate-allowed-and-differentiated"],
)
def shares_memory_both_ways(session, program, t, to_source):
    y = program(*session.leaves(program))
    detached = y.detach()
    before = y.true_value

    (y if to_source else detached).add_(t.like(y))

    expect_value(y, before + t(y.shape))
    expect_value(detached, before + t(y.shape))


@behavior(
    "detach.acts-as-a-constant",
    "No derivative passes through a detached operand, while other uses of its source pass theirs; "
    "tracked again, it is where a graph of its own starts.",
    level=CORE,
    sources=[DETACH, BLITZ],
    given={"program": programs(bits=7), "v": cotangents(), "tracked_again": booleans()},
    requires=["detach.result-is-untracked-leaf"],
)
def acts_as_a_constant(session, program, v, tracked_again):
    leaves = session.leaves(program)
    y = program(*leaves)
    constant = y.detach()
    if tracked_again:
        constant.requires_grad_()
    root = constant * y

    root.backward(v.like(root))

    once = gradients(program, v(y.shape) * y.true_value)
    expect_grads([leaves[i] for i in program.tracked], [once[i] for i in program.tracked])
    expect_grad(constant, v(y.shape) * y.true_value if tracked_again else None)


@behavior(
    "detach.mutation-is-noticed-by-the-graph",
    "Writing to a detached tensor after its source was kept for the backward pass makes the pass "
    "fail; where the source was not kept it does not.",
    level=EXTENDED,
    sources=[DETACH, CHECKS],
    given={"program": writable, "v": cotangents(), "kept": booleans()},
    requires=["detach.shares-memory-both-ways", "inplace.saved-operand-mutated-raises"],
)
def mutation_is_noticed_by_the_graph(session, program, v, kept):
    leaves = session.leaves(program)
    y = program(*leaves)
    alone = -y
    root = keeping(alone) if kept else -alone
    alone.detach().add_(v.like(y))

    if kept:
        with session.raises("a value kept for the backward pass was written to"):
            root.backward(v.like(root))
        return
    root.backward(v.like(root))

    for x in used(root, leaves):
        expect_grad(x, vjp_of(root, x, v(root.shape)))


@behavior(
    "detach.in-place-variant",
    "Detaching in place makes the tensor itself an untracked leaf and leaves a gradient that it "
    "holds; what was computed from it before keeps its history.",
    level=FULL,
    sources=[doc("torch.Tensor.detach_")],
    given={
        "value": arrays((), (2,), (2, 3)),
        "v": cotangents(),
        "leaf": booleans(),
        "held": booleans(),
    },
    requires=[
        "detach.result-is-untracked-leaf",
        "accumulation.assigned-tensor-is-adopted-and-mutated",
    ],
)
def in_place_variant(session, value, v, leaf, held):
    x = session.tensor(value, requires_grad=True)
    y = x if leaf else keeping(x)
    earlier = -y
    if held:
        y.grad = session.tensor(value + 1.0)

    returned = y.detach_()

    expect_leaf(y, requires_grad=False)
    expect_value(y, value if leaf else 2 * value)
    expect_grad(y, value + 1.0 if held else None)
    if session.adapter.can("same_object"):
        same = session.observe("same_object", returned.handle, y.handle)
        expect(same, "detaching in place returns the tensor itself")
    expect_result(earlier)
    earlier.backward(v.like(earlier))
    expect_grad(y, value + 1.0 if held else None)
    if not leaf:
        expect_grad(x, -2 * v(x.shape))
