"""Writes and the backward pass: an error or the right gradient, never a wrong one.

Where a write destroyed a value that the backward pass needs, the pass says so when it gets there.
"""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, note
from conformance.expect import expect_grad, expect_value
from conformance.specs._products import tracked_factor
from conformance.specs._writes import WRITES, write
from conformance.strategies import arrays, booleans, cotangents, integers, offered, raw, sampled

IN_PLACE = note("autograd", "in-place-operations-with-autograd")
CHECKS = note("autograd", "in-place-correctness-checks")

value = arrays((2, 2), (2,), (2, 3), ())


@behavior(
    "inplace.agrees-with-functional-form",
    "After any writes to intermediates and views of them, a backward pass either fails or gives "
    "exactly the gradients of the same steps written out of place.",
    level=CORE,
    sources=[CHECKS, IN_PLACE],
    given={"value": arrays((2, 2)), "other": arrays((2, 2)), "v": cotangents(), "plan": raw(25)},
    requires=[
        "inplace.saved-operand-mutated-raises",
        "view.mutation-of-base-reaches-all-views",
    ],
)
def agrees_with_functional_form(session, value, other, v, plan):
    x, t = session.tensor(value, requires_grad=True), session.tensor(other, requires_grad=True)
    tensors, degrees = [x + x, t - x], {}
    for _ in range(8):
        kind, a, b = plan.byte(), plan.choose(tensors[::-1]), plan.choose([t, x, *tensors])
        _take_a_step(kind, a, b, tensors, degrees)
    root = plan.choose(tensors[::-1])

    session.backward([root], [v.like(root)], may_copy=True)


@behavior(
    "inplace.saved-operand-mutated-raises",
    "If an operand that was kept, tracked or constant, is written to afterwards, the backward pass "
    "through the operation is refused.",
    level=CORE,
    sources=[CHECKS],
    given={
        "value": arrays((2, 2), (3, 3)),
        "v": cotangents(),
        "op": offered("mul", "matmul"),
        "of_constant": booleans(),
        "earlier": integers(0, 2),
        "through_view": booleans(),
        "pick": integers(0, len(WRITES) - 1),
    },
    requires=["inplace.intermediate-allowed-and-differentiated"],
)
def saved_operand_mutated_raises(session, value, v, op, of_constant, earlier, through_view, pick):
    y = -session.tensor(value, requires_grad=True)
    other = session.tensor(value, requires_grad=not of_constant)
    for _ in range(earlier):
        write(other if of_constant else y, v.like(y), pick)
    root = session.apply(op, [y, other])
    kept = other if of_constant else y
    shown = through_view and session.adapter.can("transpose")
    target = kept.apply("transpose", 0, 1) if shown else kept
    write(target, v.like(kept), pick)

    with session.raises("a value kept for the backward pass was written to"):
        root.backward(v.like(root))


@behavior(
    "inplace.saved-result-mutated-raises",
    "If a result that its own operation kept is written to, the backward pass is refused; where "
    "the operation kept something else, the pass gives the right gradient.",
    level=CORE,
    sources=[note("autograd", "saved-tensors"), CHECKS],
    given={
        "value": arrays((2, 2), (2,), (), (1, 3)),
        "v": cotangents(),
        "op": offered("exp", "tanh", "sigmoid", "sqrt", "reciprocal", "relu", "sin"),
        "through_view": booleans(),
        "pick": integers(0, len(WRITES) - 1),
    },
    requires=["inplace.saved-operand-mutated-raises"],
)
def saved_result_mutated_raises(session, value, v, op, through_view, pick):
    x = session.tensor(np.abs(value), requires_grad=True, exact=False)
    y = x.apply(op)
    shown = through_view and value.ndim and session.adapter.can("select")
    target = y[0] if shown else y
    write(target, session.tensor(v(target.shape)), pick)

    session.backward([y], [v.like(y)], may_copy=True)


@behavior(
    "inplace.unsaved-mutation-is-harmless",
    "Writing to a tensor that no operation kept does not disturb the backward pass.",
    level=EXTENDED,
    sources=[CHECKS],
    given={"value": value, "v": cotangents(), "pick": integers(0, len(WRITES) - 1)},
    requires=["inplace.intermediate-allowed-and-differentiated"],
)
def unsaved_mutation_is_harmless(session, value, v, pick):
    x = session.tensor(value, requires_grad=True)
    y = -x
    root = y - (x + y)
    write(y, v.like(y), pick)

    root.backward(v.like(root))

    expect_grad(x, -v(x.shape))


