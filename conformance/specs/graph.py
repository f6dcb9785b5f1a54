"""Graph lifetime: what a backward pass leaves of the graph it went through.

A pass frees what the operations it visits had kept, unless it is asked to retain the graph. What
keeps nothing has nothing to lose.
"""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, EXTENDED, FULL, behavior, doc, note, page
from conformance.expect import expect_grad, expect_tracked_grads, expect_value
from conformance.specs._products import keeping, tracked_factor, used
from conformance.strategies import (
    booleans,
    cotangents,
    integers,
    lists,
    programs,
    sampled,
    scalar_programs,
)
from conformance.truth import gradients, vjp_of

BACKWARD = doc("torch.Tensor.backward")
GRAD = doc("torch.autograd.grad")
TUTORIAL = page("tutorials/beginner/basics/autogradqs_tutorial.html", "tutorial: autograd")
SAVED = note("autograd", "saved-tensors")

KEEP_NOTHING = (
    "add", "sub", "neg", "sum", "sum_axis", "mean", "reshape", "transpose", "permute", "select",
    "expand", "unsqueeze", "squeeze", "concat", "stack", "clone", "cumsum",
)  # fmt: skip


@behavior(
    "graph.second-backward-raises-when-saved",
    "A second backward pass through an operation that kept values is refused.",
    level=CORE,
    sources=[BACKWARD, TUTORIAL],
    given={"program": programs(), "v": cotangents(), "above": integers(0, 2)},
    requires=["backward.gives-vector-jacobian-product"],
)
def second_backward_raises_when_saved(session, program, v, above):
    y = keeping(program(*session.leaves(program)))
    for _ in range(above):
        y = -y
    y.backward(v.like(y))

    with session.raises("the graph was freed by the first pass"):
        y.backward(v.like(y))


@behavior(
    "graph.second-backward-fine-when-nothing-saved",
    "Operations that keep nothing can be gone through again and again without retaining the graph.",
    level=FULL,
    sources=[SAVED, doc("torch.Tensor.retain_grad")],
    given={
        "program": programs(only=KEEP_NOTHING),
        "v": cotangents(),
        "passes": integers(2, 3),
    },
    requires=["graph.retain-allows-repeats"],
)
def second_backward_fine_when_nothing_saved(session, program, v, passes):
    leaves = session.leaves(program)
    y = program(*leaves)

    for _ in range(passes):
        y.backward(v.like(y))

    _expect_multiples(program, leaves, passes, v(y.shape))


@behavior(
    "graph.retain-allows-repeats",
    "Each of any number of passes through a retained graph contributes the same gradient.",
    level=CORE,
    sources=[BACKWARD, TUTORIAL],
    given={"program": scalar_programs(), "passes": integers(2, 4)},
    requires=["accumulation.sums-over-calls"],
)
def retain_allows_repeats(session, program, passes):
    leaves = session.leaves(program)
    y = program(*leaves)

    for _ in range(passes):
        y.backward(retain_graph=True)

    _expect_multiples(program, leaves, passes, np.ones(y.shape))


@behavior(
    "graph.unretained-call-frees",
    "Retaining is a matter of each pass: the first one without it frees the graph, whatever went "
    "before and whatever a later one asks for, by either entry point.",
    level=CORE,
    sources=[BACKWARD, GRAD],
    given={
        "program": programs(),
        "v": cotangents(),
        "retained": lists(booleans(), 0, 2),
        "freeing": booleans(),
        "refused": booleans(),
        "asks_to_retain": booleans(),
    },
    requires=["graph.second-backward-raises-when-saved", "grad.never-touches-leaf-grad"],
)
def unretained_call_frees(session, program, v, retained, freeing, refused, asks_to_retain):
    leaves = session.leaves(program)
    y = keeping(program(*leaves))
    seed = v.like(y)
    for functional in retained:
        _differentiate(y, used(y, leaves), seed, functional, retain_graph=True)
    _differentiate(y, used(y, leaves), seed, freeing, retain_graph=None)

    with session.raises("the graph was freed by the pass that did not retain it"):
        _differentiate(y, used(y, leaves), seed, refused, retain_graph=asks_to_retain)


@behavior(
    "graph.freeing-is-per-visited-node",
    "A pass frees what it visits: a branch pruned away stays usable, while an operation shared by "
    "two branches is freed for both.",
    level=EXTENDED,
    sources=[GRAD, SAVED],
    given={
        "one": scalar_programs(),
        "other": scalar_programs(),
        "v": cotangents(),
        "shared": booleans(),
    },
    requires=[
        "graph.second-backward-raises-when-saved",
        "grad.never-touches-leaf-grad",
        "inputs.restrict-accumulation",
    ],
)
def freeing_is_per_visited_node(session, one, other, v, shared):
    here, there = session.leaves(one), session.leaves(other)
    left, right = keeping(one(*here)), keeping(other(*there))
    y = left * tracked_factor(left) + right
    if shared:
        y = keeping(y)
    session.gradients([y], used(y, here), [v.like(y)])

    if shared:
        with session.raises("the product at the root was freed"):
            session.gradients([y], used(y, there), [v.like(y)])
        return
    given = session.gradients([y], used(y, there), [v.like(y)])

    for x, gradient in zip(used(y, there), given, strict=True):
        expect_value(gradient, vjp_of(y, x, v(y.shape)))


@behavior(
    "graph.shared-trunk",
    "Of two roots on one trunk the second can be differentiated if the first pass retained the "
    "graph or the trunk keeps nothing, and their gradients add; otherwise it is refused.",
    level=CORE,
    sources=[BACKWARD, TUTORIAL],
    given={
        "program": scalar_programs(),
        "trunk": sampled("retained", "freed", "keeps nothing"),
    },
    requires=["graph.retain-allows-repeats", "graph.second-backward-raises-when-saved"],
)
def shared_trunk(session, program, trunk):
    leaves = session.leaves(program)
    shared = leaves[0] + leaves[0] if trunk == "keeps nothing" else keeping(program(*leaves))
    if shared.true_value.size != 1:
        shared = shared.sum()
    left, right = keeping(shared), -keeping(shared) - shared
    left.backward(retain_graph=True if trunk == "retained" else None)

    if trunk == "freed" and session.adapter.can("backward"):
        with session.raises("the trunk was freed with the first root"):
            right.backward()
        return
    right.backward()

    ones = np.ones(shared.shape)
    for x in used(left, leaves):
        expect_grad(x, vjp_of(left, x, ones) + vjp_of(right, x, ones))


def _differentiate(y, inputs, seed, functional, *, retain_graph):
    """A pass by one of the two entry points, where the engine has both."""
    if functional and y.session.adapter.can("gradients"):
        y.session.gradients([y], inputs, [seed], retain_graph=retain_graph)
    else:
        y.backward(seed, retain_graph=retain_graph)


def _expect_multiples(program, leaves, count, v):
    once = gradients(program, v)
    expected = [None if gradient is None else count * gradient.value for gradient in once]
    expect_tracked_grads(program, leaves, expected)
