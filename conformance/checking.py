"""The suite as one call that gives every verdict: for scripts, notebooks, and inside one test."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from os import PathLike
from textwrap import indent
from typing import Any

from .catalogue import matching
from .five_parts import headline, written
from .plan import Plan, Request
from .results import Result
from .runner import tried_quietly

__all__ = ["ConformanceError", "check_conformance"]


class ConformanceError(AssertionError):
    """An engine broke promises it was not expected to break; ``results`` holds every verdict."""

    def __init__(self, message: str, results: list[Result]) -> None:
        super().__init__(message)
        self.results = results


def check_conformance(
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

    The arguments are those of :func:`~conformance.embed.run_conformance`; ``seed`` is drawn anew
    unless it is given.

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
    trials, runner = matching(plan.trials(), only), plan.runner()
    results = [plan.with_replay(tried_quietly(runner, *trial)) for trial in trials]
    divergences = [result for result in results if result.verdict.breaks_the_gate]
    if divergences:
        raise ConformanceError(_message(plan, results, divergences), results)
    return results


def _message(plan: Plan, results: list[Result], divergences: list[Result]) -> str:
    """What diverged: a line for each, and below it its account in five parts."""
    engine = f"{plan.adapter.name} {plan.adapter.engine_version}"
    lines = [f"{engine}: {len(divergences)} of {len(results)} behaviors do not conform"]
    for result in divergences:
        verdict = f"{result.verdict.value}: "
        said = headline(result).removeprefix(verdict)
        lines += [
            "",
            f"{result.behavior} ({result.dtype}), {verdict}{said}",
            indent(written(result, plan.replay(result)), "  "),
        ]
    return "\n".join(lines)
