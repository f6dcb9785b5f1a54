"""Grad modes: where operations are recorded and where they are not.

With recording off, operations compute values and nothing else. The mode belongs to a block, and
leaving the block, however it is left, brings back the mode from before.
"""

from __future__ import annotations

from contextlib import nullcontext

from conformance.behavior import CORE, behavior, doc, note, page
from conformance.expect import (
    expect_grad,
    expect_leaf,
    expect_result,
    expect_state,
    expect_tracked_grads,
    expect_value,
)
from conformance.specs._products import keeping, used
from conformance.strategies import (
    arrays,
    booleans,
    cotangents,
    integers,
    lists,
    programs,
    sampled,
)
from conformance.truth import gradients, vjp_of

NO_GRAD = doc("torch.no_grad")
ENABLE_GRAD = doc("torch.enable_grad")
MODES = note("autograd", "locally-disabling-gradient-computation")
BLITZ = page("tutorials/beginner/blitz/autograd_tutorial.html", "tutorial: a gentle introduction")

# Views and conversions that hand back their operand keep its flag with recording off.
MAY_ALIAS = (
    "transpose", "permute", "reshape", "expand", "unsqueeze", "squeeze", "select", "unbind", "cast",
)  # fmt: skip


@behavior(
    "modes.no-grad-results-are-untracked",
    "With recording off, results are untracked leaves whatever they are computed from, and the "
    "same operations are recorded again afterwards.",
    level=CORE,
    sources=[NO_GRAD, MODES, BLITZ],
    given={"program": programs(exclude=MAY_ALIAS), "intermediate": booleans()},
    requires=["state.tracked-iff-any-input-tracked"],
)
def no_grad_results_are_untracked(session, program, intermediate):
    leaves = session.leaves(program)
    inputs = [x + x for x in leaves] if intermediate else leaves

    with session.no_grad():
        y = program(*inputs)

    expect_leaf(y, requires_grad=False)
    expect_state(leaves[0], requires_grad=True)
    expect_result(program(*inputs))


@behavior(
    "modes.no-grad-results-act-as-constants",
    "A value computed with recording off is a constant to what is computed from it later.",
    level=CORE,
    sources=[NO_GRAD, MODES],
    given={"program": programs(exclude=MAY_ALIAS, bits=7), "v": cotangents()},
    requires=["backward.gives-vector-jacobian-product", "modes.no-grad-results-are-untracked"],
)
def no_grad_results_act_as_constants(session, program, v):
    leaves = session.leaves(program)
    with session.no_grad():
        constant = program(*leaves)
    y = constant * program(*leaves)

    y.backward(v.like(y))

    once = gradients(program, v(y.shape) * constant.true_value)
    expect_tracked_grads(program, leaves, once)


@behavior(
    "modes.factories-exempt",
    "A tensor asked to be tracked is, also with recording off, and takes part in what is recorded "
    "later.",
    level=CORE,
    sources=[NO_GRAD],
    given={"value": arrays((), (2,), (2, 3)), "v": cotangents(), "switched": booleans()},
    requires=["modes.no-grad-results-are-untracked", "backward.gives-vector-jacobian-product"],
)
def factories_exempt(session, value, v, switched):
    with session.no_grad():
        x = session.tensor(value, requires_grad=not switched)
        if switched:
            x.requires_grad_()
        expect_leaf(x, requires_grad=True)
    y = x * x

    y.backward(v.like(y))

    expect_grad(x, 2 * v(x.shape) * value)


@behavior(
    "modes.nesting-restores-previous",
    "Modes nest: the innermost decides, and leaving a block, by an exception too, restores the "
    "mode that held before it.",
    level=CORE,
    sources=[ENABLE_GRAD, NO_GRAD, MODES],
    given={
        "value": arrays((), (2,)),
        "modes": lists(booleans(), 1, 4),
        "fails_below": integers(0, 4),
    },
    requires=["modes.no-grad-results-are-untracked"],
)
def nesting_restores_previous(session, value, modes, fails_below):
    x = session.tensor(value, requires_grad=True)

    _nest(x, modes, True, fails_below)


@behavior(
    "modes.no-grad-in-place-on-leaf",
    "With recording off a tracked leaf may be written to: it stays a tracked leaf with its "
    "gradient, so that descent by hand works step after step.",
    level=CORE,
    sources=[MODES, NO_GRAD],
    given={
        "value": arrays((), (2,), (2, 2)),
        "v": cotangents(),
        "steps": integers(1, 2),
        "route": sampled("direct", "index"),
    },
    requires=[
        "accumulation.setting-none-restarts-with-fresh-tensor",
        "modes.no-grad-results-are-untracked",
        "inplace.intermediate-allowed-and-differentiated",
    ],
)
def no_grad_in_place_on_leaf(session, value, v, steps, route):
    x = session.tensor(value, requires_grad=True)
    for _ in range(steps):
        before = x.true_value
        loss = x * x
        loss.backward(v.like(loss))
        gradient = 2 * v(x.shape) * before
        with session.no_grad():
            step = x.grad * -0.25
            if route == "index":
                x[()] = x + step
            else:
                x.add_(step)

        expect_value(x, before - gradient / 4)
        expect_leaf(x, requires_grad=True)
        expect_grad(x, gradient)
        x.grad = None


@behavior(
    "backward.ignores-ambient-grad-mode",
    "A pass gives the same gradients whether recording is on or off around it, and is itself "
    "recorded when asked to be.",
    level=CORE,
    sources=[doc("torch.autograd.backward"), NO_GRAD],
    given={
        "program": programs(bits=7, exclude=("concat",)),
        "v": cotangents(),
        "mode": sampled("plain", "off", "on"),
        "differentiable": booleans(),
    },
    requires=["modes.no-grad-results-are-untracked", "grad.never-touches-leaf-grad"],
)
def ignores_ambient_grad_mode(session, program, v, mode, differentiable):
    leaves = session.leaves(program)
    y = keeping(program(*leaves))
    around = {"plain": nullcontext, "off": session.no_grad, "on": session.enable_grad}[mode]
    if not (differentiable and session.adapter.can("gradients.create_graph")):
        with around():
            y.backward(v.like(y))
        for x in used(y, leaves):
            expect_grad(x, vjp_of(y, x, v(y.shape)))
        return

    with around():
        (gradient, *_) = session.gradients([y], used(y, leaves), [v.like(y)], create_graph=True)

    expect_result(gradient)
    expect_value(gradient, vjp_of(y, used(y, leaves)[0], v(y.shape)))


class _LeftEarlyError(Exception):
    """Leaves blocks the hard way."""


def _nest(x, modes, recording, fails_below):
    """A block inside a block for each mode; checks what is recorded before, inside and after."""
    expect_state(x * x, requires_grad=recording)
    if not modes:
        return
    session = x.session
    block = session.enable_grad() if modes[0] else session.no_grad()
    try:
        with block:
            _nest(x, modes[1:], modes[0], fails_below)
            if len(modes) <= fails_below:
                raise _LeftEarlyError
    except _LeftEarlyError:
        pass
    expect_state(x * x, requires_grad=recording)
