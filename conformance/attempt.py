"""How a try at a behavior ended."""

from __future__ import annotations

from dataclasses import dataclass

from conformance import signature
from conformance.adapter import Unsupported
from conformance.results import Verdict
from conformance.session import Session
from conformance.timeout import TimeLimitError
from conformance.trace import AdapterFault, Divergence, printable, told

__all__ = ["Attempt"]


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
