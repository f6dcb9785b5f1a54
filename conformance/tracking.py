"""Switching a leaf's tracking: the method, what it gives, and the attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.session import Session
    from conformance.var import Var


def switch(session: Session, x: Var, flag: bool) -> Var:
    """Switch tracking of a leaf by the method; gives ``x`` itself."""
    session.call("set_requires_grad", (x.handle, flag), shown=(x, flag))
    session.ledger.track(x.entry, flag)
    return x


def switched(session: Session, x: Var, flag: bool) -> Var:
    """Switch tracking of a leaf by the method; gives what the engine gave."""
    handle = session.call("set_requires_grad", (x.handle, flag), shown=(x, flag))
    session.ledger.track(x.entry, flag)
    return session.adopt(handle, x.entry)


def detach_in_place(session: Session, x: Var) -> Var:
    """Cut ``x`` itself off its history; gives what the engine gave."""
    handle = session.call("detach_in_place", (x.handle,), shown=(x,))
    session.ledger.detach_in_place(x.entry)
    return session.adopt(handle, x.entry)


def assign(session: Session, x: Var, flag: bool) -> None:
    """Switch tracking of a leaf by assigning to the flag."""
    session.call("assign_requires_grad", (x.handle, flag), shown=(x, flag))
    session.ledger.track(x.entry, flag)
