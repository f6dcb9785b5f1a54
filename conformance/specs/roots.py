"""Roots and inputs: backward from several tensors, and into some leaves only.

Several roots contribute as if each had a pass of its own. An explicit list of inputs restricts
where gradients are stored, never what they are.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc
from conformance.expect import expect_grad, expect_no_grads, expect_tracked_grads
from conformance.strategies import (
    booleans,
    cotangents,
    integers,
    lists,
    programs,
    sampled,
)
from conformance.truth import gradients, vjp_of

FUNCTION = doc("torch.autograd.backward")
FUNCTIONAL = doc("torch.autograd.grad")
METHOD = doc("torch.Tensor.backward")


def tracked_results(session, program, leaves):
    """Everything that the program computes from tracked leaves, latest first."""
    steps = range(len(leaves), len(leaves) + len(program.steps))
    results = replace(program, outputs=tuple(steps)).run(session, leaves)
    return [y for y in reversed(results) if not y.entry.is_leaf]


def sums(parts, leaves):
    """For each leaf the sum of vᵀJ over pairs of a root and its cotangent; None if unreached."""
    totals = []
    for leaf in leaves:
        found = [vjp_of(y, leaf, v) for y, v in parts]
        reached = [gradient for gradient in found if gradient is not None]
        totals.append(sum(reached[1:], reached[0]) if reached else None)
    return totals


@behavior(
    "roots.sum-of-contributions",
    "Backward from several roots at once leaves the sum of what backward from each would leave, "
    "as does one after the other.",
    level=CORE,
    sources=[FUNCTION, FUNCTIONAL],
    given={
        "program": programs(),
        "v": cotangents(),
        "count": integers(2, 4),
        "at_once": booleans(),
    },
    requires=["accumulation.sums-over-calls"],
)
def sum_of_contributions(session, program, v, count, at_once):
    leaves = session.leaves(program)
    roots = tracked_results(session, program, leaves)[:count]
    roots = roots if len(roots) > 1 else [roots[0], roots[0] * 3.0]

    ones = v.data is None
    pairs = [(y, (1.0 if ones else place) * v(y.shape)) for place, y in enumerate(roots, start=1)]
    seeds = [None if ones else session.tensor(seed) for _, seed in pairs]

    if at_once:
        session.backward(roots, seeds)
    else:
        for y, seed in zip(roots, seeds, strict=True):
            y.backward(seed, retain_graph=True)

    expect_tracked_grads(program, leaves, sums(pairs, leaves))


@behavior(
    "roots.none-for-one-element-roots",
    "In the list of cotangents None stands for a one and is allowed for roots of one element "
    "only; no list at all means None for every root.",
    level=CORE,
    sources=[FUNCTION, FUNCTIONAL],
    given={
        "program": programs(),
        "v": cotangents(),
        "listed": booleans(),
        "one_first": booleans(),
    },
    requires=["roots.sum-of-contributions", "backward.many-element-root-needs-gradient"],
)
def none_for_one_element_roots(session, program, v, listed, one_first):
    leaves = session.leaves(program)
    y = program(*leaves)
    one = (y * 2.0).sum()
    many = y if prod(y.shape) != 1 else y.apply("expand", (2, *y.shape))
    roots = [one, many] if one_first else [many, one]

    with session.raises("None is allowed for roots of one element only"):
        session.backward(roots, [None, None] if listed else None)
    seeds = [None if root is one else v.like(root) for root in roots]
    session.backward(roots, seeds)

    parts = [(one, np.ones(())), (many, v(many.shape))]
    expect_tracked_grads(program, leaves, sums(parts, leaves))


@behavior(
    "roots.duplicates-and-ancestors",
    "A tensor may be a root more than once, beside one it was computed from, and beside a leaf; "
    "every occurrence contributes.",
    level=EXTENDED,
    sources=[FUNCTION],
    given={
        "program": programs(),
        "v": cotangents(),
        "u": cotangents(),
        "kind": sampled("twice", "ancestor", "leaf"),
        "swapped": booleans(),
    },
    requires=["roots.sum-of-contributions"],
)
def duplicates_and_ancestors(session, program, v, u, kind, swapped):
    leaves = session.leaves(program)
    x = program(*leaves)
    y = x if kind == "twice" else x * 3.0
    other = leaves[0] if kind == "leaf" else x
    pairs = [(y, v(y.shape)), (other, u(other.shape))]
    if swapped:
        pairs.reverse()

    session.backward([root for root, _ in pairs], [session.tensor(seed) for _, seed in pairs])

    expect_tracked_grads(program, leaves, sums(pairs, leaves))


@behavior(
    "inputs.restrict-accumulation",
    "With a list of inputs exactly those leaves accumulate, what they would without it; every "
    "other slot stays as it was.",
    level=CORE,
    sources=[FUNCTION, METHOD],
    given={"program": programs(), "v": cotangents(), "listed": lists(booleans(), 3, 3)},
    requires=["backward.gives-vector-jacobian-product"],
)
def restrict_accumulation(session, program, v, listed):
    leaves = session.leaves(program)
    y = program(*leaves)
    chosen = [i for i in program.tracked if listed[i]] or [program.tracked[-1]]

    y.backward(v.like(y), inputs=[leaves[i] for i in chosen])

    unrestricted = gradients(program, v(y.shape))
    expected = [g if i in chosen else None for i, g in enumerate(unrestricted)]
    expect_tracked_grads(program, leaves, expected)


@behavior(
    "inputs.unreachable-left-alone",
    "A listed input that the root does not depend on is no error, and its slot stays as it was; a "
    "listed untracked tensor is refused.",
    level=EXTENDED,
    sources=[FUNCTION],
    given={
        "program": programs(),
        "v": cotangents(),
        "computed": booleans(),
        "alone": booleans(),
        "held": booleans(),
    },
    requires=[
        "inputs.restrict-accumulation",
        "accumulation.assigned-tensor-is-adopted-and-mutated",
    ],
)
def unreachable_left_alone(session, program, v, computed, alone, held):
    leaves = session.leaves(program)
    elsewhere = session.tensor([2.0, 3.0], requires_grad=True)
    unreachable = elsewhere * 2.0 if computed else elsewhere
    if held and not computed:
        elsewhere.grad = session.tensor([5.0, 7.0])
    y = program(*leaves)
    reachable = [] if alone else [leaves[i] for i in program.tracked if i in program.used]

    with session.raises("an untracked input has no gradient"):
        y.backward(v.like(y), inputs=[session.tensor([1.0]), *reachable])
    y.backward(v.like(y), inputs=[unreachable, *reachable])

    expect_grad(elsewhere, [5.0, 7.0] if held and not computed else None)
    expect_grad(unreachable, None if computed or not held else [5.0, 7.0])
    if alone:
        expect_no_grads(program, leaves)
