"""Grad modes: contexts in which operations are recorded or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.adapter import Adapter
from conformance.trace import PASSING_THROUGH, Instruction

if TYPE_CHECKING:
    from conformance.session import Session

T = TypeVar("T")


class Modes:
    """Whether operations are recorded now, to be restored where an engine leaves it off."""

    __slots__ = ("_adapter", "_entered", "_recording")

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._entered: list[Any] = []
        self._recording = self._reads(True)

    def restore(self) -> None:
        """Switch recording on again, if it was on before and is no longer."""
        if self._recording and self._reads(False):
            with suppress(Exception):
                self._entered.append(self._adapter["enable_grad"]())
                self._entered[-1].__enter__()

    def _reads(self, flag: bool) -> bool:
        """Whether the engine can be put back, and says that the mode is this."""
        if not self._adapter.can("grad_enabled", "enable_grad"):
            return False
        try:
            return self._adapter["grad_enabled"]() is flag
        except Exception:
            return False


def no_grad(session: Session) -> AbstractContextManager[None]:
    """Record nothing inside; the mode on entry is restored on leaving."""
    return _mode(session, "no_grad", recording=False)


def enable_grad(session: Session) -> AbstractContextManager[None]:
    """Record inside, also within a block that does not."""
    return _mode(session, "enable_grad", recording=True)


def recorded_elsewhere(session: Session, compute: Callable[[], T]) -> T:
    """What is computed in a thread of its own, whose mode is that of a new thread."""
    start, before = len(session.trace), session.ledger.recording
    session.ledger.recording = True
    try:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(compute).result()
    finally:
        session.ledger.recording = before
        for instruction in session.trace[start:]:
            instruction.elsewhere = True


@contextmanager
def _mode(session: Session, name: str, *, recording: bool) -> Iterator[None]:
    manager = session.call(name, (), shown=())
    session.trace[-1].block = True
    before, session.ledger.recording = session.ledger.recording, recording
    early = False
    try:
        with manager:
            try:
                yield
            except BaseException as error:
                early = not isinstance(error, PASSING_THROUGH)
                raise
    finally:
        session.ledger.recording = before
        session.trace.append(Instruction("end", (), raises=early))
