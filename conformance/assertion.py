"""The last lines of a reproduction: the comparison that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.naming import literal
from conformance.phrase import render
from conformance.trace import Check

if TYPE_CHECKING:
    from conformance.script import Writer

_FUNCTIONS = ("vjp", "jvp", "jacobian", "hessian")


def assertion_lines(writer: Writer, check: Check | None) -> list[str]:
    """The assertion that a right engine passes and this one does not; none without a check."""
    if check is None:
        return []
    if isinstance(check.expected, bool):
        text = _observed(writer, check.observed, check.arguments)
        return [f"assert {text}" if check.expected else f"assert not {text}"]
    if check.expected is None:
        text = _observed(writer, "grad", check.arguments)
        return [f"assert {text} is None, {text}"]
    if check.observed.endswith("_dtype"):
        text = _observed(writer, check.observed.removesuffix("_dtype"), check.arguments)
        return [f"assert {text}.dtype == {str(check.expected)!r}, {text}.dtype"]
    return _numbers(writer, check)


def _numbers(writer: Writer, check: Check) -> list[str]:
    actual = _observed(writer, check.observed, check.arguments)
    expected = np.asarray(check.expected)
    if writer.adapter.max_ndim == 0:
        number = float(expected)
        if check.tolerance:
            return [f"assert abs({actual} - {number}) <= {check.tolerance:.3g}, {actual}"]
        return [f"assert {actual} == {number}, {actual}"]
    shown = f"np.array({literal(expected)}, dtype={_dtype(check)!r})"
    if check.tolerance:
        return [
            f"np.testing.assert_allclose({actual}, {shown}, rtol=0, atol={check.tolerance:.3g})"
        ]
    return [f"np.testing.assert_array_equal({actual}, {shown}, strict=True)"]


def _dtype(check: Check) -> str:
    x = check.arguments[0]
    entry = getattr(x, "entry", None)
    if entry is None:
        primals = check.arguments[1]
        entry = (primals[0] if isinstance(primals, list) else primals).entry
    return str(entry.dtype)


def _observed(writer: Writer, name: str, arguments: tuple[Any, ...]) -> str:
    if name in _FUNCTIONS:
        position = arguments[-1]
        result = "result" if position is None else f"result[{position}]"
        return _say(writer, "value", result)
    return _say(writer, name, writer.name(arguments[0]))


def _say(writer: Writer, name: str, x: str) -> str:
    text = writer.adapter.text(name)
    assert text is not None
    return writer.engine(render(text, {"x": x}))
