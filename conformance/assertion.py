"""The last lines of a reproduction: the comparison that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.naming import literal, tidy
from conformance.trace import PRESENT, READABLE, Check, Divergence
from conformance.trimming import FUNCTIONS

if TYPE_CHECKING:
    from conformance.writer import Writer

_LONGEST_SIDE = 70


def comment(divergence: Divergence) -> list[str]:
    """What was expected and what came instead, on a line."""
    if not (divergence.expected or divergence.actual):
        return []
    return [f"# expected {_flat(divergence.expected)}, got {_flat(divergence.actual)}"]


def assertion_lines(writer: Writer, divergence: Divergence) -> list[str]:
    """The assertion that a right engine passes and this one does not; none without a check."""
    check = divergence.check
    if check is None:
        return []
    lines = _assertion(writer, check)
    if divergence.actual == "grad is None" and writer.adapter.can("grad"):
        slot = writer.say("grad", {"x": writer.name(check.arguments[0])})
        lines = [f"assert {slot} is not None", *lines]
    return [*comment(divergence), *lines]


def _assertion(writer: Writer, check: Check) -> list[str]:
    expected, base = check.expected, check.observed
    if isinstance(expected, str) and expected == READABLE:
        return [_observed(writer, base, check.arguments)]
    if isinstance(expected, str) and expected == PRESENT:
        return [f"assert {_observed(writer, base, check.arguments)} is not None"]
    if base.endswith("_dtype"):
        text = _observed(writer, check.phrase, check.arguments)
        return [f"assert {text}.dtype == {str(expected)!r}, {text}.dtype"]
    if base.endswith("_shape"):
        text = _observed(writer, check.phrase, check.arguments)
        return [f"assert np.shape({text}) == {expected}, np.shape({text})"]
    if expected is None:
        return [_emptiness(writer, check)]
    text = _observed(writer, base, check.arguments)
    if isinstance(expected, bool):
        return [f"assert {tidy(text if expected else f'not ({text})')}"]
    if isinstance(expected, int):
        return [f"assert {text} == {expected}, {text}"]
    return [_numbers(text, np.asarray(expected), check.tolerance, writer.adapter.max_ndim == 0)]


def _emptiness(writer: Writer, check: Check) -> str:
    """That a slot, or a result, is empty."""
    adapter = writer.adapter
    if check.observed == "grad" and not adapter.can("grad"):
        text = _observed(writer, "slot_value", check.arguments)
        return f"assert {text} == {adapter.empty_slot}, {text}"
    text = _observed(writer, check.observed, check.arguments)
    return f"assert {text} is None, {text}"


def _numbers(text: str, expected: Any, tolerance: Any, scalar: bool) -> str:
    if scalar or expected.ndim == 0:
        number = literal(float(expected))
        if np.any(tolerance):
            return f"assert abs({text} - {number}) <= {_bound(np.max(tolerance))}, {text}"
        return f"assert {text} == {number}, {text}"
    if np.ndim(tolerance):
        bounds = ", ".join(map(_bound, np.ravel(tolerance)))
        numbers = literal(np.ravel(expected))
        return f"assert np.all(abs(np.ravel({text}) - {numbers}) <= [{bounds}])"
    if tolerance:
        return f"assert np.allclose({text}, {literal(expected)}, rtol=0, atol={_bound(tolerance)})"
    return f"assert np.array_equal({text}, {literal(expected)})"


def _bound(tolerance: float) -> str:
    """A tolerance in three digits, and no smaller."""
    return f"{1.01 * float(tolerance):.3g}"


def _observed(writer: Writer, name: str, arguments: tuple[Any, ...]) -> str:
    """The expression for what was looked at."""
    if name == "hook_calls":
        return f"len({writer.names.free('calls')})"
    if name == "hook_call":
        return f"{writer.names.free('calls')}[{arguments[1]}]"
    result = writer.names.free("result")
    if name == "count":
        return f"len({result})"
    if name == "entry":
        return f"{result}[{arguments[0]}]"
    if name in FUNCTIONS:
        position = arguments[-1]
        places = position if isinstance(position, tuple) else (position,)
        inside = "".join(f"[{at}]" for at in places if at is not None)
        return writer.say("value", {"x": f"{result}{inside}"})
    slots = zip(("x", "y"), map(writer.name, arguments), strict=False)
    return writer.say(name, dict(slots))


def _flat(text: str) -> str:
    """The text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SIDE else f"{line[:_LONGEST_SIDE]}…"
