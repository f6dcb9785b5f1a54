"""Life of hooks: when they are registered and removed, and which passes they see."""

from __future__ import annotations

from conformance.behavior import CORE, EXTENDED, behavior, doc, note
from conformance.expect import (
    expect,
    expect_calls,
    expect_grad,
    expect_no_grads,
    expect_result,
    expect_tracked_grads,
    expect_value,
)
from conformance.strategies import arrays, booleans, cotangents, integers, lists, programs, sampled
from conformance.truth import gradients

REGISTER = doc("torch.Tensor.register_hook")
FIRING = note("autograd", "whether-a-particular-hook-will-be-fired")

FACTORS = (2.0, -1.0, 3.0)
SHAPES = ((2,), (), (3,), (2, 2), (1,), (0,))


@behavior(
    "hooks.removal",
    "Removing a registration stops that hook only, at any time before the pass, and may be "
    "repeated.",
    level=CORE,
    sources=[REGISTER],
    given={
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "count": integers(1, 3),
        "which": integers(0, 2),
        "late": booleans(),
        "twice": booleans(),
    },
    requires=[
        "hooks.chain-in-registration-order",
        "accumulation.setting-none-restarts-with-fresh-tensor",
    ],
)
def removal(session, value, v, count, which, late, twice):
    x = session.tensor(value, requires_grad=True)
    factors = [number + 2.0 for number in range(count)]
    hooks = [x.register_hook(factor) for factor in factors]
    y = x * 2.0
    if late:
        y.backward(v.like(y))
        x.grad = None
        y = x * 2.0
    for _ in range(1 + twice):
        hooks[which % count]()
    y.backward(v.like(y))

    kept = 1.0
    for number, factor in enumerate(factors):
        kept *= 1.0 if number == which % count else factor
    expect(len(hooks[which % count].calls) == late, "a removed hook is not called")
    expect_grad(x, 2.0 * kept * v(y.shape))


@behavior(
    "hooks.same-function-registered-twice-runs-twice",
    "Registering the very same function again makes it run once more, and each registration is "
    "removed by itself.",
    level=EXTENDED,
    sources=[REGISTER],
    given={"value": arrays(*SHAPES), "v": cotangents(), "times": integers(2, 4)},
    requires=["hooks.removal"],
)
def same_function_twice(session, value, v, times):
    x = session.tensor(value, requires_grad=True)
    first = x.register_hook(2.0)
    last = [first.again() for _ in range(times - 1)][-1]
    y = x * 3.0
    y.backward(v.like(y))
    expect_grad(x, 2.0**times * 3.0 * v(y.shape))

    x.grad = None
    last()
    y = x * 3.0
    y.backward(v.like(y))
    expect_grad(x, 2.0 ** (times - 1) * 3.0 * v(y.shape))


@behavior(
    "hooks.persist-across-backwards",
    "A hook stays for every later pass; a leaf's also sees graphs that are built later, an "
    "intermediate's belongs to its own graph.",
    level=CORE,
    sources=[REGISTER],
    given={"program": programs(bits=10), "v": cotangents(), "passes": integers(1, 3)},
    requires=["hooks.total-gradient-once-per-backward", "graph.retain-allows-repeats"],
)
def persist(session, program, v, passes):
    leaves = session.leaves(program)
    u = program(*leaves)
    on_leaf, on_result = leaves[0].register_hook(), u.register_hook()
    y = u * 2.0
    for _ in range(passes):
        y.backward(v.like(y), retain_graph=True)
    fresh = program(*leaves) * 2.0
    fresh.backward(v.like(fresh))

    expect_calls(on_result, [2.0 * v(y.shape)] * passes)
    reached = gradients(program, 2.0 * v(y.shape))[0]
    expect_calls(on_leaf, [] if reached is None else [reached.value] * (passes + 1))


@behavior(
    "hooks.may-be-added-after-the-graph-is-built",
    "Hooks registered between the forward computation and the backward pass take effect, those of "
    "results before those of what they were computed from.",
    level=CORE,
    sources=[REGISTER, FIRING],
    given={"value": arrays(*SHAPES), "v": cotangents(), "leaf_first": booleans()},
    requires=["hooks.tensor-hook-replaces-grad"],
)
def added_after_the_graph_is_built(session, value, v, leaf_first):
    x = session.tensor(value, requires_grad=True)
    u = x * 2.0
    y = u * 3.0
    order = []
    for tensor in (x, u) if leaf_first else (u, x):
        tensor.register_hook(2.0, 1.0, during=lambda t=tensor: order.append(t))
    y.backward(v.like(y))

    expect(order == [u, x], "the result's hook runs before the leaf's")
    expect_grad(x, 2.0 * (2.0 * (2.0 * 3.0 * v(y.shape) + 1.0)) + 1.0)


