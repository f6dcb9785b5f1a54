"""How a verdict reads in pytest: the outcome of its report, and what a divergence prints.

A result travels on its report as one JSON string, which is how it comes back from xdist's workers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr

from .behavior import Behavior
from .five_parts import five_parts, headline, named
from .gate import FAILING
from .results import Result, Verdict

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter

__all__ = ["SKIPPED", "Divergence", "carried", "fault", "settle"]

_CARRIER = "conformance_result"
SKIPPED = (Verdict.UNSUPPORTED, Verdict.BLOCKED)


def settle(report: pytest.TestReport, result: Result, replay: str) -> None:
    """Give a report the outcome that its verdict has, with the reason where pytest shows one."""
    setattr(report, _CARRIER, json.dumps(result.to_json()))
    if result.verdict in SKIPPED:
        report.outcome = "skipped"
        path, line, _ = report.location
        report.longrepr = (path, (line or 0) + 1, named(result))
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
    """A broken promise as pytest prints it, in its five parts."""

    def __init__(self, result: Result, location: tuple[str, int | None, str], replay: str) -> None:
        self.parts = five_parts(result, replay)
        path, line, _ = location
        self.reprcrash = ReprFileLocation(path, (line or 0) + 1, headline(result))

    def toterminal(self, out: TerminalWriter) -> None:
        """Write each part under its title."""
        for place, part in enumerate(self.parts):
            if place:
                out.line()
            out.line(f"{part.title}:", bold=True)
            markup = {part.color: True} if part.color else {}
            for line in part.text.splitlines():
                out.line(f"    {line}", **markup)
