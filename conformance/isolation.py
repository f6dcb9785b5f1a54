"""Isolation: behaviors in worker processes, and a verdict where one of them died.

The workers are xdist's. Each notes every example before it runs, so that what killed it is known.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from conformance import timeout
from conformance.behavior import Behavior
from conformance.failure import listing, picture
from conformance.finding import load_adapter
from conformance.plan import Plan
from conformance.plugin_verdicts import fault
from conformance.recorder import Begun, last_begun
from conformance.results import Failure, Result, Verdict
from conformance.session import Session
from conformance.signature import OUT_OF_MEMORY
from conformance.trying import play, scope_of

_WORKERS = ("-n", "--numprocesses", "--tx", "--dist")


def with_workers(arguments: Sequence[str]) -> list[str]:
    """The arguments of a run with a worker of its own, unless they ask for workers themselves."""
    if any(argument.startswith(_WORKERS) for argument in arguments):
        return list(arguments)
    return ["-n1", *arguments]


def judge_death(plan: Plan, behavior: Behavior, dtype: str, record: Path, said: str) -> Result:
    """The verdict on a trial during which the worker died, with the program it was busy with.

    It is blocked if the worker was busy with a behavior that this one builds on, and an error if
    the worker ended itself for want of memory.

    Args:
        plan: the run.
        behavior: what was tried.
        dtype: in which dtype.
        record: the worker's record.
        said: what is known of the death.
    """
    begun = last_begun(record)
    if begun is None:
        return fault(behavior, dtype, Verdict.CRASH, said)
    if begun.behavior != behavior.id:
        return fault(behavior, dtype, Verdict.BLOCKED, f"blocked by {begun.behavior}")
    if begun.end:
        return _error(plan, behavior, begun)
    hung = time.time() - begun.at >= timeout.GRACE
    verdict = Verdict.TIMEOUT if hung else Verdict.CRASH
    how = "still running when the process was ended" if hung else f"the process died: {said}"
    result = fault(behavior, dtype, verdict, how)
    if begun.data is None:
        return result
    return replace(result, examples=1, failure=_failure(plan, behavior, dtype, begun.data, how))


def _error(plan: Plan, behavior: Behavior, begun: Begun) -> Result:
    """The verdict on a trial that an error ended together with its worker."""
    result = fault(behavior, begun.dtype, Verdict.ERROR, begun.end)
    result = replace(result, signature=OUT_OF_MEMORY)
    if begun.data is None:
        return result
    how = f"{begun.end}; a new worker went on"
    failure = _failure(plan, behavior, begun.dtype, begun.data, how)
    return replace(result, examples=1, failure=failure, witness=begun.data.rstrip(b"\0").hex())


def _failure(plan: Plan, behavior: Behavior, dtype: str, data: bytes, how: str) -> Failure:
    """The program as the reference engine runs it, which tells what was said up to its end."""
    session = Session(load_adapter("reference"), dtype)
    with suppress(Exception):
        play(behavior, data, scope_of(plan.adapter, dtype), session)
    nodes, edges = picture(session.trace)
    return Failure(
        message=how,
        expected="the process goes on",
        actual=how,
        program=listing(session.trace, dtype),
        nodes=nodes,
        edges=edges,
        repro="",
        verified=False,
        replay="",
    )
