"""What a known failure makes of a verdict: the same failure is expected, any other stays red."""

from __future__ import annotations

from conformance.expectations import Expectation
from conformance.results import Verdict

__all__ = ["FAILING", "against"]

FAILING = frozenset({Verdict.FAIL, Verdict.ERROR, Verdict.CRASH, Verdict.TIMEOUT})


def against(
    entry: Expectation | None, verdict: Verdict, reason: str, signature: str, *, note: str = ""
) -> tuple[Verdict, str]:
    """The verdict and reason once the entry that covers a behavior was heard.

    ``note`` is added to the reason of an expected failure.
    """
    if entry is None:
        return verdict, reason
    if verdict is Verdict.PASS:
        return Verdict.UNEXPECTED_PASS, f"expected to fail: {entry}"
    if verdict not in FAILING:
        return verdict, reason
    if entry.signature in ("", signature):
        return Verdict.EXPECTED_FAILURE, f"{entry}{note}"
    return verdict, (
        f"the failure changed: expected {entry.signature!r} ({entry.reason}), "
        f"now {signature!r}: {reason}"
    )
