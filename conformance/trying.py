"""Running examples of one behavior: drawn until one fails, replayed from bytes, or shrunk."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from math import inf
from zlib import crc32

import numpy as np

from conformance import signature
from conformance.adapter import Adapter, Unsupported
from conformance.behavior import Behavior
from conformance.draw import Scope, decode_all, total_width
from conformance.modes import Modes
from conformance.results import Verdict
from conformance.searching import drawn, shrink
from conformance.session import Session
from conformance.stepping import first_wrong_step
from conformance.timeout import TimeLimitError, time_limit
from conformance.trace import AdapterFault, Divergence, printable, told

__all__ = ["Attempt", "Noting", "Trier", "play", "scope_of", "unnoted"]

_SHRINKS = 3
_SHRINK_RUNS = 1000
_SHORT = 4
_REPLAYS = 3


@dataclass(slots=True)
class Attempt:
    """How one try at a behavior went: examples run, and the last divergence with its session.

    ``error`` is what else ended the try; ``data`` are the bytes of the example that failed.
    """

    examples: int = 0
    data: bytes = b""
    divergence: Divergence | None = None
    session: Session | None = None
    error: BaseException | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict, before anybody asks what was expected."""
        if self.divergence is not None:
            return Verdict.FAIL
        return Verdict.PASS if self.error is None else _verdict_of(self.error)

    @property
    def reason(self) -> str:
        """Why the verdict is not a pass."""
        if self.divergence is not None:
            return self.divergence.message
        return "" if self.error is None else _reason_of(self.error)

    @property
    def signature(self) -> str:
        """How it fails; empty where it does not."""
        if self.divergence is not None:
            return signature.of_divergence(self.divergence)
        if self.verdict is Verdict.ERROR and self.error is not None:
            return signature.of_error(self.error)
        return "timeout" if self.verdict is Verdict.TIMEOUT else ""

    @property
    def witness(self) -> bytes | None:
        """The bytes of the failing example without closing zeros, which are implied.

        A timeout has none: often it is the sum of examples that is slow.
        """
        failed = self.verdict in (Verdict.FAIL, Verdict.ERROR)
        return self.data.rstrip(b"\0") if failed else None


Note = Callable[[bytes], None]
Noting = Callable[[str, str], Note]


def unnoted(behavior: str, dtype: str) -> Note:
    """Examples of which nobody is told."""
    return lambda data: None


@dataclass(frozen=True, slots=True)
class Trier:
    """Runs examples on one engine: this many a behavior, for at most so many seconds.

    ``noting`` gives, for a behavior and dtype, what is told of each example before it runs, and
    ``limit`` stops what takes longer than it may.
    """

    adapter: Adapter
    examples: int
    seconds: float
    seed: int
    noting: Noting = unnoted
    limit: Callable[[float], AbstractContextManager[None]] = time_limit

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
        count = max(1, round(self.examples * behavior.examples))
        again = f"/{number}" if number else ""
        seed = crc32(f"{self.seed}/{behavior.id}/{dtype}{again}".encode())
        for data in drawn(total_width(behavior.given), count, seed):
            example(data)

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


def _verdict_of(error: BaseException) -> Verdict:
    if isinstance(error, Unsupported):
        return Verdict.UNSUPPORTED
    return Verdict.TIMEOUT if isinstance(error, TimeLimitError) else Verdict.ERROR


def _reason_of(error: BaseException) -> str:
    if isinstance(error, Unsupported):
        return f"needs {error}"
    if isinstance(error, TimeLimitError):
        return str(error)
    return printable(str(error)) if isinstance(error, AdapterFault) else told(error)
