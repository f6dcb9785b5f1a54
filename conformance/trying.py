"""Running examples of one behavior: drawn until one fails, replayed from bytes, or shrunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from math import inf
from zlib import crc32

import numpy as np

from conformance.adapter import Adapter
from conformance.attempt import Attempt
from conformance.behavior import Behavior
from conformance.culprits import operations_in, wrong_alone
from conformance.draw import Scope, decode_all, total_width
from conformance.modes import Modes
from conformance.searching import drawn, shrink
from conformance.session import Session
from conformance.stepping import first_wrong_step
from conformance.timeout import TimeLimitError, time_limit
from conformance.trace import Divergence

__all__ = ["Noting", "Trier", "play", "scope_of", "unnoted"]

_SHRINKS = 3
_SHRINK_RUNS = 1000
_SHORT = 4
_REPLAYS = 3

Note = Callable[[bytes], None]
Noting = Callable[[str, str], Note]


def unnoted(behavior: str, dtype: str) -> Note:
    """Examples of which nobody is told."""
    return lambda data: None


@dataclass(frozen=True, slots=True)
class Trier:
    """Runs examples on one engine: this many a behavior, for at most so many seconds.

    ``noting`` gives, for a behavior and dtype, what is told of each example before it runs, and
    ``limit`` stops what takes longer than it may. Examples that involve an operation of ``blamed``
    diverge for a reason that is known already, and count for nothing.
    """

    adapter: Adapter
    examples: int
    seconds: float
    seed: int
    noting: Noting = unnoted
    limit: Callable[[float], AbstractContextManager[None]] = time_limit
    blamed: frozenset[str] = frozenset()

    def attempt(self, behavior: Behavior, dtype: str, number: int = 0) -> Attempt:
        """One search for a divergence; each ``number`` draws other examples.

        Whatever else ends it, such as something that the engine lacks, is raised.
        """
        attempt = Attempt()
        with suppress(Divergence):
            self._draw(behavior, dtype, attempt, number)
        return attempt

    def search(self, behavior: Behavior, dtype: str) -> Attempt:
        """One search for a failure; raises nothing but KeyboardInterrupt."""
        return self._ended(lambda attempt: self._draw(behavior, dtype, attempt, 0))

    def replay(self, behavior: Behavior, dtype: str, witness: bytes) -> Attempt:
        """The one example that a witness stands for; raises nothing but KeyboardInterrupt."""
        data = witness.ljust(total_width(behavior.given), b"\0")
        return self._ended(lambda attempt: self._example(behavior, dtype, attempt)(data))

    def recurs(self, behavior: Behavior, dtype: str, found: Attempt) -> bool:
        """Whether a failing example fails in the same way each time that it is run again."""
        again = (self.replay(behavior, dtype, found.data) for _ in range(_REPLAYS))
        return all(attempt.signature == found.signature for attempt in again)

    def simplest(self, behavior: Behavior, dtype: str, found: Attempt) -> Attempt:
        """The same failure with fewest instructions, of those that a few searches shrink to."""
        best, spent = Attempt(), 0
        for number in range(_SHRINKS):
            shrunk = self._ended(partial(self._shrink, behavior, dtype, found, number))
            spent += shrunk.examples
            if shrunk.signature == found.signature:
                best = min(best, shrunk, key=_length)
            if spent > _SHRINK_RUNS or _length(best) <= _SHORT:
                break
        return best if best.session is not None else found

    def wrong_operations(self, behavior: Behavior, dtype: str) -> frozenset[str]:
        """The operations that a behavior of single operations fails for."""
        scope, diverging = scope_of(self.adapter, dtype), []

        def look(attempt: Attempt) -> None:
            example = self._example(behavior, dtype, attempt)
            for data in self._drawn(behavior, dtype):
                with suppress(Divergence):
                    example(data)
                    continue
                tried = decode_all(behavior.given, data, scope)["program"].steps[0].op
                assert attempt.session is not None
                diverging.append((tried, operations_in(attempt.session.trace)))
                attempt.session.release()

        self._ended(look)
        return wrong_alone(diverging)

    def first_wrong_step(self, behavior: Behavior, dtype: str, data: bytes) -> str:
        """The step of an example after which something is wrong first; empty if none is found."""
        example = partial(play, behavior, data, scope_of(self.adapter, dtype))
        try:
            with self.limit(self.seconds):
                return first_wrong_step(example, self.adapter, dtype)
        except TimeLimitError:
            return ""

    def _ended(self, examples: Callable[[Attempt], None]) -> Attempt:
        """How a try ended that is not to take too long."""
        attempt = Attempt()
        try:
            with self.limit(self.seconds):
                examples(attempt)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            attempt.error = error
        return attempt

    def _example(self, behavior: Behavior, dtype: str, attempt: Attempt) -> Note:
        """The function of an example's bytes that plays it, and keeps how it failed."""
        adapter, note = self.adapter, self.noting(behavior.id, dtype)
        scope, modes = scope_of(adapter, dtype), Modes(adapter)

        def example(data: bytes) -> None:
            session = Session(adapter, dtype)
            attempt.examples += 1
            note(data)
            try:
                play(behavior, data, scope, session)
            except Divergence as divergence:
                if self.blamed & operations_in(session.trace):
                    session.release()
                    return
                attempt.divergence, attempt.session, attempt.data = divergence, session, data
                raise
            except BaseException:
                if attempt.divergence is None:
                    attempt.data = data
                raise
            else:
                session.release()
            finally:
                modes.restore()

        return example

    def _draw(self, behavior: Behavior, dtype: str, attempt: Attempt, number: int) -> None:
        """Run drawn examples until one fails."""
        example = self._example(behavior, dtype, attempt)
        for data in self._drawn(behavior, dtype, number):
            example(data)

    def _drawn(self, behavior: Behavior, dtype: str, number: int = 0) -> Iterator[bytes]:
        """The bytes of the examples that a behavior is tried on."""
        count = max(1, round(self.examples * behavior.examples))
        again = f"/{number}" if number else ""
        seed = crc32(f"{self.seed}/{behavior.id}/{dtype}{again}".encode())
        return drawn(total_width(behavior.given), count, seed)

    def _shrink(
        self, behavior: Behavior, dtype: str, found: Attempt, number: int, shrunk: Attempt
    ) -> None:
        """Leave in ``shrunk`` the simplest example that fails as ``found`` does."""
        start = self.attempt(behavior, dtype, number) if number else found
        kept = Attempt()
        example = self._example(behavior, dtype, kept)

        def diverges_alike(data: bytes) -> bool:
            shrunk.examples += 1
            with suppress(Divergence):
                example(data)
                return False
            if kept.signature != found.signature:
                return False
            shrunk.divergence, shrunk.session, shrunk.data = kept.divergence, kept.session, data
            return True

        diverges_alike(shrink(diverges_alike, start.data))


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


def _length(attempt: Attempt) -> float:
    """How much there is to read of a divergence."""
    return inf if attempt.session is None else len(attempt.session.trace)
