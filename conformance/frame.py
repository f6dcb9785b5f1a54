"""The frame condition: whatever a behavior did not mention is as the ledger says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.entries import UNKNOWN, Entry, HookRecord
from conformance.judge import Verdict, as_array, judge
from conformance.kernels import Array
from conformance.nodes import Node
from conformance.trace import AdapterFault, Check, Divergence

if TYPE_CHECKING:
    from conformance.session import Session
    from conformance.var import Var

_FLAGS = {"requires_grad": "tracked", "is_leaf": "leaf"}
_DTYPES = {name: np.dtype(name) for name in ("float64", "float32", "float16", "int64", "bool")}


def check_frame(session: Session) -> None:
    """Compare every tensor's values, flags and gradient, and every hook's calls, with the ledger.

    Raises:
        Divergence: the first thing that is not as predicted.
    """
    adapter = session.adapter
    flags = [(name, field) for name, field in _FLAGS.items() if adapter.can(name)]
    grads = adapter.can("slot_value")
    for x in session.vars:
        if not x.watched:
            continue
        entry = x.entry
        node = entry.node  # brings the entry up to date with its history
        if entry.history.storage.known:
            read = session.observe("value", x.handle)
            _check_array(session, "value", (x,), read, node, entry.dtype)
        if entry.flags_known:
            for name, field in flags:
                check_flag(session, name, x, getattr(entry, field))
        if grads and (entry.retains or (entry.leaf and entry.flags_known)):
            check_slot(session, x)
    for number, record in enumerate(session.hooks):
        if record.certain:
            check_hook(number, record, session.dtype)


def check_flag(session: Session, name: str, x: Var, expected: bool) -> None:
    """A flag reads as expected."""
    actual = session.observe(name, x.handle)
    if actual is not expected and bool(actual) != expected:
        raise Divergence(
            f"{name} is {not expected}, not {expected}",
            expected=f"{name} = {expected}",
            actual=f"{name} = {not expected}",
            check=Check(name, (x,), expected),
        )


def slot_content(session: Session, x: Var) -> Any:
    """What the gradient slot holds: its tensor, or its number where slots hold no tensors."""
    return session.observe("grad" if session.adapter.can("grad") else "slot_value", x.handle)


def check_slot(session: Session, x: Var) -> Any:
    """The gradient slot is empty, or holds the gradient the ledger says.

    Returns:
        What was read off the slot; None where it is empty or nothing is predicted.
    """
    slot = x.entry.grad
    if slot is UNKNOWN:
        return None
    if slot is None:
        check_empty(session, x)
        return None
    assert isinstance(slot, Entry)
    read = slot_value(session, x)
    if read is not None:
        _check_array(session, "slot_value", (x,), read, slot.node, slot.dtype)
    elif not slot.optional:
        raise missing(x, slot.value)
    return read


def check_empty(session: Session, x: Var) -> None:
    """The gradient slot holds nothing."""
    grad = slot_content(session, x)
    if grad is not None and not session.adapter.is_empty_slot(grad):
        raise Divergence(
            "the gradient slot should be empty",
            expected="grad is None",
            actual=f"grad = {_shown(as_array(session.observe('slot_value', x.handle)))}",
            check=Check("grad", (x,), None),
        )


def missing(x: Var, expected: Array) -> Divergence:
    """The divergence of a slot that is empty although it should hold these numbers."""
    return Divergence(
        "the gradient slot is empty",
        expected=f"grad = {_shown(expected)}",
        actual="grad is None",
        check=Check("slot_value", (x,), expected),
    )


def slot_value(session: Session, x: Var) -> Any:
    """The numbers in the gradient slot, None if it is empty."""
    try:
        return session.observe("slot_value", x.handle)
    except Divergence:
        if slot_content(session, x) is None:
            return None
        raise


def check_numbers(
    session: Session, name: str, arguments: tuple[Any, ...], actual: Any, expected: Node, dtype: str
) -> None:
    """Something read off the engine has the expected numbers."""
    try:
        array = as_array(actual)
    except TypeError as error:
        raise AdapterFault(str(error)) from error
    verdict = judge(array, expected, dtype)
    if not verdict.right:
        label = {"slot_value": "grad", "value": "the value"}.get(name, name)
        raise Divergence(
            f"{label} is wrong" + (f" ({verdict.remark})" if verdict.remark else ""),
            expected=_shown(expected.value),
            actual=_shown(array),
            check=_compared(name, arguments, array, expected, verdict),
        )


def _compared(
    name: str, arguments: tuple[Any, ...], actual: Array, expected: Node, verdict: Verdict
) -> Check:
    """The comparison that failed: that of the shapes before that of the numbers."""
    if actual.shape != expected.value.shape:
        return Check(f"{name}_shape", arguments, expected.value.shape)
    return Check(name, arguments, expected.value, verdict.tolerance)


def _check_array(
    session: Session, name: str, arguments: tuple[Any, ...], actual: Any, expected: Node, dtype: str
) -> None:
    check_numbers(session, name, arguments, actual, expected, dtype)
    if isinstance(actual, np.ndarray) and actual.dtype != _DTYPES.get(dtype, actual.dtype):
        raise Divergence(
            f"{'grad' if name == 'slot_value' else 'the value'} has dtype {actual.dtype.name}",
            expected=dtype,
            actual=actual.dtype.name,
            check=Check(f"{name}_dtype", arguments, np.array(dtype)),
        )


def check_hook(number: int, record: HookRecord, dtype: str) -> None:
    """A hook, the session's ``number``-th, was called as often and with what the ledger says."""
    if len(record.calls) != len(record.expected):
        raise Divergence(
            f"a hook was called {len(record.calls)} times, not {len(record.expected)}",
            expected=f"{len(record.expected)} calls",
            actual=f"{len(record.calls)} calls",
            check=Check("hook_calls", (number,), len(record.expected)),
        )
    for at, (call, expected) in enumerate(zip(record.calls, record.expected, strict=True)):
        verdict = judge(call, expected, dtype)
        if not verdict.right:
            raise Divergence(
                "a hook was given a wrong gradient",
                expected=_shown(expected.value),
                actual=_shown(call),
                check=_compared("hook_call", (number, at), call, expected, verdict),
            )


def _shown(array: Any) -> str:
    return np.array2string(np.asarray(array), separator=", ", threshold=40)
