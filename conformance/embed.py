"""The suite inside somebody's own pytest file: one call gives a test with an item per behavior."""

from __future__ import annotations

import os
import shlex
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from types import FrameType, FunctionType
from typing import Any

import pytest

from .behavior import Behavior
from .catalogue import matching
from .five_parts import headline, named, written
from .plan import Plan, Request
from .plugin_verdicts import SKIPPED, fault
from .results import Result, Verdict
from .runner import Runner, tried_quietly
from .seeding import shared_seed

__all__ = ["EmbeddedTrial", "run_conformance"]


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
) -> Callable[..., None]:
    """A test of an engine, to be assigned to a name that pytest collects.

    It is parametrized with each behavior and dtype, what others build on first. Nothing is loaded
    or checked before pytest collects it; what cannot be used is then an error of the collection.

    Args:
        adapter: a name, as ``--adapter`` takes it, or an adapter class or object of one's own.
        device: as the engine names it.
        dtypes: those to try; the adapter's own unless given.
        level: try behaviors up to this level.
        profile: how many examples each behavior gets.
        only: a glob over behavior ids.
        expectations: a TOML file of known failures, from the working directory.
        seed: of all drawing; else that of ``--hypothesis-seed``, else one drawn for the whole run.
    """
    request = Request(
        adapter=adapter,
        device=device,
        dtypes=tuple(dtypes),
        level=level,
        profile=profile,
        expectations=expectations,
    )
    suite = EmbeddedSuite(request, only, seed)
    test = _located(
        lambda request, conformance_trial: _try(suite, request, conformance_trial), sys._getframe(1)
    )
    return pytest.mark.parametrize("conformance_trial", suite)(test)


@dataclass(frozen=True, slots=True)
class EmbeddedTrial:
    """What one item tries."""

    behavior: Behavior
    dtype: str


class EmbeddedSuite(Sequence[Any]):
    """The parameters of the test; a sequence that is made when pytest first reads it."""

    def __init__(self, request: Request, only: str, seed: int | None) -> None:
        self._request, self._only, self._seed = request, only, seed
        self._runner = pytest.StashKey[Runner]()

    def __len__(self) -> int:
        return len(self._trials)

    def __getitem__(self, place: Any) -> Any:
        trial = self._trials[place]
        return pytest.param(trial, id=f"{trial.behavior.id}-{trial.dtype}")

    def plan(self, config: pytest.Config) -> Plan:
        """The plan with the seed of a run."""
        seed = shared_seed(config) if self._seed is None else self._seed
        return replace(self._plan, request=replace(self._request, seed=seed))

    def tried(self, config: pytest.Config, trial: EmbeddedTrial) -> Result:
        """The verdict on one trial, from the one runner that the call has in this process."""
        if self._runner not in config.stash:
            config.stash[self._runner] = self.plan(config).runner()
        return tried_quietly(config.stash[self._runner], trial.behavior, trial.dtype)

    @cached_property
    def _plan(self) -> Plan:
        return Plan.of(self._request)

    @cached_property
    def _trials(self) -> list[EmbeddedTrial]:
        """What is tried, in order; a call that cannot be used fails without a traceback."""
        try:
            return [EmbeddedTrial(*trial) for trial in matching(self._plan.trials(), self._only)]
        except ValueError as error:
            raise pytest.fail.Exception(f"run_conformance: {error}", pytrace=False) from None


def _try(suite: EmbeddedSuite, request: pytest.FixtureRequest, trial: EmbeddedTrial) -> None:
    """Try one behavior, and end the test as its verdict says."""
    __tracebackhide__ = True
    item, config = request.node, request.config
    try:
        result = suite.tried(config, trial)
    except Exception as error:
        said = "".join(traceback.format_exception_only(error)).strip()
        result = fault(trial.behavior, trial.dtype, Verdict.ERROR, said)
        item.add_report_section("call", "fault of the suite itself", traceback.format_exc())
    item.user_properties += result.properties()
    if result.verdict is Verdict.PASS:
        return
    if result.verdict in SKIPPED:
        pytest.skip(named(result))
    if result.verdict is Verdict.EXPECTED_FAILURE:
        pytest.xfail(result.reason)  # which goes on where the run was told --runxfail
    replay = _replay(item, suite.plan(config).request.seed)
    pytest.fail(f"{headline(result)}\n\n{written(result, replay)}", pytrace=False)


def _replay(item: pytest.Item, seed: int) -> str:
    """The command that runs this item again, with its fixtures, from the same directory."""
    path = os.path.relpath(item.path, item.config.invocation_params.dir)
    node = f"{path}::{item.nodeid.partition('::')[2]}"
    return shlex.join(["python", "-m", "pytest", node, f"--hypothesis-seed={seed}"])


def _located(test: Any, caller: FrameType) -> FunctionType:
    """The test, placed where it was asked for: that is where pytest says that it is."""
    found: FunctionType = test
    found.__name__ = "test_conformance"
    found.__code__ = found.__code__.replace(
        co_filename=caller.f_code.co_filename, co_firstlineno=caller.f_lineno
    )
    return found
