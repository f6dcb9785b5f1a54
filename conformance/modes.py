"""Grad modes: contexts in which operations are recorded or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from conformance.trace import Instruction

if TYPE_CHECKING:
    from conformance.session import Session


def no_grad(session: Session) -> AbstractContextManager[None]:
    """Record nothing inside; the mode on entry is restored on leaving."""
    return _mode(session, "no_grad", recording=False)


def enable_grad(session: Session) -> AbstractContextManager[None]:
    """Record inside, also within a block that does not."""
    return _mode(session, "enable_grad", recording=True)


@contextmanager
def _mode(session: Session, name: str, *, recording: bool) -> Iterator[None]:
    manager = session.call(name, (), shown=())
    session.trace[-1].block = True
    before, session.ledger.recording = session.ledger.recording, recording
    try:
        with manager:
            yield
    finally:
        session.ledger.recording = before
        session.trace.append(Instruction("end", ()))
