"""What a session did, as data: instructions for replaying, printing and drawing an example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.timeout import TimeLimitError

if TYPE_CHECKING:
    from conformance.var import Var


@dataclass(slots=True)
class Instruction:
    """One phrase said to the engine: its name, its arguments, and the tensors it gave.

    ``block`` marks a phrase that opens a ``with`` block, which an instruction named ``end`` closes;
    an end that ``raises`` is that of a block left by an exception.
    ``raises`` marks one whose refusal was expected; ``refusal`` names the exception, if it is
    another than that of the engine's refusals. ``elsewhere`` marks one said in a thread of its own.
    """

    name: str
    arguments: tuple[Any, ...]
    results: list[Var] = field(default_factory=list)
    block: bool = False
    raises: bool = False
    refusal: str = ""
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class HookSource:
    """A hook as it is shown: gradients become ``factor * g + offset``, or are only observed.

    ``shared`` says that this very function is registered more than once, ``number`` which of the
    session's functions it is, and ``error`` names what it raises the first time it is called.
    """

    factor: float | None
    offset: float = 0.0
    shared: bool = False
    number: int = 0
    error: str = ""

    @property
    def observes(self) -> bool:
        """Whether the hook returns nothing."""
        return self.factor is None and not self.offset


@dataclass(frozen=True, slots=True)
class Check:
    """The comparison that failed: what was read off which tensors, and what it should have been.

    ``observed`` is a phrase, alone or with ``_dtype`` or ``_shape`` behind it, or one of
    ``hook_calls`` (of a hook's number), ``hook_call`` (of a number and a position), ``count`` (of
    what the last instruction gave) and ``entry`` (of its result at a position). ``expected`` is an
    array, a number, a boolean, a shape, None, :data:`PRESENT` for whatever is not None, or
    :data:`READABLE` for whatever does not raise; ``tolerance`` is the largest allowed difference.
    """

    observed: str
    arguments: tuple[Any, ...]
    expected: Any
    tolerance: Any = 0.0

    @property
    def phrase(self) -> str:
        """What was observed, without what of it was compared."""
        return self.observed.removesuffix("_dtype").removesuffix("_shape")


READABLE = "readable"
PRESENT = "present"
_LONGEST_TEXT = 1000


def told(error: BaseException) -> str:
    """The exception's class and text, whatever its text is: printable, and of bounded length."""
    try:
        text = str(error)
    except BaseException as fault:
        text = f"(its text cannot be read: {type(fault).__name__})"
    return printable(f"{type(error).__name__}: {text}".removesuffix(": "))


def printable(text: str) -> str:
    """The text with control characters and lone surrogates escaped, cut where it goes on and on."""
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]}…"
    return escaped(text)


def escaped(text: str) -> str:
    """The text with control characters and lone surrogates escaped; its lines stay lines."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


class Divergence(Exception):  # noqa: N818
    """The engine did not do what was promised.

    ``kind`` says so without particulars, where ``message`` holds some that are more than numbers.
    """

    def __init__(
        self,
        message: str,
        *,
        expected: str = "",
        actual: str = "",
        check: Check | None = None,
        kind: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.actual = actual
        self.check = check
        self.kind = kind


def unexpected(name: str, error: BaseException, check: Check | None = None) -> Divergence:
    """The divergence of an engine that raised although nothing speaks against what was said."""
    actual = told(error)
    return Divergence(
        f"{name} raised {actual}",
        expected="no error",
        actual=actual,
        check=check,
        kind=f"{name} raised {type(error).__name__}",
    )


def miscounted(name: str, results: Any, count: int) -> Divergence:
    """The divergence of a phrase that gave another number of results than it should."""
    try:
        actual = f"{len(results)} results"
    except Exception:
        actual = f"one {type(results).__name__}"
    return Divergence(
        f"{name} gave {actual}, not {count}",
        expected=f"{count} results",
        actual=actual,
        check=Check("count", (), count),
    )


class EngineError(Exception):
    """Carries what the engine raised to whoever expects it to."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(told(error))
        self.error = error


def last_said(trace: Sequence[Instruction]) -> Instruction | None:
    """The last instruction but for the ends of blocks."""
    return next((i for i in reversed(trace) if i.name != "end"), None)


class AdapterFault(Exception):  # noqa: N818
    """An adapter's phrase gave something that the suite cannot read."""


PASSING_THROUGH = (KeyboardInterrupt, MemoryError, TimeLimitError, Divergence, EngineError)
