"""The document as a page shows it: a row for each behavior, and what is set apart, by reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from conformance.results import Node

from .difference import contrast
from .highlight import highlight
from .picture import draw

WORDS = {
    "pass": "pass",
    "fail": "fail",
    "error": "error",
    "crash": "crash",
    "timeout": "timeout",
    "unexpected_pass": "unexpected pass",
    "expected_failure": "expected failure",
    "blocked": "blocked",
    "unsupported": "unsupported",
}
DIVERGING = ("fail", "error", "crash", "timeout", "unexpected_pass")
APART = {
    "unsupported": "The adapter does not implement what these behaviors need. They were not tried.",
    "blocked": "A behavior that these build on is broken. They were not tried.",
    "expected_failure": "Known divergences, each with a reason. They were tried, and did not pass.",
}
SEVERITY = {verdict: rank for rank, verdict in enumerate([*list(WORDS)[1:], "pass"])}
_LONGEST_NOTE = 200
_LARGE_GROWTH_MIB = 64
_PER_DTYPE = ("repro", "replay", "verified")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """A reason, shown once for all the dtypes that share it; long ones fold away."""

    verdict: str
    reason: str
    dtypes: str

    @property
    def headline(self) -> str:
        """The last line that says something: in a traceback, the error itself."""
        return self.reason.splitlines()[-1][:_LONGEST_NOTE]

    @property
    def long(self) -> bool:
        """Whether the reason takes more than a line of the page."""
        return self.headline != self.reason


@dataclass(frozen=True, slots=True)
class Script:
    """How to see a failure again in one dtype."""

    dtype: str
    repro: Markup
    replay: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Divergence:
    """One shrunk failure, with a script for each of the dtypes that share it."""

    verdict: str
    dtypes: str
    reason: str
    failure: Json
    expected: Markup
    actual: Markup
    program: Markup
    picture: Markup
    scripts: tuple[Script, ...]

    @property
    def open(self) -> bool:
        """Whether the page shows it unfolded."""
        return self.verdict in DIVERGING


@dataclass(frozen=True, slots=True)
class Row:
    """One behavior, with its result in each dtype."""

    id: str
    statement: str
    level: str
    area: str
    sources: tuple[tuple[str, str], ...]
    verdicts: Mapping[str, str]
    examples: int
    seconds: float
    notes: tuple[Note, ...]
    divergences: tuple[Divergence, ...]
    growth: Mapping[str, float]

    @property
    def memory(self) -> str:
        """By how much the process grew over the examples in each dtype; empty if unmeasured."""
        told = (f"{mib:+.1f} MiB in {dtype}" for dtype, mib in self.growth.items())
        return ", ".join(told)

    @property
    def leaks(self) -> bool:
        """Whether the growth in some dtype is more than an engine should need."""
        return any(mib >= _LARGE_GROWTH_MIB for mib in self.growth.values())

    @property
    def ranks(self) -> dict[str, int]:
        """For each dtype the severity of its verdict, the worst being 0."""
        return {dtype: SEVERITY[verdict] for dtype, verdict in self.verdicts.items()}

    @property
    def broken_how(self) -> str:
        """What went wrong, in a line: the first divergence's message, or else a reason."""
        for one in self.divergences:
            if one.open:
                return str(one.failure["message"]).strip().partition("\n")[0]
        return next((note.headline for note in self.notes if note.verdict in DIVERGING), "")

    @property
    def diverging(self) -> bool:
        """Whether any dtype breaks the gate."""
        return any(verdict in DIVERGING for verdict in self.verdicts.values())


@dataclass(frozen=True, slots=True)
class Group:
    """Behaviors that are set apart for one reason: their ids and the dtypes concerned."""

    verdict: str
    reason: str
    behaviors: tuple[tuple[str, str], ...]


def rows_of(results: Sequence[Json], dtypes: Sequence[str]) -> list[Row]:
    """A row for each behavior in the document's order, its results in the order of ``dtypes``."""
    return [
        _row(sorted(of_one, key=lambda one: dtypes.index(one["dtype"])))
        for _, of_one in groupby(results, key=lambda one: one["behavior"])
    ]


def _row(results: Sequence[Json]) -> Row:
    first = results[0]
    return Row(
        id=first["behavior"],
        statement=first["statement"],
        level=first["level"],
        area=first["area"],
        sources=tuple((title, url) for title, url in first["sources"]),
        verdicts={result["dtype"]: result["verdict"] for result in results},
        examples=sum(result["examples"] for result in results),
        seconds=sum(result["seconds"] for result in results),
        notes=tuple(_notes(results)),
        divergences=tuple(_divergences(results)),
        growth={
            result["dtype"]: result["memory_growth_mib"]
            for result in results
            if "memory_growth_mib" in result
        },
    )


def _notes(results: Sequence[Json]) -> Iterable[Note]:
    shared: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if result["reason"] and not result["failure"]:
            key = (result["verdict"], result["reason"].strip())
            shared.setdefault(key, []).append(result["dtype"])
    for (verdict, reason), dtypes in shared.items():
        whose = "" if len(dtypes) == len(results) else ", ".join(dtypes)
        yield Note(verdict, reason, whose)


def _divergences(results: Sequence[Json]) -> Iterable[Divergence]:
    shared: dict[str, list[Json]] = {}
    for result in results:
        if result["failure"]:
            finding = {**result["failure"], **dict.fromkeys(_PER_DTYPE)}
            key = json.dumps([result["verdict"], result["reason"], finding])
            shared.setdefault(key, []).append(result)
    for alike in shared.values():
        first, failure = alike[0], alike[0]["failure"]
        expected, actual = contrast(failure["expected"], failure["actual"])
        yield Divergence(
            verdict=first["verdict"],
            dtypes=", ".join(result["dtype"] for result in alike),
            reason="" if first["reason"] in failure["message"] else first["reason"],
            failure=failure,
            expected=expected,
            actual=actual,
            program=highlight(failure["program"].rstrip()),
            picture=draw(
                [Node(**node) for node in failure["nodes"]],
                [(start, end) for start, end in failure["edges"]],
            ),
            scripts=tuple(map(_script, alike)),
        )


def _script(result: Json) -> Script:
    failure = result["failure"]
    return Script(
        dtype=result["dtype"],
        repro=highlight(failure["repro"].rstrip()),
        replay=failure["replay"].strip(),
        verified=failure["verified"],
    )


def set_apart(results: Sequence[Json]) -> dict[str, list[Group]]:
    """The results that are no passes and yet no divergences: by verdict, then by reason."""
    groups: dict[str, dict[str, dict[str, list[str]]]] = {}
    for result in results:
        if result["verdict"] in APART:
            reasons = groups.setdefault(result["verdict"], {})
            behaviors = reasons.setdefault(result["reason"].strip(), {})
            behaviors.setdefault(result["behavior"], []).append(result["dtype"])
    counts: dict[str, int] = {}
    for result in results:
        counts[result["behavior"]] = counts.get(result["behavior"], 0) + 1
    return {
        verdict: [
            Group(
                verdict,
                reason,
                tuple(
                    (name, "" if len(dtypes) == counts[name] else ", ".join(dtypes))
                    for name, dtypes in behaviors.items()
                ),
            )
            for reason, behaviors in groups[verdict].items()
        ]
        for verdict in APART
        if verdict in groups
    }
