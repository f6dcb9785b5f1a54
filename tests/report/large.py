"""A run of 1,000 behaviors: the catalogue repeated, with divergences that were really found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import cycle, islice

from defects.catalogue import defects

from conformance.behavior import Behavior
from conformance.catalogue import load_specs
from conformance.checking import ConformanceError, check_conformance
from conformance.results import Result, Verdict

from .fake import INFO, TRACEBACK

EVERY_TENTH = (Verdict.FAIL, Verdict.BLOCKED, Verdict.UNSUPPORTED, *(Verdict.PASS,) * 7)
NOW_AND_THEN = {7: Verdict.EXPECTED_FAILURE, 33: Verdict.CRASH, 66: Verdict.ERROR}
REASONS = {
    Verdict.BLOCKED: "blocked by {cause}",
    Verdict.UNSUPPORTED: "the adapter has no {phrase}",
    Verdict.ERROR: TRACEBACK,
    Verdict.CRASH: "the engine's process ended with signal 11 (SIGSEGV)",
    Verdict.EXPECTED_FAILURE: "sums of broadcasts are off by one pass: see the tracker",
}
PHRASES = ("register_hook", "retain_grad", "vjp", "inference_mode", "create_graph in backward")


def large_run(behaviors: int = 1000, *, seed: int = 0) -> list[Result]:
    """Results in two dtypes: a tenth fail, a tenth each are blocked and unsupported, most pass.

    ``seed`` shifts the verdicts, so that several runs differ as engines do.
    """
    found = cycle(divergences())
    catalogue = list(load_specs().values())
    results = []
    for number in range(behaviors):
        verdict = _verdict(number + 3 * seed)
        shown = next(found) if verdict in (Verdict.FAIL, Verdict.EXPECTED_FAILURE) else None
        results += _results(number, catalogue, verdict, shown)
    return results


@cache
def divergences() -> tuple[tuple[Result, ...], ...]:
    """What the suite says, in each dtype, of some of the defects planted in the reference."""
    found = map(_found, islice(defects().values(), 0, None, 12))
    return tuple(of_one for of_one in found if of_one)


def _found(defect) -> tuple[Result, ...]:
    with defect.planted():
        try:
            results = check_conformance("reference", only=defect.behavior, profile="quick", seed=1)
        except ConformanceError as error:
            results = error.results
    return tuple(result for result in results if result.failure)


def _verdict(number: int) -> Verdict:
    return NOW_AND_THEN.get(number % 100, EVERY_TENTH[number % len(EVERY_TENTH)])


def _results(
    number: int,
    catalogue: Sequence[Behavior],
    verdict: Verdict,
    shown: tuple[Result, ...] | None,
) -> Iterator[Result]:
    turn, at = divmod(number, len(catalogue))
    behavior = catalogue[at]
    tried = verdict not in (Verdict.BLOCKED, Verdict.UNSUPPORTED)
    of_dtype = {} if shown is None else {result.dtype: result for result in shown}
    for dtype in INFO.dtypes:
        source = of_dtype.get(dtype) or (shown[0] if shown else None)
        yield Result(
            behavior=behavior.id + (f"-{turn + 1}" if turn else ""),
            level=behavior.level.value,
            area=behavior.area,
            dtype=dtype,
            verdict=verdict,
            examples=100 if tried else 0,
            seconds=0.003 * (number % 97) if tried else 0.0,
            statement=behavior.statement,
            sources=tuple((source.title, source.url) for source in behavior.sources),
            reason=_reason(number, verdict, source, catalogue),
            failure=source.failure if source else None,
        )


def _reason(
    number: int, verdict: Verdict, source: Result | None, catalogue: Sequence[Behavior]
) -> str:
    if verdict is Verdict.FAIL and source is not None:
        return source.reason
    cause = catalogue[number // 10 % len(catalogue)].id
    return REASONS.get(verdict, "").format(cause=cause, phrase=PHRASES[number // 10 % len(PHRASES)])


def areas(results: Iterable[Result]) -> list[str]:
    """The areas of some results in the order in which they come."""
    return list(dict.fromkeys(result.area for result in results))
