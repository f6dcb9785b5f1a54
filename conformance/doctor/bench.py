"""Where phrases are tried: tensors made by the adapter, and phrases said with what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from difflib import get_close_matches
from io import StringIO
from traceback import extract_tb
from typing import Any

import numpy as np

from conformance.adapter import Adapter
from conformance.kernels import Array
from conformance.phrase import mentions
from conformance.timeout import time_limit
from conformance.trace import told
from conformance.vocabulary import slots

from . import kinds
from .diagnosis import Finding
from .kinds import NUMERIC, Blocked, Doubtful, Faulty

SECONDS = 10.0


class Bench:
    """An adapter on trial.

    Args:
        adapter: what is sound of it.
        broken: phrases that are already known not to work.
    """

    def __init__(self, adapter: Adapter, broken: set[str]) -> None:
        self.adapter = adapter
        self.broken = broken
        self._shown: list[tuple[Any, str]] = []

    def need(self, *phrases: str) -> None:
        """See that phrases exist and work.

        Raises:
            Blocked: one does not.
        """
        for phrase in phrases:
            if phrase in self.broken:
                raise Blocked(f"needs `{phrase}`, which does not work")
            if not self.adapter.can(phrase):
                raise Blocked(f"needs `{phrase}`, which has no phrase")

    def say(self, phrase: str, *arguments: Any) -> Any:
        """What the phrase gives.

        Raises:
            Faulty: it raised, or did not come to an end.
        """
        try:
            with time_limit(SECONDS), redirect_stdout(StringIO()):
                return self.adapter[phrase](*arguments)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise self.wrong(phrase, *arguments)(*_raised(phrase, error)) from error

    def dtype(self) -> Any:
        """The first floating dtype that the engine offers.

        Raises:
            Blocked: there is none.
        """
        for name in self.adapter.dtypes:
            return self.adapter.dtype_objects[name]
        raise Blocked("needs a floating dtype, and `dtypes` offers none that exists")

    def wrong(self, phrase: str, *arguments: Any) -> kinds.Wrong:
        """Makes findings about a phrase that was said with these arguments."""
        tried = self.tried(phrase, arguments)
        return lambda came, mend: Faulty(Finding(phrase, tried, came, mend))

    def doubt(self, phrase: str, arguments: Sequence[Any], came: str, mend: str) -> Doubtful:
        """What looks wrong, but may be so because of the engine."""
        return Doubtful(Finding(phrase, self.tried(phrase, arguments), came, mend))

    def tried(self, phrase: str, arguments: Sequence[Any]) -> str:
        """The phrase with what stood in its slots."""
        text = self.adapter.text(phrase) or phrase
        named = zip(slots(phrase), arguments, strict=False)
        used = [f"{slot} = {self._name(x)}" for slot, x in named if mentions(text, slot)]
        return f"{text}  with {', '.join(used)}" if used else text

    def tensor(self, value: Any, tracked: bool = False, dtype: str | None = None) -> Any:
        """A tensor of the engine.

        Raises:
            Blocked: tensors cannot be made.
        """
        self.need("tensor")
        return self.made(value, tracked, dtype)

    def made(self, value: Any, tracked: bool = False, dtype: str | None = None) -> Any:
        """A tensor of the engine, for the trial of the phrase that makes them."""
        made_in = self.adapter.dtype_objects[dtype] if dtype else self.dtype()
        numbers = np.asarray(value, dtype=dtype or next(iter(self.adapter.dtypes)))
        given = (numbers, made_in, self.adapter.device, tracked)
        handle = self.say("tensor", *given)
        return self.known(handle, np.array2string(numbers, separator=", "))

    def known(self, handle: Any, shown: str) -> Any:
        """The handle, which findings call ``shown`` from here on."""
        self._shown.append((handle, shown))
        return handle

    def numbers(self, phrase: str, arguments: Sequence[Any], result: Any) -> Array:
        """The numbers of a tensor that a phrase gave.

        Raises:
            Faulty: what it gave is no tensor.
        """
        self.need("value")
        wrong, wanted = self.wrong(phrase, *arguments), "a tensor of the engine"
        alien = isinstance(result, NUMERIC) and not isinstance(self.made(1.0), NUMERIC)
        if result is None or alien or isinstance(result, tuple | list | str):
            came = f"{kinds.described(result)}, not {wanted}"
            raise wrong(came, kinds.mend_for(result, wanted))
        try:
            read = self.say("value", result)
        except Faulty as fault:
            came = f"{kinds.described(result)}, of which `value` {fault.finding.came}"
            raise wrong(came, kinds.mend_for(result, wanted)) from fault
        return kinds.array(read, wrong)

    def expect(self, phrase: str, arguments: Sequence[Any], result: Any, expected: Any) -> None:
        """See that a phrase gave a tensor of the right shape, and doubt wrong numbers.

        Raises:
            Faulty: it is no tensor, or has another shape.
            Doubtful: its numbers are wrong.
        """
        self.agree(phrase, arguments, self.numbers(phrase, arguments, result), expected)

    def agree(self, phrase: str, arguments: Sequence[Any], found: Array, expected: Any) -> None:
        """See that numbers have the right shape, and doubt them where they are others."""
        right = np.asarray(expected, dtype=np.float64)
        if found.shape != right.shape:
            raise self.wrong(phrase, *arguments)(
                f"shape {found.shape}, not {right.shape}",
                "see that the phrase uses every slot as the suite means it",
            )
        if not np.allclose(found.astype(np.float64), right, rtol=1e-3, atol=1e-6):
            raise self.doubt(
                phrase,
                arguments,
                f"{found.tolist()}, where {right.tolist()} is right",
                "compare the phrase with what the suite means; if it is right, the engine is not",
            )

    def _name(self, value: Any) -> str:
        for handle, shown in self._shown:
            if handle is value:
                return shown
        if isinstance(value, list | tuple):
            inside = ", ".join(self._name(x) for x in value)
            return f"[{inside}]" if isinstance(value, list) else f"({inside})"
        if isinstance(value, np.ndarray):
            return np.array2string(value, separator=", ").replace("\n", "")
        if isinstance(value, Callable):  # type: ignore[arg-type]
            return getattr(value, "__name__", type(value).__name__)
        return repr(value) if len(repr(value)) < 40 else f"a {type(value).__name__}"


def _raised(phrase: str, error: BaseException) -> tuple[str, str]:
    """What came of a phrase that raised, and the mend."""
    frames = extract_tb(error.__traceback__)
    last = frames[-1]
    came = f"raises {told(error)}{_nearest(error)}"
    if last.filename.startswith("<phrase") or isinstance(error, NotImplementedError):
        return came, "say it as the engine does, or leave the phrase out if the engine lacks it"
    place = f"{came} ({last.filename}, line {last.lineno})"
    return place, (
        "give the engine what it takes; leave the phrase out if the engine lacks it; if the call "
        f"is right, the engine cannot do {phrase} yet"
    )


def _nearest(error: BaseException) -> str:
    """What the object has that is spelled nearly like what was asked of it."""
    if not isinstance(error, AttributeError) or not isinstance(error.name, str):
        return ""
    close = get_close_matches(error.name, dir(error.obj), n=1)
    return f"; perhaps `{close[0]}` is meant" if close else ""
