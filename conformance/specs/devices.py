"""Devices: tensors that do not live in one place do not mix."""

from __future__ import annotations

from conformance.behavior import EXTENDED, behavior, doc
from conformance.expect import expect_grad
from conformance.strategies import arrays, booleans, cotangents


@behavior(
    "backward.gradient-kind-checked",
    "A cotangent on another device than its root is refused, and nothing is accumulated.",
    level=EXTENDED,
    sources=[doc("torch.autograd.backward"), doc("torch.autograd.grad")],
    given={"value": arrays((2,), (2, 3), (1,)), "v": cotangents(), "functional": booleans()},
    requires=["backward.gives-vector-jacobian-product"],
    off_cpu=True,
)
def gradient_kind_checked(session, value, v, functional):
    x = session.tensor(value, requires_grad=True)
    y = x * x
    elsewhere = session.tensor(v(y.shape), device="cpu")

    with session.raises("the cotangent is on another device"):
        if functional and session.adapter.can("gradients"):
            session.gradients([y], [x], [elsewhere])
        else:
            y.backward(elsewhere)

    expect_grad(x, None)
