"""What a session did, as data: instructions for replaying, printing and drawing a failing example."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.kernels import Array

if TYPE_CHECKING:
    from conformance.var import Var


@dataclass(slots=True)
class Instruction:
    """One phrase said to the engine: its name, its arguments, and the tensors it gave.

    ``block`` marks a phrase that opens a ``with`` block, which an instruction named ``end`` closes.
    ``raises`` marks one whose refusal was expected.
    """

    name: str
    arguments: tuple[Any, ...]
    results: list[Var] = field(default_factory=list)
    block: bool = False
    raises: bool = False


@dataclass(frozen=True, slots=True)
class HookSource:
    """A hook as it is shown: each gradient is multiplied by ``factor``, or only observed if None."""

    factor: float | None


@dataclass(frozen=True, slots=True)
class Check:
    """The comparison that failed: what was read off which tensors, and what it should have been.

    ``expected`` is an array, a boolean or None; ``tolerance`` is the largest allowed difference.
    """

    observed: str
    arguments: tuple[Any, ...]
    expected: Array | bool | None
    tolerance: float = 0.0


class Divergence(Exception):  # noqa: N818
    """The engine did not do what was promised."""

    def __init__(
        self, message: str, *, expected: str = "", actual: str = "", check: Check | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.actual = actual
        self.check = check


class EngineError(Exception):
    """Carries what the engine raised to whoever expects it to."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


class AdapterFault(Exception):  # noqa: N818
    """An adapter's phrase gave something that the suite cannot read."""
