"""Setting the suite on a planted defect."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from conformance.adapter import Adapter, Unsupported
from conformance.behavior import Behavior
from conformance.catalogue import load_specs
from conformance.expectations import Expectations
from conformance.finding import load_adapter
from conformance.runner import Runner

from .defect import Defect


@dataclass(frozen=True, slots=True)
class Hunt:
    """How many examples and seconds it took until one diverged.

    ``found`` says how, and is empty if none did; ``broken`` says how the suite itself failed.
    """

    examples: int
    seconds: float
    found: str = ""
    broken: str = ""


@cache
def reference() -> Adapter:
    """The engine that defects are planted in."""
    return load_adapter("reference")


def hunt(behavior: Behavior, seed: int, profile: str = "default") -> Hunt:
    """Try one behavior on the engine as it is, in one dtype after the other."""
    adapter = reference()
    runner = Runner(adapter, profile=profile, seed=seed, expectations=Expectations(()))
    started, examples = time.perf_counter(), 0
    for dtype in behavior.dtypes or adapter.default_dtypes:
        try:
            attempt = runner.attempt(behavior, dtype)
        except Unsupported:
            continue
        except Exception as error:
            broken = f"{type(error).__name__}: {error}"
            return Hunt(examples, time.perf_counter() - started, broken=broken)
        examples += attempt.examples
        if attempt.divergence is not None:
            seconds = time.perf_counter() - started
            return Hunt(examples, seconds, attempt.divergence.message)
    return Hunt(examples, time.perf_counter() - started)


def hunt_planted(defect: Defect, seed: int, profile: str = "default") -> Hunt:
    """Try the behavior that should notice a defect."""
    behavior = load_specs()[defect.behavior]
    with defect.planted():
        return hunt(behavior, seed, profile)


@cache
def conforming(seed: int, profile: str) -> tuple[Behavior, ...]:
    """The behaviors that hold on the engine without a defect; no other can notice one."""
    hunts = [(behavior, hunt(behavior, seed, profile)) for behavior in load_specs().values()]
    return tuple(behavior for behavior, result in hunts if not (result.found or result.broken))


def noticing(defect: Defect, seed: int, profile: str = "default") -> Iterator[tuple[str, Hunt]]:
    """Every behavior of the suite that notices a defect."""
    for behavior in conforming(seed, profile):
        with defect.planted():
            result = hunt(behavior, seed, profile)
        if result.found:
            yield behavior.id, result
