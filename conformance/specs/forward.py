"""Forward mode: tangents that travel with the values."""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, behavior, doc
from conformance.expect import expect, expect_leaf, expect_value
from conformance.strategies import cotangents, lists, programs, sampled, smooth_programs
from conformance.truth import nodes

LEVELS = doc("torch.autograd.forward_ad.dual_level")
JVP = doc("torch.func.jvp")

DIRECTIONS = lists(cotangents(), 4, 4)
SCALARS = (2.0, -1.0, 3.0, 0.0, -2.0)


def along(program, directions):
    """One tangent for each leaf of the program."""
    return [v(leaf.shape) for v, leaf in zip(directions, program.leaves, strict=False)]


@behavior(
    "forward.tangent-is-jacobian-vector-product",
    "The tangent of a result is the Jacobian applied to the tangents of the inputs, and the value "
    "is that of the plain computation.",
    level=CORE,
    sources=[LEVELS, JVP],
    given={"program": smooth_programs(), "directions": DIRECTIONS},
    requires=["operation.tangent-is-its-derivative"],
    examples=0.5,
)
def tangent_is_jacobian_vector_product(session, program, directions):
    session.jvp(program, along(program, directions))


@behavior(
    "forward.linear-in-the-tangent",
    "Tangents of results are linear in those of all inputs together; zero tangents give zeros.",
    level=CORE,
    sources=[LEVELS],
    given={
        "program": programs(bits=12),
        "first": DIRECTIONS,
        "second": DIRECTIONS,
        "a": sampled(*SCALARS),
        "b": sampled(*SCALARS),
    },
    requires=["forward.tangent-is-jacobian-vector-product"],
    examples=0.5,
)
def linear_in_the_tangent(session, program, first, second, a, b):
    s, t = along(program, first), along(program, second)
    combined = [a * u + b * w for u, w in zip(s, t, strict=True)]
    _, along_s = session.jvp(program, s)
    _, along_t = session.jvp(program, t)
    _, along_both = session.jvp(program, combined)
    _, along_none = session.jvp(program, [0.0 * u for u in s])

    expect_value(along_both, a * along_s.true_value + b * along_t.true_value)
    expect_value(along_none, np.zeros(along_none.shape))


@behavior(
    "forward.no-tracking-needed",
    "Forward mode works on untracked tensors, and tracks nothing.",
    level=CORE,
    sources=[LEVELS],
    given={"program": programs(), "directions": DIRECTIONS},
    requires=["forward.tangent-is-jacobian-vector-product"],
)
def no_tracking_needed(session, program, directions):
    value, tangent = session.jvp(program, along(program, directions))

    expect_leaf(value, requires_grad=False)
    expect_leaf(tangent, requires_grad=False)


@behavior(
    "func.forward-and-reverse-are-transposes",
    "For every cotangent u and direction v, u times the forward product of v is the reverse "
    "product of u times v.",
    level=CORE,
    sources=[JVP, doc("torch.func.vjp")],
    given={"program": programs(), "u": cotangents(), "directions": DIRECTIONS},
    requires=[
        "forward.tangent-is-jacobian-vector-product",
        "backward.gives-vector-jacobian-product",
    ],
)
def forward_and_reverse_are_transposes(session, program, u, directions):
    tangents = [
        t if leaf.requires_grad else np.zeros(leaf.shape)
        for t, leaf in zip(along(program, directions), program.leaves, strict=True)
    ]
    cotangent = u(nodes(program)[1].value.shape)
    _, pushed = session.jvp(program, tangents)
    pulled = session.vjp(program, cotangent)

    forward = np.sum(cotangent * session.observe("value", pushed.handle))
    pairs = zip(pulled, tangents, strict=True)
    reverse = sum(np.sum(g.astype(float) * t) for g, t in pairs if g is not None)
    expect(forward == reverse, f"both orders give {reverse} (forward gives {forward})")
