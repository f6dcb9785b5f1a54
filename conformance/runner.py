"""Trying one behavior: examples are drawn, run and judged until one diverges or all conform."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from math import inf
from zlib import crc32

import numpy as np

from conformance.adapter import Adapter, Unsupported
from conformance.behavior import Behavior, registered
from conformance.draw import Scope, decode_all, total_width
from conformance.expectations import Expectation, Expectations
from conformance.failure import describe
from conformance.modes import Modes
from conformance.results import Failure, Result, Verdict
from conformance.searching import drawn, shrink
from conformance.session import Session
from conformance.stepping import first_wrong_step
from conformance.timeout import TimeLimitError, time_limit
from conformance.trace import AdapterFault, Divergence, printable, told

PROFILES: Mapping[str, int] = {"quick": 25, "default": 100, "deep": 400}
SECONDS_PER_BEHAVIOR: Mapping[str, float] = {"quick": 60.0, "default": 120.0, "deep": 600.0}

_SHRINKS = 3
_SHRINK_RUNS = 1000
_SHORT = 4


@dataclass(slots=True)
class Attempt:
    """How one try at a behavior went: examples run, and the last divergence with its session.

    ``data`` are the bytes that the diverging example was decoded from.
    """

    examples: int = 0
    data: bytes = b""
    divergence: Divergence | None = None
    session: Session | None = None


class Runner:
    """Tries behaviors on one engine.

    Args:
        adapter: the engine.
        profile: how many examples each behavior gets, a key of :data:`PROFILES`.
        seed: all drawing follows from it; one seed gives one run.
        expectations: known failures, which turn a failure into an expected one.
        noting: gives, for a behavior and dtype, what is told of each example before it runs.
        limit: what stops a behavior after some seconds.
    """

    def __init__(
        self,
        adapter: Adapter,
        *,
        profile: str,
        seed: int,
        expectations: Expectations,
        noting: Callable[[str, str], Callable[[bytes], None]] = lambda behavior, dtype: _unnoted,
        limit: Callable[[float], AbstractContextManager[None]] = time_limit,
    ) -> None:
        self.adapter = adapter
        self.profile = profile
        self.seed = seed
        self.expectations = expectations
        self._noting = noting
        self._limit = limit
        self._known: dict[tuple[str, str], Verdict] = {}

    def run(self, behavior: Behavior, dtype: str) -> Result:
        """The verdict on one behavior in one dtype; raises nothing but KeyboardInterrupt."""
        started = time.perf_counter()
        verdict, reason, attempt, failure = self._judge(behavior, dtype)
        expected = self.expectations.match(behavior.id, dtype, self.adapter.device)
        if expected is not None:
            verdict, reason = _as_expected(verdict, reason, expected)
        self._known[behavior.id, dtype] = verdict
        return Result(
            behavior=behavior.id,
            level=behavior.level.value,
            area=behavior.area,
            dtype=dtype,
            verdict=verdict,
            examples=attempt.examples,
            seconds=time.perf_counter() - started,
            statement=behavior.statement,
            sources=tuple((source.title, source.url) for source in behavior.sources),
            reason=reason,
            failure=failure,
        )

    def attempt(self, behavior: Behavior, dtype: str, number: int = 0) -> Attempt:
        """One try at a behavior, unjudged and unshrunk: it says how soon an example diverged.

        Each ``number`` draws other examples.

        Raises:
            Unsupported: the engine lacks something that the behavior needs.
        """
        attempt = Attempt()
        with suppress(Divergence):
            self._search(behavior, dtype, attempt, number)
        return attempt

    def _judge(
        self, behavior: Behavior, dtype: str
    ) -> tuple[Verdict, str, Attempt, Failure | None]:
        attempt = Attempt()
        try:
            with self._limit(SECONDS_PER_BEHAVIOR[self.profile]):
                self._search(behavior, dtype, attempt)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if attempt.divergence is None:
                return *_without_divergence(error), attempt, None
            return self._explain(behavior, dtype, attempt)
        return Verdict.PASS, "", attempt, None

    def _explain(
        self, behavior: Behavior, dtype: str, attempt: Attempt
    ) -> tuple[Verdict, str, Attempt, Failure | None]:
        """A divergence: blocked by a broken basic, or a failure, shrunk unless it is expected."""
        blocker = self._blocker(behavior, dtype)
        if blocker is not None:
            return Verdict.BLOCKED, f"blocked by {blocker}", attempt, None
        if self.expectations.match(behavior.id, dtype, self.adapter.device) is None:
            simplest = self._simplest(behavior, dtype, attempt)
            attempt.divergence, attempt.session = simplest.divergence, simplest.session
            attempt.data = simplest.data
        assert attempt.divergence is not None
        step = self._first_wrong_step(behavior, dtype, attempt.data)
        failure = describe(attempt.session, attempt.divergence, behavior, dtype, self.seed, step)
        return Verdict.FAIL, attempt.divergence.message, attempt, failure

    def _first_wrong_step(self, behavior: Behavior, dtype: str, data: bytes) -> str:
        example = partial(play, behavior, data, scope_of(self.adapter, dtype))
        try:
            with self._limit(SECONDS_PER_BEHAVIOR[self.profile]):
                return first_wrong_step(example, self.adapter, dtype)
        except TimeLimitError:
            return ""

    def _simplest(self, behavior: Behavior, dtype: str, found: Attempt) -> Attempt:
        """The divergence of fewest instructions among those that a few searches shrink to."""
        best, spent = Attempt(), 0
        for number in range(_SHRINKS):
            shrunk = Attempt()
            try:
                with self._limit(SECONDS_PER_BEHAVIOR[self.profile]):
                    start = self.attempt(behavior, dtype, number) if number else found
                    self._shrink(behavior, dtype, start, shrunk)
            except KeyboardInterrupt:
                raise
            except BaseException:
                pass
            spent += shrunk.examples
            best = min(best, shrunk, key=_length)
            if spent > _SHRINK_RUNS or _length(best) <= _SHORT:
                break
        return best if best.session is not None else found

    def _shrink(self, behavior: Behavior, dtype: str, start: Attempt, shrunk: Attempt) -> None:
        """Leave in ``shrunk`` the simplest divergence that the one of ``start`` shrinks to."""
        example = self._example(behavior, dtype, shrunk)

        def diverges(data: bytes) -> bool:
            with suppress(Divergence):
                example(data)
                return False
            return True

        simplest = shrink(diverges, start.data)
        with suppress(Divergence):
            example(simplest)

    def _blocker(self, behavior: Behavior, dtype: str) -> str | None:
        """The first of the behaviors this one builds on that is itself broken."""
        catalogue = registered()
        for basic in behavior.requires:
            required = catalogue[basic]
            if required.dtypes and dtype not in required.dtypes:
                continue
            if (basic, dtype) not in self._known:
                self.run(required, dtype)
            if self._known[basic, dtype] in (Verdict.FAIL, Verdict.BLOCKED):
                return basic
        return None

    def _example(self, behavior: Behavior, dtype: str, attempt: Attempt) -> Callable[[bytes], None]:
        note = self._noting(behavior.id, dtype)
        return example_runner(behavior, self.adapter, dtype, attempt, note)

    def _search(self, behavior: Behavior, dtype: str, attempt: Attempt, number: int = 0) -> None:
        """Run examples until one diverges."""
        example = self._example(behavior, dtype, attempt)
        width = total_width(behavior.given)
        count = max(1, round(PROFILES[self.profile] * behavior.examples))
        again = f"/{number}" if number else ""
        seed = crc32(f"{self.seed}/{behavior.id}/{dtype}{again}".encode())
        for data in drawn(width, count, seed):
            example(data)


def _length(attempt: Attempt) -> float:
    """How much there is to read of a divergence."""
    return inf if attempt.session is None else len(attempt.session.trace)


def _without_divergence(error: BaseException) -> tuple[Verdict, str]:
    """The verdict where no example diverged, but something else ended the try."""
    if isinstance(error, Unsupported):
        return Verdict.UNSUPPORTED, f"needs {error}"
    if isinstance(error, TimeLimitError):
        return Verdict.TIMEOUT, str(error)
    if isinstance(error, AdapterFault):
        return Verdict.ERROR, printable(str(error))
    return Verdict.ERROR, told(error)


def scope_of(adapter: Adapter, dtype: str) -> Scope:
    """What may be drawn for an engine."""
    return Scope(
        ops=frozenset(adapter.ops),
        max_ndim=3 if adapter.max_ndim is None else adapter.max_ndim,
        dtype=dtype,
        untracked=not adapter.tracks_everything,
        cotangents=adapter.takes_cotangents,
    )


def play(behavior: Behavior, data: bytes, scope: Scope, session: Session) -> None:
    """Run the example that the bytes stand for, and check the frame condition."""
    with np.errstate():
        behavior.run(session, **decode_all(behavior.given, data, scope))
        session.finish()


def _unnoted(data: bytes) -> None:
    """Tell nobody of an example."""


def example_runner(
    behavior: Behavior,
    adapter: Adapter,
    dtype: str,
    attempt: Attempt,
    note: Callable[[bytes], None] = _unnoted,
) -> Callable[[bytes], None]:
    """The function of an example's bytes that runs the behavior and checks the frame condition."""
    scope, modes = scope_of(adapter, dtype), Modes(adapter)

    def example(data: bytes) -> None:
        session = Session(adapter, dtype)
        attempt.examples += 1
        note(data)
        try:
            play(behavior, data, scope, session)
        except Divergence as divergence:
            attempt.divergence, attempt.session, attempt.data = divergence, session, data
            raise
        finally:
            modes.restore()

    return example


def _as_expected(verdict: Verdict, reason: str, expected: Expectation) -> tuple[Verdict, str]:
    if verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.TIMEOUT):
        return Verdict.EXPECTED_FAILURE, f"{expected.reason} ({expected.link})"
    if verdict is Verdict.PASS:
        return Verdict.UNEXPECTED_PASS, f"expected to fail: {expected.reason} ({expected.link})"
    return verdict, reason
