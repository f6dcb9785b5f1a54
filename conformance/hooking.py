"""Tensor hooks: registering them on the engine, and noting what they were given."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.entries import HookRecord
from conformance.judge import as_array
from conformance.kernels import Array
from conformance.trace import HookSource

if TYPE_CHECKING:
    from conformance.session import Session
    from conformance.var import Var


class Registration:
    """A hook on a tensor; calling it removes the hook, as often as one likes."""

    __slots__ = ("active", "function", "handle", "instruction", "record", "x")

    def __init__(
        self, x: Var, record: HookRecord, function: Callable[[Any], Any], error: str = ""
    ) -> None:
        session, self.x, self.record, self.function = x.session, x, record, function
        shared = record in session.hooks
        number = session.hooks.index(record) if shared else len(session.hooks)
        source = HookSource(record.factor, record.offset, shared, number, error)
        self.handle = session.call("hook", (x.handle, function), shown=(x, source))
        self.instruction = session.trace[-1]
        self.active = True
        if not shared:
            session.hooks.append(record)
        session.ledger.hooks.setdefault(x.entry.source.id, []).append(record)

    @property
    def calls(self) -> list[Array]:
        """The gradients that the engine gave the hook so far."""
        return self.record.calls

    def __call__(self) -> None:
        """Remove this registration."""
        session = self.x.session
        session.call("remove_hook", (self.handle,), shown=(self.instruction,))
        if self.active:
            session.ledger.hooks[self.x.entry.source.id].remove(self.record)
        self.active = False

    def again(self) -> Registration:
        """Register the very same function once more."""
        error = self.instruction.arguments[1].error
        return Registration(self.x, self.record, self.function, error)


def hook(
    session: Session,
    x: Var,
    factor: float | None = None,
    offset: float = 0.0,
    during: Callable[[], None] | None = None,
    error: type[Exception] | None = None,
) -> Registration:
    """Register a hook that turns a gradient g into ``factor * g + offset``, or only looks.

    Args:
        session: where the tensor lives.
        x: the tensor.
        factor: what gradients are multiplied by; None leaves them alone.
        offset: what is added to every element.
        during: called each time the hook runs, before it returns.
        error: what it raises the first time it runs.
    """
    record = HookRecord(factor, offset)
    adapter = session.adapter

    def function(gradient: Any) -> Any:
        record.calls.append(as_array(adapter["value"](gradient)).astype(np.float64))
        if error is not None and len(record.calls) == 1:
            raise error("on purpose")
        if during is not None:
            during()
        result = gradient if factor is None else adapter["mul_scalar"](gradient, factor)
        result = adapter["add_scalar"](result, offset) if offset else result
        return None if result is gradient else result

    return Registration(x, record, function, error.__name__ if error else "")
