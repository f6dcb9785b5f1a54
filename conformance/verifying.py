"""Whether a report holds: some of its verdicts are reached again, and compared."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from conformance.evidence import catalogue_digest, expectations_digest
from conformance.plan import Plan, Request

Json = Mapping[str, Any]


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
        sample: how many of them to reach again, chosen by the run's seed; crashes are left out.

    Raises:
        UnverifiableError: the engine, the behaviors or the known failures here are others.
    """
    plan = _plan(run)
    tried = [r for r in results if r["verdict"] not in ("crash", "timeout")]
    chosen = Random(run["seed"]).sample(tried, min(sample, len(tried)))
    runner = plan.runner()
    return [
        Comparison(
            one["behavior"],
            one["dtype"],
            one["verdict"],
            runner.run(plan.behaviors[one["behavior"]], one["dtype"]).verdict.value,
        )
        for one in chosen
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