@behavior(
    "inplace.check-happens-when-node-runs",
    "A write is noticed when a backward pass reaches what needed the old value: other roots are "
    "unaffected, and so are a pass that came before and one that was asked for other inputs.",
    level=EXTENDED,
    sources=[CHECKS],
    given={
        "value": value,
        "v": cotangents(),
        "when": sampled("elsewhere", "reached", "reached times zero", "afterwards", "off the path"),
        "functional": booleans(),
    },
    requires=[
        "inplace.saved-operand-mutated-raises",
        "grad.never-touches-leaf-grad",
        "inputs.restrict-accumulation",
    ],
)
def check_happens_when_node_runs(session, value, v, when, functional):
    x = session.tensor(value, requires_grad=True)
    y = -x
    product, elsewhere = y * tracked_factor(y), y + x
    root = product
    if when == "reached times zero":
        root = root * session.tensor(np.zeros(root.shape))
    if when == "off the path":
        other = session.tensor(value, requires_grad=True)
        root = other * 3.0 + product
    if when == "afterwards":
        root.backward(v.like(root))
    y.add_(v.like(y))

    if when == "elsewhere":
        elsewhere.backward(v.like(y))
        expect_grad(x, 0 * v(x.shape))
    elif when == "off the path":
        if functional and session.adapter.can("gradients"):
            (gradient,) = session.gradients([root], [other], [v.like(root)])
            expect_value(gradient, 3 * v(x.shape))
        else:
            root.backward(v.like(root), inputs=[other])
            expect_grad(other, 3 * v(x.shape))
    elif when == "afterwards":
        expect_grad(x, -2 * v(x.shape))
    else:
        with session.raises("the pass reaches what kept the old value"):
            root.backward(v.like(root))


@behavior(
    "inplace.mutation-counts-in-every-mode",
    "A write with recording off to what was kept is noticed like any other.",
    level=CORE,
    sources=[CHECKS, note("autograd", "no-grad-mode")],
    given={"value": value, "v": cotangents(), "between_passes": booleans()},
    requires=["inplace.saved-operand-mutated-raises", "modes.no-grad-results-are-untracked"],
)
def mutation_counts_in_every_mode(session, value, v, between_passes):
    x = session.tensor(value, requires_grad=True)
    root = x * tracked_factor(x)
    if between_passes:
        root.backward(v.like(root), retain_graph=True)
    with session.no_grad():
        x.add_(v.like(x))

    with session.raises("a value kept for the backward pass was written to"):
        root.backward(v.like(root))


_STEPS = (
    "nothing", "add", "add_", "mul", "mul_", "sub_", "select", "neg_", "transpose", "copy_",
    "put_", "relu", "unsqueeze", "zero_", "mul_scalar_", "add_scalar_",
)  # fmt: skip
_PARAMS = {
    "select": ((0,),),
    "transpose": (0, -1),
    "unsqueeze": (0,),
    "put_": ((0,),),
    "mul_scalar_": (-2.0,),
    "add_scalar_": (1.0,),
}


def _take_a_step(kind, a, b, tensors, degrees):
    """One operation or write, unless it does not fit or would make the numbers long."""
    op, session = _STEPS[kind % len(_STEPS)], a.session
    params = _PARAMS.get(op, ())
    binary = op.rstrip("_") in ("add", "sub", "mul", "copy", "put")
    if not session.adapter.can(op) or not _fits(op, a, b):
        return
    here, there = a.entry.history.storage, b.entry.history.storage
    degree, other = degrees.get(here, 1), degrees.get(there, 1) if binary else 0
    degree = degree + other if op in ("mul", "mul_") else max(degree, other)
    if degree > 3:
        return
    if op.endswith("_"):
        session.write(op, a, b if binary else None, params)
        degrees[here] = degree
        return
    tensors.append(session.apply(op, [a, b] if binary else [a], params))
    degrees[tensors[-1].entry.history.storage] = degree


def _fits(op, a, b):
    """Whether the shapes fit, no kink is near and no write reads other parts of its target."""
    if op in ("nothing", "relu"):
        return op == "relu" and a.true_value.all()
    if op in ("transpose", "unsqueeze"):
        return len(a.shape) == 2
    if op in ("select", "put_") and not a.shape:
        return False
    if op.rstrip("_") not in ("add", "sub", "mul", "copy", "put"):
        return True
    shape = a.shape[1:] if op == "put_" else a.shape
    try:
        grown = np.broadcast_shapes(shape, b.shape)
    except ValueError:
        return False
    if op.endswith("_") and grown != shape:
        return False
    apart = a.entry.history.storage is not b.entry.history.storage
    return not op.endswith("_") or apart or (a is b and op not in ("copy_", "put_"))
