"""Judging behaviors on one engine: what they build on first, then what is known of their failures.

A verdict follows from the engine, the seed, the profile and the expectations alone: which other
behaviors were selected, and which process tried them, makes no difference.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from enum import Enum

from conformance.adapter import Adapter
from conformance.attempt import Attempt
from conformance.behavior import Behavior
from conformance.blocking import Blocking
from conformance.culprits import operations_in, wrong_in_general
from conformance.expectations import Expectation, Expectations
from conformance.failure import describe
from conformance.gate import FAILING
from conformance.judging import Finding, doubt, judged
from conformance.memory import Measuring, unmeasured
from conformance.results import Failure, Result, Verdict
from conformance.timeout import time_limit
from conformance.trying import Noting, Trier, unnoted

__all__ = ["PROFILES", "SECONDS_PER_BEHAVIOR", "Dependants", "Runner", "tried_quietly"]

PROFILES: Mapping[str, int] = {"quick": 25, "default": 100, "deep": 400}
SECONDS_PER_BEHAVIOR: Mapping[str, float] = {"quick": 60.0, "default": 120.0, "deep": 600.0}


class Dependants(Enum):
    """What to do with behaviors that build on a broken one.

    They are left out; or tried, and blocked only if they fail too; or judged for their own sake,
    for what wrong operations do not explain; or judged alone, as if nothing else were known.
    """

    LEFT_OUT = "left out"
    TRIED = "tried"
    JUDGED = "judged"
    ALONE = "alone"


class Runner:
    """Tries behaviors on one engine.

    Args:
        adapter: the engine.
        profile: how many examples each behavior gets, a key of :data:`PROFILES`.
        seed: all drawing follows from it; one seed gives one run.
        expectations: known failures, which turn a failure into an expected one.
        dependants: what to do with behaviors that build on a broken one.
        shrunk: the verdicts whose failures are worth shrinking.
        noting: gives, for a behavior and dtype, what is told of each example before it runs.
        limit: what stops a behavior after some seconds.
        memory: measures the growth of memory over a behavior's examples.
    """

    def __init__(
        self,
        adapter: Adapter,
        *,
        profile: str,
        seed: int,
        expectations: Expectations,
        dependants: Dependants = Dependants.LEFT_OUT,
        shrunk: frozenset[Verdict] = frozenset({Verdict.FAIL}),
        noting: Noting = unnoted,
        limit: Callable[[float], AbstractContextManager[None]] = time_limit,
        memory: Measuring = unmeasured,
    ) -> None:
        self.adapter = adapter
        self.expectations = expectations
        examples, seconds = PROFILES[profile], SECONDS_PER_BEHAVIOR[profile]
        self._trier = Trier(adapter, examples, seconds, seed, noting, limit)
        self._judge = {
            Dependants.LEFT_OUT: self._tried_unless_blocked,
            Dependants.TRIED: self._tried_though_blocked,
            Dependants.JUDGED: self._found,
            Dependants.ALONE: self._found_alone,
        }[dependants]
        self._shrunk = shrunk
        self._memory = memory
        self._findings: dict[tuple[str, str], Finding] = {}
        self._blocking = Blocking(adapter.device, expectations, self._found)

    def run(self, behavior: Behavior, dtype: str) -> Result:
        """The verdict on one behavior in one dtype; raises nothing but KeyboardInterrupt."""
        finding = self._judge(behavior, dtype)
        self._findings.pop((behavior.id, dtype), None)  # frees the session's tensors
        started = time.perf_counter()
        attempt, failure = self._told(behavior, dtype, finding)
        witness = attempt.witness
        return Result(
            behavior=behavior.id,
            level=behavior.level.value,
            area=behavior.area,
            dtype=dtype,
            verdict=finding.verdict,
            examples=finding.attempt.examples,
            seconds=finding.seconds + time.perf_counter() - started,
            statement=behavior.statement,
            sources=tuple((source.title, source.url) for source in behavior.sources),
            reason=_told_of(finding, attempt) + doubt(finding, behavior, dtype, attempt),
            failure=failure,
            signature=attempt.signature,
            witness=None if witness is None else witness.hex(),
            operations=tuple(sorted(finding.operations)),
            memory_growth_mib=finding.growth,
        )

    def attempt(self, behavior: Behavior, dtype: str, number: int = 0) -> Attempt:
        """One try at a behavior, unjudged and unshrunk: it says how soon an example diverged.

        Each ``number`` draws other examples.

        Raises:
            Unsupported: the engine lacks something that the behavior needs.
        """
        return self._trier.attempt(behavior, dtype, number)

    def _tried_unless_blocked(self, behavior: Behavior, dtype: str) -> Finding:
        """The finding on a behavior whose requirements are sound; else it is not tried."""
        root = self._blocking.root(behavior, dtype)
        if root is None:
            return self._found(behavior, dtype)
        return Finding(Verdict.BLOCKED, "", Attempt(), self._trier).blocked_by(root)

    def _tried_though_blocked(self, behavior: Behavior, dtype: str) -> Finding:
        """The finding on a behavior; one that fails as a requirement does is blocked by it."""
        finding = self._found(behavior, dtype)
        if finding.verdict in FAILING:
            for required in self._blocking.requirements(behavior, dtype):
                if self._blocking.blocks(required, dtype):
                    return finding.blocked_by(required.id)
        return finding

    def _known(self, behavior: Behavior, dtype: str) -> Expectation | None:
        """What is known of a behavior's failure, if anything is."""
        return self.expectations.match(behavior.id, dtype, self.adapter.device)

    def _found(self, behavior: Behavior, dtype: str) -> Finding:
        """The finding on a behavior, tried once however many ask for it."""
        key = behavior.id, dtype
        if key not in self._findings:
            finding = self._found_alone(behavior, dtype)
            if finding.verdict is Verdict.FAIL:
                finding = self._besides_wrong_operations(behavior, dtype, finding)
            self._findings[key] = finding
            self._blocking.note(behavior, dtype, finding)
        return self._findings[key]

    def _found_alone(self, behavior: Behavior, dtype: str) -> Finding:
        """The finding on a behavior, whatever it builds on."""
        return self._measured(self._trier, behavior, dtype)

    def _measured(self, trier: Trier, behavior: Behavior, dtype: str) -> Finding:
        """What examples of a behavior show, how long they took, and the memory they left behind."""
        growth, started = self._memory(), time.perf_counter()
        finding = judged(trier, behavior, dtype, self._known(behavior, dtype))
        return replace(finding, seconds=time.perf_counter() - started, growth=growth())

    def _besides_wrong_operations(
        self, behavior: Behavior, dtype: str, finding: Finding
    ) -> Finding:
        """What a behavior fails for besides operations that are wrong by themselves.

        It is blocked if there is no such thing, or if most operations are wrong, which is then a
        fault of something that they all go through.
        """
        blamed = self._blocking.blamed(behavior, dtype)
        general = wrong_in_general(blamed, self.adapter.ops)
        if general is not None:
            return finding.blocked_by(general)
        session = finding.attempt.session
        found = operations_in(session.trace) & blamed.keys() if session is not None else ()
        if not found:
            return finding
        trier = replace(self._trier, blamed=frozenset(blamed))
        besides = self._measured(trier, behavior, dtype)
        if besides.verdict in (*FAILING, Verdict.EXPECTED_FAILURE):
            return besides.counting(finding)
        return finding.blocked_by(blamed[min(found)]).counting(besides)

    def _told(
        self, behavior: Behavior, dtype: str, finding: Finding
    ) -> tuple[Attempt, Failure | None]:
        """The failure described, shrunk where that is worth it, with the attempt that shows it."""
        found = finding.attempt
        if found.divergence is None:
            return found, None
        entry = self._known(behavior, dtype)
        known = entry is not None and entry.witness == found.witness
        if finding.verdict in self._shrunk and not known:
            found = finding.trier.simplest(behavior, dtype, found)
        assert found.divergence is not None
        step = finding.trier.first_wrong_step(behavior, dtype, found.data)
        seed = self._trier.seed
        return found, describe(found.session, found.divergence, behavior, dtype, seed, step)


def _told_of(finding: Finding, shown: Attempt) -> str:
    """The reason of a finding, with the numbers of the example that is shown for it."""
    found = finding.attempt.reason
    return finding.reason.replace(found, shown.reason) if found else finding.reason


def tried_quietly(runner: Runner, behavior: Behavior, dtype: str) -> Result:
    """The verdict of a runner, unmoved by what the engine warns about.

    Warnings are for the engine's users; a project that turns them into errors must not thereby
    turn them into divergences.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return runner.run(behavior, dtype)
