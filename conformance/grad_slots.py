"""Gradient slots: reading, assigning and zeroing what a tensor's ``.grad`` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.entries import UNKNOWN, Entry

if TYPE_CHECKING:
    from conformance.session import Session
    from conformance.var import Var


def read(session: Session, x: Var) -> Var | None:
    """The slot's tensor as a variable that later writes are followed through; None if empty."""
    slot = x.entry.grad
    if slot is None or slot is UNKNOWN:
        return None
    assert isinstance(slot, Entry)
    return session.adopt(session.call("grad", (x.handle,), shown=(x,)), slot)


def assign(session: Session, x: Var, value: Var | None) -> None:
    """Put a tensor into the slot, by reference, or empty it."""
    if value is None:
        session.call("clear_grad", (x.handle,), shown=(x,))
        x.entry.grad = None
        return
    session.call("set_grad", (x.handle, value.handle), shown=(x, value))
    x.entry.grad = value.entry


def zero(session: Session, x: Var) -> None:
    """Fill the slot's tensor with zeros, in place."""
    session.call("zero_grad", (x.handle,), shown=(x,))
    if isinstance(x.entry.grad, Entry):
        session.ledger.write_op("zero_", [x.entry.grad], ())
