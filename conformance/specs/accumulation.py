"""Accumulation: backward adds to what a leaf already holds."""

from __future__ import annotations

from conformance.behavior import CORE, behavior, doc, note
from conformance.expect import expect_grad, expect_grads
from conformance.strategies import cotangents, integers, programs
from conformance.truth import gradients


@behavior(
    "accumulation.sums-over-calls",
    "Each backward pass adds its gradient to what the leaf already holds.",
    level=CORE,
    sources=[doc("torch.Tensor.backward")],
    given={"program": programs(), "v": cotangents(), "passes": integers(2, 4)},
)
def sums_over_calls(session, program, v, passes):
    leaves = session.leaves(program)
    for _ in range(passes):
        y = program(*leaves)
        y.backward(v.like(y))

    once = gradients(program, v(y.shape))
    expect_grads(
        [leaves[i] for i in program.tracked],
        [None if once[i] is None else passes * once[i].value for i in program.tracked],
    )


@behavior(
    "accumulation.setting-none-restarts-with-fresh-tensor",
    "Emptying the slot restarts accumulation, and leaves the gradient held before as it was.",
    level=CORE,
    sources=[doc("torch.Tensor.grad"), note("autograd", "setting-requires-grad")],
    given={"program": programs(leaves=1), "v": cotangents()},
    requires=["accumulation.sums-over-calls"],
)
def setting_none_restarts(session, program, v):
    (x,) = session.leaves(program)
    y = program(x)
    y.backward(v.like(y), retain_graph=True)
    held = x.grad
    x.grad = None
    expect_grad(x, None)

    y.backward(v.like(y))

    assert held is not None  # the frame condition watches it
