"""State of custom functions: what they save, and what their several outputs receive."""

from __future__ import annotations

from conformance.behavior import CORE, behavior, doc, note
from conformance.expect import (
    expect_grad,
    expect_leaf,
    expect_result,
    expect_tracked_grads,
    expect_value,
)
from conformance.strategies import arrays, booleans, cotangents, offered, programs, sampled
from conformance.truth import gradients

CONTEXT = "torch.autograd.function.FunctionCtx"
SAVE = doc(f"{CONTEXT}.save_for_backward")
HOW_TO = note("extending", "how-to-use")

SHAPES = ((2,), (), (3,), (2, 2), (1,))


@behavior(
    "function.saved-tensors-are-version-checked",
    "Writing into a saved tensor between forward and backward makes backward raise.",
    level=CORE,
    sources=[SAVE],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "write": offered("mul_", "add_", "zero_"),
        "result": booleans(),
    },
    requires=[
        "function.backward-formula-is-trusted",
        "inplace.saved-operand-mutated-raises",
        "detach.shares-memory-both-ways",
    ],
)
def saved_tensors_are_version_checked(session, value, v, write, result):
    x = session.tensor(value, requires_grad=True)
    u = x * 2.0
    (y,) = session.custom("Exponential" if result else "Cube", [u])
    saved = y.detach() if result else u.detach()
    if write == "zero_":
        saved.zero_()
    else:
        session.write(write, saved, session.tensor(value))

    with session.raises("a saved tensor was modified"):
        y.backward(v.like(y))


@behavior(
    "function.saved-tensors-freed-after-backward",
    "A pass releases what custom functions saved, be it an input or an output, so that a second "
    "one raises, unless the first retained the graph.",
    level=CORE,
    sources=[SAVE, HOW_TO],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "retain": booleans(),
        "result": booleans(),
    },
    requires=[
        "function.backward-formula-is-trusted",
        "graph.second-backward-raises-when-saved",
        "accumulation.sums-over-calls",
    ],
)
def saved_tensors_freed_after_backward(session, value, v, retain, result):
    x = session.tensor(value, requires_grad=True)
    (y,) = session.custom("Exponential" if result else "Cube", [x])
    y.backward(v.like(y), retain_graph=retain)
    if retain:
        y.backward(v.like(y))
        if not result:  # the frame condition looks at what is rounded
            expect_grad(x, 6.0 * value**2 * v(y.shape))
        return

    with session.raises("what the function saved was released"):
        y.backward(v.like(y))


@behavior(
    "function.mark-non-differentiable",
    "An output declared not differentiable is an untracked leaf, and backward is given zeros for "
    "it.",
    level=CORE,
    sources=[doc(f"{CONTEXT}.mark_non_differentiable")],
    given={"program": programs(bits=12), "v": cotangents()},
    requires=["function.backward-formula-is-trusted"],
)
def mark_non_differentiable(session, program, v):
    leaves = session.leaves(program)
    y, marked = session.custom("WithMask", [program(*leaves)])
    expect_result(y)
    expect_leaf(marked, requires_grad=False)

    z = y * 2.0 + marked
    z.backward(v.like(z))
    expect_tracked_grads(program, leaves, gradients(program, 4.0 * v(y.shape)))


@behavior(
    "function.unused-output-gets-zeros",
    "For an output that the root does not depend on backward is given zeros.",
    level=CORE,
    sources=[doc(f"{CONTEXT}.set_materialize_grads")],
    given={
        "program": programs(bits=10),
        "v": cotangents(),
        "used": sampled("first", "second", "both"),
    },
    requires=["function.backward-formula-is-trusted"],
)
def unused_output_gets_zeros(session, program, v, used):
    leaves = session.leaves(program)
    first, second = session.custom("SplitSigns", [program(*leaves)])
    y = {"first": first, "second": second, "both": None}[used]
    y = first + second * 2.0 if y is None else y * 1.0
    y.backward(v.like(y))

    slope = {"first": 2.0, "second": 3.0, "both": 8.0}[used]
    expect_tracked_grads(program, leaves, gradients(program, slope * v(y.shape)))


@behavior(
    "function.double-backward-through-saved-inputs-and-outputs",
    "A backward written in differentiable operations on saved inputs or outputs is itself "
    "differentiated rightly.",
    level=CORE,
    sources=[note("extending", "example"), SAVE],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "w": cotangents(),
        "name": sampled("Cube", "Product", "Exponential"),
        "inner": sampled(1.0, 2.0, -1.0),
    },
    requires=[
        "function.composes-with-recorded-ops",
        "higher.create-graph-makes-gradients-differentiable",
    ],
)
def double_backward(session, value, v, w, name, inner):
    x = session.tensor(value, requires_grad=True)
    u = x * inner
    (y,) = session.custom(name, [u, u] if name == "Product" else [u])
    (first,) = session.gradients([y], [x], [v.like(y)], create_graph=True)
    (second,) = session.gradients([first], [x], [w.like(first)])

    if name != "Exponential":
        curvature = 2.0 * inner**2 if name == "Product" else 6.0 * inner**3 * value
        expect_value(second, curvature * v(y.shape) * w(y.shape))