@behavior(
    "hooks.need-a-tracked-tensor",
    "Registering a hook on a tensor that needs no gradient is refused.",
    level=CORE,
    sources=[REGISTER],
    given={"value": arrays(*SHAPES), "kind": sampled("constant", "detached", "unrecorded")},
    requires=["detach.result-is-untracked-leaf", "modes.no-grad-results-are-untracked"],
)
def need_a_tracked_tensor(session, value, kind):
    if kind == "constant":
        u = session.tensor(value)
    elif kind == "detached":
        u = (session.tensor(value, requires_grad=True) * 2.0).detach()
    else:
        x = session.tensor(value, requires_grad=True)
        with session.no_grad():
            u = x * 2.0

    with session.raises("the tensor needs no gradient"):
        u.register_hook(2.0)


@behavior(
    "hooks.exception-aborts-backward",
    "An exception raised in a hook leaves the pass with its own type and the guarded leaf without "
    "a gradient; everything works afterwards, and a retained graph can be tried again.",
    level=CORE,
    sources=[FIRING],
    given={
        "program": programs(bits=10),
        "value": arrays(*SHAPES),
        "v": cotangents(),
        "error": sampled(LookupError, ArithmeticError, ValueError),
        "on_leaf": booleans(),
    },
    requires=["hooks.total-gradient-once-per-backward", "graph.retain-allows-repeats"],
)
def exception_aborts_backward(session, program, value, v, error, on_leaf):
    x = session.tensor(value, requires_grad=True)
    u = x * 2.0
    y = u * 3.0 + x

    (x if on_leaf else u).register_hook(error=error)
    with session.raises("a hook raised", error):
        y.backward(v.like(y), retain_graph=True)
    expect_grad(x, None)

    leaves = session.leaves(program)
    other = program(*leaves)
    expect_result(other)
    other.backward(v.like(other))
    expect_tracked_grads(program, leaves, gradients(program, v(other.shape)))
    y.backward(v.like(y))
    expect_grad(x, 7.0 * v(y.shape))


@behavior(
    "hooks.apply-to-functional-grad",
    "The functional form gives a tensor's gradient as its own hooks, and those on the way to it, "
    "leave it; no slot is written.",
    level=CORE,
    sources=[FIRING, doc("torch.autograd.grad")],
    given={
        "program": programs(bits=8),
        "v": cotangents(),
        "factors": lists(sampled(*FACTORS), 3, 3),
        "ask_leaf": booleans(),
    },
    requires=[
        "hooks.tensor-hook-replaces-grad",
        "grad.never-touches-leaf-grad",
        "inputs.restrict-accumulation",
    ],
)
def apply_to_functional_grad(session, program, v, factors, ask_leaf):
    leaves = session.leaves(program)
    u = program(*leaves)
    w = u * 2.0
    y = w * 3.0
    for tensor, factor in zip((leaves[0], u, w), factors, strict=True):
        tensor.register_hook(factor)
    asked = leaves[0] if ask_leaf else u
    (gradient,) = session.gradients([y], [asked], [v.like(y)], allow_unused=True)

    at_result = 6.0 * factors[1] * factors[2] * v(y.shape)
    if not ask_leaf:
        expect_value(gradient, at_result)
    elif gradient is not None:
        expect_value(gradient, gradients(program, factors[0] * at_result)[0])
    expect_no_grads(program, leaves)


@behavior(
    "hooks.silent-off-the-requested-path",
    "A hook does not run in a pass that does not need its tensor's gradient: not for inputs that "
    "were not asked for, nor for branches that the root does not depend on.",
    level=CORE,
    sources=[FIRING],
    given={"value": arrays(*SHAPES), "v": cotangents(), "ask_first": booleans()},
    requires=[
        "hooks.total-gradient-once-per-backward",
        "grad.never-touches-leaf-grad",
        "inputs.restrict-accumulation",
    ],
)
def silent_off_the_requested_path(session, value, v, ask_first):
    a, b = (session.tensor(value, requires_grad=True) for _ in range(2))
    branches = [a * 2.0, b * 3.0]
    dead = [a * 5.0, b * 5.0]
    y = branches[0] + branches[1]
    hooks = [[t.register_hook() for t in group] for group in ((a, branches[0]), (b, branches[1]))]
    unreached = [branch.register_hook() for branch in dead]
    asked = 0 if ask_first else 1
    y.backward(v.like(y), inputs=[(a, b)[asked]])

    expect_calls(hooks[asked][0], [(2.0 + asked) * v(y.shape)])
    expect_calls(hooks[asked][1], [v(y.shape)])
    for hook in (*hooks[1 - asked], *unreached):
        expect_calls(hook, [])
