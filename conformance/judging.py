"""The verdict on one behavior by itself: what examples showed, against what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from conformance.attempt import Attempt
from conformance.behavior import Behavior
from conformance.expectations import Expectation
from conformance.gate import FAILING, against
from conformance.results import Verdict
from conformance.trying import Trier

__all__ = ["Finding", "doubt", "judged"]

_FLEETING = "; not reproducible: the same example, run again, did not fail in this way each time"
_STALE = "; its witness is stale: --update-expectations writes a new one"


@dataclass(frozen=True, slots=True)
class Finding:
    """A judged try: the failure in it is yet to be shrunk and described.

    ``trier`` is what found it. ``operations`` are those that a behavior of single operations was
    found to be broken for. ``growth`` is by how many MiB the process grew meanwhile, if that was
    measured.
    """

    verdict: Verdict
    reason: str
    attempt: Attempt
    trier: Trier
    operations: frozenset[str] = frozenset()
    seconds: float = 0.0
    growth: float | None = None

    def blocked_by(self, root: str) -> Finding:
        """This finding, explained by the broken behavior ``root``."""
        attempt = Attempt(self.attempt.examples)
        reason = f"blocked by {root}"
        return Finding(
            Verdict.BLOCKED, reason, attempt, self.trier, seconds=self.seconds, growth=self.growth
        )

    def counting(self, other: Finding) -> Finding:
        """This finding, with the examples, the time and the growth of another try counted in."""
        examples = self.attempt.examples + other.attempt.examples
        growth = None
        if self.growth is not None and other.growth is not None:
            growth = round(self.growth + other.growth, 1)
        return replace(
            self,
            attempt=replace(self.attempt, examples=examples),
            seconds=self.seconds + other.seconds,
            growth=growth,
        )


def judged(trier: Trier, behavior: Behavior, dtype: str, entry: Expectation | None) -> Finding:
    """The verdict: on the witness of a known failure first, else on drawn examples.

    Args:
        trier: what runs examples.
        behavior: what is tried.
        dtype: in which dtype.
        entry: what is known of it, if anything is.
    """
    finding = _found(trier, behavior, dtype, entry)
    if not behavior.per_operation:
        return finding
    if finding.verdict is Verdict.FAIL:
        wrong = finding.trier.wrong_operations(behavior, dtype)
        return replace(finding, operations=wrong, reason=_naming(finding.reason, wrong))
    if finding.verdict is Verdict.EXPECTED_FAILURE and entry is not None and entry.operations:
        return _besides(finding, behavior, dtype, entry)
    return finding


def _found(trier: Trier, behavior: Behavior, dtype: str, entry: Expectation | None) -> Finding:
    note, replayed = "", Attempt()
    if entry is not None and entry.witness is not None:
        note, replayed = _STALE, trier.replay(behavior, dtype, entry.witness)
        if replayed.verdict in FAILING:
            told = replayed.verdict, replayed.reason, replayed.signature
            return Finding(*against(entry, *told), replayed, trier)
    found = trier.search(behavior, dtype)
    found.examples += replayed.examples
    told = found.verdict, found.reason, found.signature
    return Finding(*against(entry, *told, note=note), found, trier)


def _besides(known: Finding, behavior: Behavior, dtype: str, entry: Expectation) -> Finding:
    """What is found besides the operations that are known to be wrong; else what is known."""
    known_wrong = frozenset(entry.operations)
    trier = replace(known.trier, blamed=known.trier.blamed | known_wrong)
    found = trier.search(behavior, dtype)
    found.examples += known.attempt.examples
    if found.verdict not in FAILING:
        mended = known_wrong - known.trier.wrong_operations(behavior, dtype)
        note = f"; no longer found wrong: {', '.join(sorted(mended))}" if mended else ""
        shown = replace(known.attempt, examples=found.examples)
        return replace(known, reason=known.reason + note, attempt=shown, operations=known_wrong)
    wrong = trier.wrong_operations(behavior, dtype)
    names = ", ".join(entry.operations)
    reason = f"the failure changed: known of {names} ({entry.reason}), now also {found.reason}"
    return Finding(found.verdict, _naming(reason, wrong), found, trier, known_wrong | wrong)


def _naming(reason: str, wrong: frozenset[str]) -> str:
    """A reason that names the wrong operations where an example cannot show them all."""
    return f"{reason}; wrong operations: {', '.join(sorted(wrong))}" if len(wrong) > 1 else reason


def doubt(finding: Finding, behavior: Behavior, dtype: str, shown: Attempt) -> str:
    """What to add to the reason of a failure that comes and goes; else nothing."""
    if finding.verdict not in (Verdict.FAIL, Verdict.ERROR):
        return ""
    return "" if finding.trier.recurs(behavior, dtype, shown) else _FLEETING
