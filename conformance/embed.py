"""The suite as one call, for the tests of somebody's own engine."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Iterable
from fnmatch import fnmatchcase
from os import PathLike
from typing import Any

from .catalogue import requirements_first
from .plan import Plan, Request
from .results import Result

__all__ = ["ConformanceError", "run_conformance"]


class ConformanceError(AssertionError):
    """An engine broke promises it was not expected to break; ``results`` holds every verdict."""

    def __init__(self, message: str, results: list[Result]) -> None:
        super().__init__(message)
        self.results = results


def run_conformance(
    adapter: Any,
    *,
    device: str = "cpu",
    dtypes: Iterable[str] = (),
    level: str = "full",
    profile: str = "default",
    only: str = "*",
    expectations: str | PathLike[str] | None = None,
    seed: int | None = None,
) -> list[Result]:
    """Try an engine and return every verdict, in the order in which behaviors were tried.

    ``adapter`` is a name, as ``--adapter`` takes it, or an adapter class or object of one's own.
    ``only`` is a glob over behavior ids; ``seed`` is drawn anew unless it is given.

    Raises:
        ConformanceError: a behavior diverged, or conformed although it was expected not to.
        ValueError: an argument cannot be used, or nothing was left to try.
    """
    plan = Plan.of(
        Request(
            adapter=adapter,
            device=device,
            dtypes=tuple(dtypes),
            level=level,
            profile=profile,
            expectations=expectations,
            seed=secrets.randbelow(2**32) if seed is None else seed,
        )
    )
    results = _run(plan, only)
    if not results:
        raise ValueError(f"no behavior up to level {level!r} matches {only!r}")
    divergences = [result for result in results if result.verdict.breaks_the_gate]
    if divergences:
        raise ConformanceError(_message(plan, results, divergences), results)
    return results


def _run(plan: Plan, only: str) -> list[Result]:
    """The verdict on each trial whose id matches, what others build on first."""
    chosen = {
        (behavior.id, dtype): behavior
        for behavior, dtype in plan.trials()
        if fnmatchcase(behavior.id, only)
    }
    order = requirements_first(
        {
            (name, dtype): [(required, dtype) for required in behavior.requires]
            for (name, dtype), behavior in chosen.items()
        }
    )
    runner = plan.runner()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [plan.with_replay(runner.run(chosen[key], key[1])) for key in order]


def _message(plan: Plan, results: list[Result], divergences: list[Result]) -> str:
    """What diverged: a line for each, and for each the script or the command that shows it."""
    engine = f"{plan.adapter.name} {plan.adapter.engine_version}"
    lines = [f"{engine}: {len(divergences)} of {len(results)} behaviors do not conform"]
    for result in divergences:
        failure = result.failure
        said = failure.message if failure is not None else result.reason
        lines += ["", f"{result.behavior} ({result.dtype}), {result.verdict.value}: {said}"]
        lines += [f"  promise:  {result.statement}"]
        lines += [f"            {url}" for _, url in result.sources]
        if failure is not None:
            lines += [f"  expected: {failure.expected}", f"  actual:   {failure.actual}"]
            lines += [f"  | {line}" for line in failure.repro.splitlines()]
        lines += [f"  replay:   {plan.replay(result)}"]
    return "\n".join(lines)
