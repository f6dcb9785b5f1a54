"""The first wrong step: a diverging example once more, with a look at everything after each step.

Behaviors look at what they promise when they are done; the cause may lie several steps back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.adapter import Adapter
from conformance.failure import listing
from conformance.frame import check_frame
from conformance.modes import Modes
from conformance.session import Session
from conformance.trace import Divergence
from conformance.var import Var


class SteppedSession(Session):
    """A session that compares every tensor with the ledger before it says the next phrase."""

    def __init__(self, adapter: Adapter, dtype: str = "float64") -> None:
        super().__init__(adapter, dtype)
        self._speaking = False

    def call(self, name: str, arguments: tuple[Any, ...], *, shown: tuple[Any, ...]) -> Any:
        """Say a phrase; what hooks say meanwhile is part of it."""
        if self._speaking:
            return super().call(name, arguments, shown=shown)
        if self.trace and not self.expecting:
            check_frame(self)
        self._speaking = True
        try:
            return super().call(name, arguments, shown=shown)
        finally:
            self._speaking = False


def first_wrong_step(run: Callable[[Session], None], adapter: Adapter, dtype: str) -> str:
    """The step after which something is not as predicted, and what; empty if none is found.

    Args:
        run: plays the example on a session.
        adapter: the engine.
        dtype: the floating dtype that leaves are made in.
    """
    session, modes = SteppedSession(adapter, dtype), Modes(adapter)
    try:
        run(session)
    except Divergence as divergence:
        return _told(session, divergence)
    except Exception:
        return ""
    finally:
        modes.restore()
    return ""


def _told(session: Session, divergence: Divergence) -> str:
    names: dict[int, str] = {}
    steps = listing(session.trace, session.dtype, names).splitlines()
    read = divergence.check.arguments[:1] if divergence.check else ()
    found = [names[x.index] for x in read if isinstance(x, Var) and x.index in names]
    what = f"{divergence.message}, of {found[0]}" if found else divergence.message
    return f"step {len(steps)}, {steps[-1].strip()}: {what}" if steps else ""
