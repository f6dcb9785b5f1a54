"""The difference between two runs: what regressed, what was fixed, what is new, what is gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from conformance.results import Verdict

from .reading import Json, Report

_RANKS = {Verdict.PASS: 0, Verdict.UNEXPECTED_PASS: 0, Verdict.EXPECTED_FAILURE: 1}
_NOT_TRIED = frozenset({Verdict.UNSUPPORTED, Verdict.BLOCKED})
_BROKEN = 2


class Kind(Enum):
    """How a verdict changed; the values are the words for it."""

    REGRESSED = "regressed"
    FIXED = "fixed"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Change:
    """One behavior in one dtype whose verdict means something else than it did."""

    kind: Kind
    behavior: str
    dtype: str
    statement: str
    old: Verdict | None
    new: Verdict | None


def compare(old: Report, new: Report) -> list[Change]:
    """What changed from one run to another, regressions first, then in the order of ids."""
    before, after = _verdicts(old), _verdicts(new)
    statements = {_key(result): result["statement"] for result in (*old.results, *new.results)}
    found = []
    for key in sorted(before.keys() | after.keys()):
        kind = kind_of(before.get(key), after.get(key))
        if kind is not None:
            one = Change(kind, *key, statements[key], before.get(key), after.get(key))
            found.append(one)
    return sorted(found, key=lambda change: list(Kind).index(change.kind))


def regressions(changes: Iterable[Change]) -> list[Change]:
    """Those of the changes that make the difference a failure."""
    return [change for change in changes if change.kind is Kind.REGRESSED]


def kind_of(old: Verdict | None, new: Verdict | None) -> Kind | None:
    """How one verdict differs from another; None stands for no verdict, and for no difference.

    What conformed and is no longer tried has regressed, unless it is not in the newer run at all:
    an adapter must not better its engine by forgetting a phrase.
    """
    before, after = _rank(old), _rank(new)
    if before is None:
        return None if after is None else Kind.NEW
    if after is None:
        lost = before == 0 and new is not None
        return Kind.REGRESSED if lost else Kind.GONE
    if after > before:
        return Kind.REGRESSED
    return Kind.FIXED if after == 0 < before else None


def _rank(verdict: Verdict | None) -> int | None:
    """0 conforms, 1 diverges as expected, 2 is broken; None was not judged."""
    if verdict is None or verdict in _NOT_TRIED:
        return None
    return _RANKS.get(verdict, _BROKEN)


def _verdicts(report: Report) -> dict[tuple[str, str], Verdict]:
    return {_key(result): Verdict(result["verdict"]) for result in report.results}


def _key(result: Json) -> tuple[str, str]:
    return result["behavior"], result["dtype"]
