"""What behaviors state beyond the frame condition: explicit expectations that read as promises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.entries import HookRecord
from conformance.frame import (
    check_empty,
    check_flag,
    check_hook,
    check_numbers,
    missing,
    slot_content,
    slot_value,
)
from conformance.kernels import Array
from conformance.nodes import Node
from conformance.program import Program
from conformance.trace import Check, Divergence
from conformance.var import Var

if TYPE_CHECKING:
    from conformance.hooking import Registration
    from conformance.session import Session


def expect_value(x: Var, expected: Any) -> None:
    """The tensor holds these numbers."""
    read = x.session.observe("value", x.handle)
    check_numbers(x.session, "value", (x,), read, _node(expected), x.entry.dtype)


def expect_grad(x: Var, expected: Any) -> None:
    """The gradient slot holds these numbers, or is empty if None is expected."""
    session = x.session
    if expected is None:
        check_empty(session, x)
        return
    node = _node(expected)
    # An adapter may word the slot and its numbers apart: both must show the gradient.
    if slot_content(session, x) is None or (read := slot_value(session, x)) is None:
        raise missing(x, node.value)
    check_numbers(session, "slot_value", (x,), read, node, x.entry.dtype)


def expect_grads(leaves: Iterable[Var], expected: Sequence[Array | None]) -> None:
    """Each leaf's slot holds its expected gradient; None means empty."""
    for leaf, gradient in zip(leaves, expected, strict=True):
        expect_grad(leaf, gradient)


def expect_tracked_grads(
    program: Program, leaves: Sequence[Var], expected: Sequence[Array | Node | None]
) -> None:
    """The leaves that a program tracks hold their gradients; one is given for every leaf."""
    for position in program.tracked:
        expect_grad(leaves[position], expected[position])


def expect_no_grads(program: Program, leaves: Sequence[Var]) -> None:
    """The leaves that a program tracks have empty slots."""
    expect_tracked_grads(program, leaves, [None] * len(leaves))


def expect_leaf(x: Var, *, requires_grad: bool) -> None:
    """The tensor is a leaf without history, tracked or not."""
    expect_state(x, requires_grad=requires_grad, is_leaf=True, has_history=False)


def expect_result(x: Var) -> None:
    """The tensor is a tracked result with history."""
    expect_state(x, requires_grad=True, is_leaf=False, has_history=True)


def expect_state(x: Var, **flags: bool) -> None:
    """The named flags read as given; flags that the engine has no way to read are left out.

    Raises:
        Unsupported: the engine can read none of them.
    """
    session = x.session
    readable = [name for name in flags if session.adapter.can(name)]
    for name in readable or list(flags):
        check_flag(session, name, x, flags[name])


def expect_calls(hook: Registration, expected: Sequence[Array]) -> None:
    """A hook was called once for each of these gradients, in this order."""
    session = hook.x.session
    number = session.hooks.index(hook.record)
    nodes = [Node(np.asarray(gradient)) for gradient in expected]
    wanted = HookRecord(None, calls=hook.calls, expected=nodes)
    check_hook(number, wanted, session.dtype)


def expect_same_object(session: Session, a: Any, b: Any) -> None:
    """Two of the engine's objects are one and the same, as far as the engine can tell."""
    if session.adapter.can("same_object") and not session.observe("same_object", a, b):
        found = [[x for x in session.vars if x.handle is handle][:1] for handle in (a, b)]
        named = tuple(x for group in found for x in group)
        raise Divergence(
            "both are the same object",
            expected="one object",
            actual="two objects",
            check=Check("same_object", named, True) if len(named) == 2 else None,
        )


def _node(expected: Any) -> Node:
    return expected if isinstance(expected, Node) else Node(np.asarray(expected, dtype=float))


def expect(condition: bool, message: str) -> None:
    """Something that is neither a number nor a flag of one tensor holds."""
    if not condition:
        raise Divergence(message, expected=message, actual="it does not hold")
