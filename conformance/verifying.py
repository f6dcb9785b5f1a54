"""Whether a report holds: some of its verdicts are reached again, and compared."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from conformance.evidence import catalogue_digest, expectations_digest
from conformance.plan import Plan, Request
from conformance.runner import tried_quietly
from conformance.signature import OUT_OF_MEMORY

Json = Mapping[str, Any]

_HARMFUL = frozenset({"crash", "timeout", OUT_OF_MEMORY})


class UnverifiableError(ValueError):
    """A report whose run cannot be made again here; the message says what differs."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One verdict of the report, and the one that was reached again."""

    behavior: str
    dtype: str
    reported: str
    reached: str

    @property
    def agrees(self) -> bool:
        """Whether both are the same."""
        return self.reported == self.reached


def verify(run: Json, results: Sequence[Json], sample: int) -> list[Comparison]:
    """Try some behaviors of a report again, with its engine, seed and known failures.

    Args:
        run: the facts of the run.
        results: its verdicts.
        sample: how many of them to reach again, chosen by the run's seed; what ended or held up
            its process is left out, and what it blocked.

    Raises:
        UnverifiableError: the engine, the behaviors or the known failures here are others.
    """
    plan = _plan(run)
    harmless = _harmless(results)
    chosen = Random(run["seed"]).sample(harmless, min(sample, len(harmless)))
    runner = plan.runner()
    return [
        Comparison(
            one["behavior"],
            one["dtype"],
            one["verdict"],
            tried_quietly(runner, plan.behaviors[one["behavior"]], one["dtype"]).verdict.value,
        )
        for one in chosen
    ]


def _harmless(results: Sequence[Json]) -> list[Json]:
    """The results that can be reached again in this very process."""
    harmful = {
        one["behavior"] for one in results if _HARMFUL & {one["verdict"], one.get("signature")}
    }
    return [
        one
        for one in results
        if not harmful & {one["behavior"], one["reason"].removeprefix("blocked by ")}
    ]


def _plan(run: Json) -> Plan:
    said = shlex.split(run["command"])
    words = dict(w[2:].split("=", 1) for w in said if w.startswith("--") and "=" in w)
    if "adapter" not in words:
        raise UnverifiableError("the report does not say by which command it was made")
    try:
        plan = Plan.of(
            Request(
                adapter=words["adapter"],
                device=run["device"],
                dtypes=tuple(run["dtypes"]),
                level=run["level"],
                profile=run["profile"],
                expectations=words.get("expectations"),
                seed=run["seed"],
                run_blocked="--run-blocked" in said,
            )
        )
    except ValueError as error:
        raise UnverifiableError(str(error)) from error
    here = {
        "the engine versions": (run["engine_version"], plan.adapter.engine_version),
        "the behaviors": (run["catalogue"], catalogue_digest(plan.behaviors.values())),
        "the known failures": (run["expectations"], expectations_digest(plan.expectations)),
    }
    for what, (reported, found) in here.items():
        if reported != found:
            raise UnverifiableError(f"{what} differ: {found} here, {reported} in the report")
    return plan
