"""Intermediates: gradients of tensors that are no leaves.

Backward passes through intermediates without keeping their gradients, unless asked to. What is
kept then follows the rules of leaves: it is the derivative of the root, and it accumulates.
"""

from __future__ import annotations

from conformance.adapter import Unsupported
from conformance.behavior import CORE, EXTENDED, behavior, doc, page
from conformance.expect import expect, expect_grad, expect_result
from conformance.strategies import cotangents, integers, programs, sampled
from conformance.truth import vjp_of

RETAIN = doc("torch.Tensor.retain_grad")
RETAINS = doc("torch.Tensor.retains_grad")
IS_LEAF = doc("torch.Tensor.is_leaf")
LEAVES = page("tutorials/beginner/understanding_leaf_vs_nonleaf_tutorial.html", "leaf tensors")


def intermediates(session, y, v):
    """The tracked results that the root depends on, latest first: the root itself leads."""
    results = [x for x in session.vars if not x.entry.is_leaf]
    return [x for x in reversed(results) if vjp_of(y, x, v(y.shape)) is not None]


@behavior(
    "nonleaf.gradient-none-and-warns",
    "An intermediate that was not asked to keep its gradient has an empty slot, after backward as "
    "before.",
    level=CORE,
    sources=[IS_LEAF, LEAVES],
    given={"program": programs(), "v": cotangents()},
    requires=["backward.gives-vector-jacobian-product"],
)
def gradient_none_and_warns(session, program, v):
    leaves = session.leaves(program)
    y = program(*leaves)
    results = [x for x in session.vars if not x.entry.is_leaf]
    for x in results:
        expect_grad(x, None)

    y.backward(v.like(y))

    for x in results:
        expect_result(x)
        expect_grad(x, None)


@behavior(
    "retain-grad.populates-nonleaf",
    "An intermediate that was asked to retain holds, after backward, the derivative of the root "
    "with respect to it, and remains no leaf.",
    level=CORE,
    sources=[RETAIN, IS_LEAF, LEAVES],
    given={"program": programs(), "v": cotangents(), "pick": integers(0, 7)},
    requires=["backward.gives-vector-jacobian-product"],
)
def populates_nonleaf(session, program, v, pick):
    leaves = session.leaves(program)
    y = program(*leaves)
    inner = intermediates(session, y, v)
    x = inner[pick % len(inner)]
    x.retain_grad()

    y.backward(v.like(y))

    expect_result(x)
    expect_grad(x, vjp_of(y, x, v(y.shape)))


@behavior(
    "retain-grad.accumulates",
    "Retained gradients add up over backward passes, and over the uses of the tensor within one.",
    level=EXTENDED,
    sources=[RETAIN, doc("torch.Tensor.grad")],
    given={
        "program": programs(steps=4),
        "v": cotangents(),
        "pick": integers(0, 7),
        "passes": integers(2, 3),
    },
    requires=["retain-grad.populates-nonleaf", "graph.retain-allows-repeats"],
)
def retained_accumulates(session, program, v, pick, passes):
    leaves = session.leaves(program)
    y = program(*leaves)
    inner = intermediates(session, y, v)
    x = inner[pick % len(inner)]
    x.retain_grad()
    z = y + y * 2.0

    for _ in range(passes):
        z.backward(v.like(z), retain_graph=True)

    expect_grad(x, passes * 3 * vjp_of(y, x, v(y.shape)))


@behavior(
    "retain-grad.eligibility-and-flag",
    "Asking twice is asking once, asking a tracked leaf changes nothing, asking an untracked "
    "tensor is refused, and tensors derived from a retaining one do not retain.",
    level=EXTENDED,
    sources=[RETAIN, RETAINS, LEAVES],
    given={
        "program": programs(),
        "v": cotangents(),
        "derived": sampled("view", "copy", "detached"),
    },
    requires=["retain-grad.populates-nonleaf", "detach.result-is-untracked-leaf"],
)
def eligibility_and_flag(session, program, v, derived):
    leaves = session.leaves(program)
    x = program(*leaves)
    x.retain_grad()
    x.retain_grad()
    leaves[0].retain_grad()
    other = {
        "view": lambda: x.apply("unsqueeze", 0),
        "copy": lambda: x.apply("clone"),
        "detached": x.detach,
    }[derived]()
    with session.raises("an untracked tensor never has a gradient"):
        x.detach().retain_grad()

    for tensor, retains in ((x, True), (leaves[0], False), (other, False)):
        retaining = session.observe("retains_grad", tensor.handle)
        expect(retaining == retains, f"retains_grad is {retains}")
    y = x * 2.0 if derived == "detached" else other * 2.0
    y.backward(v.like(y))
    expect_grad(x, vjp_of(y, x, v(y.shape)))
    expect_grad(other, None)


@behavior(
    "retain-grad.any-time-before-backward",
    "Retention can be asked for after the tensor was used, also between two passes over one "
    "graph; only later passes fill the slot.",
    level=EXTENDED,
    sources=[RETAIN],
    given={"program": programs(), "v": cotangents(), "pick": integers(0, 7)},
    requires=["retain-grad.populates-nonleaf", "graph.retain-allows-repeats"],
)
def any_time_before_backward(session, program, v, pick):
    leaves = session.leaves(program)
    y = program(*leaves)
    inner = intermediates(session, y, v)
    x = inner[pick % len(inner)]
    if not session.adapter.can("retain_grad"):
        raise Unsupported("retain_grad")

    y.backward(v.like(y), retain_graph=True)
    expect_grad(x, None)
    x.retain_grad()
    y.backward(v.like(y))

    expect_grad(x, vjp_of(y, x, v(y.shape)))
