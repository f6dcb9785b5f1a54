"""How a verdict reads in pytest: the outcome of its report, and the text of a divergence.

A result travels on its report as one JSON string, which is how it comes back from xdist's workers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr

from .behavior import Behavior
from .gate import FAILING
from .results import Result, Verdict

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter

__all__ = ["Divergence", "carried", "fault", "settle"]

_CARRIER = "conformance_result"
_SKIPPED = (Verdict.UNSUPPORTED, Verdict.BLOCKED)


def settle(report: pytest.TestReport, result: Result, replay: str) -> None:
    """Give a report the outcome that its verdict has, with the reason where pytest shows one."""
    setattr(report, _CARRIER, json.dumps(result.to_json()))
    if result.verdict in _SKIPPED:
        report.outcome = "skipped"
        path, line, _ = report.location
        report.longrepr = (path, (line or 0) + 1, _named(result))
    elif result.verdict is Verdict.EXPECTED_FAILURE:
        report.outcome = "skipped"
        report.longrepr = result.reason
        report.wasxfail = result.reason
    elif result.verdict.breaks_the_gate:
        report.outcome = "failed"
        report.longrepr = Divergence(result, report.location, replay)
    else:
        report.outcome = "passed"
        report.longrepr = None


def carried(report: pytest.TestReport) -> Result | None:
    """The result on a report, if it is the report of a trial."""
    text = getattr(report, _CARRIER, None)
    return None if text is None else Result.from_json(json.loads(text))


def fault(behavior: Behavior, dtype: str, verdict: Verdict, reason: str) -> Result:
    """A result for a trial that could not give one itself."""
    return Result(
        behavior=behavior.id,
        level=behavior.level.value,
        area=behavior.area,
        dtype=dtype,
        verdict=verdict,
        examples=0,
        seconds=0.0,
        statement=behavior.statement,
        sources=tuple((source.title, source.url) for source in behavior.sources),
        reason=reason,
        signature=verdict.value if verdict in FAILING else "",
    )


class Divergence(TerminalRepr):
    """A broken promise in five parts: the promise, what it asks, what came, a script, a command."""

    def __init__(self, result: Result, location: tuple[str, int | None, str], replay: str) -> None:
        self.parts = _parts(result, replay)
        path, line, _ = location
        headline = " ".join(_headline(result).split())
        self.reprcrash = ReprFileLocation(path, (line or 0) + 1, headline)

    def toterminal(self, out: TerminalWriter) -> None:
        """Write each part under its title."""
        for place, (title, text, markup) in enumerate(self.parts):
            if place:
                out.line()
            out.line(f"{title}:", bold=True)
            for line in text.splitlines():
                out.line(f"    {line}", **markup)


def _parts(result: Result, replay: str) -> list[tuple[str, str, dict[str, bool]]]:
    """Title, text and markup of each part of a divergence."""
    pages = "".join(f"\n{title}: {url}" for title, url in result.sources)
    expected, actual, script = _account(result)
    parts: list[tuple[str, str, dict[str, bool]]] = [
        ("Promise", result.statement + pages, {}),
        ("Expected", expected, {"green": True}),
        ("Actual", actual, {"red": True}),
        ("First wrong step", result.failure.first_wrong if result.failure else "", {}),
        ("Reproduce", script, {}),
        ("Replay", replay, {}),
    ]
    return [part for part in parts if part[1]]


def _account(result: Result) -> tuple[str, str, str]:
    """What was expected, what came instead, and a script that shows it where there is one."""
    failure = result.failure
    if result.verdict is Verdict.UNEXPECTED_PASS:
        return (
            result.reason,
            "the behavior conforms; remove its entry from the expectations",
            "",
        )
    if failure is None:
        return "the behavior is tried to its end", _named(result), ""
    script = failure.repro or failure.program
    if failure.repro and not failure.verified:
        script = f"# not verified: this script did not fail the same way on its own\n{script}"
    message = "" if result.reason.startswith(failure.message) else failure.message
    said = (failure.actual, message, result.reason)
    actual = "\n".join(dict.fromkeys(text for text in said if text))
    return failure.expected, actual, script


def _named(result: Result) -> str:
    """The verdict and its reason."""
    name = result.verdict.value
    return result.reason if result.reason.startswith(name) else f"{name}: {result.reason}"


def _headline(result: Result) -> str:
    """One line for pytest's summary."""
    if result.verdict is Verdict.UNEXPECTED_PASS:
        return f"unexpected pass: {result.reason}"
    return result.reason or result.failure.message if result.failure else _named(result)
