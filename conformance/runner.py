"""Judging behaviors on one engine: what they build on first, then what is known of their failures.

A verdict follows from the engine, the seed, the profile and the expectations alone: which other
behaviors were selected, and which process tried them, makes no difference.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from enum import Enum

from conformance.adapter import Adapter
from conformance.attempt import Attempt
from conformance.behavior import Behavior, registered
from conformance.culprits import operations_in, wrong_in_general
from conformance.expectations import Expectations
from conformance.failure import describe
from conformance.gate import FAILING
from conformance.judging import Finding, doubt, judged
from conformance.memory import Measuring, unmeasured
from conformance.results import Failure, Result, Verdict
from conformance.signature import OUT_OF_MEMORY
from conformance.timeout import time_limit
from conformance.trying import Noting, Trier, unnoted

__all__ = ["PROFILES", "SECONDS_PER_BEHAVIOR", "Dependants", "Runner", "tried_quietly"]

PROFILES: Mapping[str, int] = {"quick": 25, "default": 100, "deep": 400}
SECONDS_PER_BEHAVIOR: Mapping[str, float] = {"quick": 60.0, "default": 120.0, "deep": 600.0}

_NOT_TRIED_FOR_OTHERS = ("", "crash", "timeout", OUT_OF_MEMORY)


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
        self._failing: dict[tuple[str, str], bool] = {}
        self._blames: dict[tuple[str, str], dict[str, str]] = {}
        self._wrong: dict[tuple[str, str], frozenset[str]] = {}
        self._roots: dict[tuple[str, str], str | None] = {}

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
            reason=finding.reason + doubt(finding, behavior, dtype, attempt),
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
        root = self._root(behavior, dtype)
        return self._found(behavior, dtype) if root is None else self._blocked(root, 0)

    def _tried_though_blocked(self, behavior: Behavior, dtype: str) -> Finding:
        """The finding on a behavior; one that fails as a requirement does is blocked by it."""
        finding = self._found(behavior, dtype)
        if finding.verdict in FAILING:
            for required in self._requirements(behavior, dtype):
                if not required.per_operation and self._fails(required, dtype):
                    return self._blocked(required.id, finding.attempt.examples)
        return finding

    def _root(self, behavior: Behavior, dtype: str) -> str | None:
        """The broken behavior at the root of what this one builds on, if there is one."""
        key = behavior.id, dtype
        if key not in self._roots:
            self._roots[key] = None  # where requirements run in a circle
            for required in self._requirements(behavior, dtype):
                root = self._root(required, dtype)
                if root is None and not required.per_operation and self._fails(required, dtype):
                    root = required.id
                if root is not None:
                    self._roots[key] = root
                    break
        return self._roots[key]

    def _requirements(self, behavior: Behavior, dtype: str) -> Iterator[Behavior]:
        """The behaviors this one builds on, as far as they speak of this dtype and device."""
        catalogue = registered()
        for required in (catalogue[name] for name in behavior.requires):
            on_device = self.adapter.device != "cpu" or not required.off_cpu
            if on_device and (not required.dtypes or dtype in required.dtypes):
                yield required

    def _fails(self, behavior: Behavior, dtype: str) -> bool:
        """Whether a behavior fails in a way that nobody expected.

        One that may fail in any way, or is known to take the process with it, is not even tried.
        """
        key = behavior.id, dtype
        entry = self.expectations.match(*key, self.adapter.device)
        if entry is not None and entry.signature in _NOT_TRIED_FOR_OTHERS:
            return False
        if key not in self._failing:
            self._found(behavior, dtype)
        return self._failing[key]

    def _found(self, behavior: Behavior, dtype: str) -> Finding:
        """The finding on a behavior, tried once however many ask for it."""
        key = behavior.id, dtype
        if key not in self._findings:
            growth = self._memory()
            started = time.perf_counter()
            finding = self._found_alone(behavior, dtype)
            if finding.verdict is Verdict.FAIL:
                finding = self._besides_wrong_operations(behavior, dtype, finding)
            self._findings[key] = replace(
                finding, seconds=time.perf_counter() - started, growth=growth()
            )
            self._failing[key] = finding.verdict in FAILING
            self._wrong[key] = finding.operations
        return self._findings[key]

    def _found_alone(self, behavior: Behavior, dtype: str) -> Finding:
        """The finding on a behavior, whatever it builds on."""
        entry = self.expectations.match(behavior.id, dtype, self.adapter.device)
        return judged(self._trier, behavior, dtype, entry)

    def _besides_wrong_operations(
        self, behavior: Behavior, dtype: str, finding: Finding
    ) -> Finding:
        """What a behavior fails for besides operations that are wrong by themselves.

        It is blocked if there is no such thing, or if most operations are wrong, which is then a
        fault of something that they all go through.
        """
        blamed = self._blamed(behavior, dtype)
        general = wrong_in_general(blamed, self.adapter.ops)
        if general is not None:
            return self._blocked(general, finding.attempt.examples)
        session = finding.attempt.session
        found = operations_in(session.trace) & blamed.keys() if session is not None else ()
        if not found:
            return finding
        trier = replace(self._trier, blamed=frozenset(blamed))
        entry = self.expectations.match(behavior.id, dtype, self.adapter.device)
        besides = judged(trier, behavior, dtype, entry)
        if besides.verdict in (*FAILING, Verdict.EXPECTED_FAILURE):
            return besides
        return self._blocked(blamed[min(found)], finding.attempt.examples)

    def _blamed(self, behavior: Behavior, dtype: str) -> dict[str, str]:
        """The operations found wrong by what this behavior builds on, and by which of it."""
        key = behavior.id, dtype
        if key not in self._blames:
            blamed = self._blames[key] = {}
            for required in self._requirements(behavior, dtype):
                blamed |= self._blamed(required, dtype)
                if required.per_operation:
                    self._fails(required, dtype)
                    wrong = self._wrong.get((required.id, dtype), frozenset())
                    blamed |= dict.fromkeys(wrong, required.id)
        return self._blames[key]

    def _told(
        self, behavior: Behavior, dtype: str, finding: Finding
    ) -> tuple[Attempt, Failure | None]:
        """The failure described, shrunk where that is worth it, with the attempt that shows it."""
        found = finding.attempt
        if found.divergence is None:
            return found, None
        entry = self.expectations.match(behavior.id, dtype, self.adapter.device)
        known = entry is not None and entry.witness == found.witness
        if finding.verdict in self._shrunk and not known:
            found = finding.trier.simplest(behavior, dtype, found)
        assert found.divergence is not None
        step = finding.trier.first_wrong_step(behavior, dtype, found.data)
        seed = self._trier.seed
        return found, describe(found.session, found.divergence, behavior, dtype, seed, step)

    def _blocked(self, root: str, examples: int) -> Finding:
        return Finding(Verdict.BLOCKED, f"blocked by {root}", Attempt(examples), self._trier)


def tried_quietly(runner: Runner, behavior: Behavior, dtype: str) -> Result:
    """The verdict of a runner, unmoved by what the engine warns about.

    Warnings are for the engine's users; a project that turns them into errors must not thereby
    turn them into divergences.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return runner.run(behavior, dtype)
