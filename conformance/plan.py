"""From what was asked for to what will be tried: every argument is checked before anything runs."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from typing import TYPE_CHECKING, Any

from . import adapter as adapters
from . import catalogue
from .behavior import Behavior, Level
from .expectations import Expectations
from .results import RunInfo

if TYPE_CHECKING:
    from .runner import Runner

__all__ = ["LEVELS", "PROFILES", "Plan", "Request"]

LEVELS = tuple(level.value for level in Level)
PROFILES = ("quick", "default", "deep")


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for. ``adapter`` is a name or an adapter that was already made."""

    adapter: Any
    device: str = "cpu"
    dtypes: tuple[str, ...] = ()
    level: str = LEVELS[-1]
    profile: str = "default"
    expectations: str | PathLike[str] | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked request: the engine to try, and what to try on it."""

    adapter: Any
    device: str
    dtypes: tuple[str, ...]
    level: str
    profile: str
    seed: int
    expectations: Expectations
    behaviors: Mapping[str, Behavior]

    @classmethod
    def of(cls, request: Request) -> Plan:
        """The plan for a request.

        Raises:
            ValueError: an argument cannot be used; one line names it and the mend.
        """
        _one_of("level", request.level, LEVELS)
        _one_of("profile", request.profile, PROFILES)
        adapter = request.adapter
        if isinstance(adapter, str):
            adapter = adapters.load_adapter(adapter, request.device)
        offered = tuple(adapter.dtypes)
        defaults = tuple(dtype for dtype in adapter.default_dtypes if dtype in offered)
        dtypes = request.dtypes or defaults or offered
        for dtype in dtypes:
            _one_of(f"dtype on {adapter.name}", dtype, offered)
        behaviors = catalogue.load_specs()
        return cls(
            adapter=adapter,
            device=adapter.device,
            dtypes=tuple(dict.fromkeys(dtypes)),
            level=request.level,
            profile=request.profile,
            seed=request.seed,
            expectations=_expectations(request.expectations, adapter.name, behaviors),
            behaviors=behaviors,
        )

    @property
    def name(self) -> str:
        """The engine and the device in one word, fit for a file name."""
        words = f"{self.adapter.name}-{self.device}"
        return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in words)

    def trials(self) -> list[catalogue.Trial]:
        """Every behavior and dtype that a complete run tries."""
        return catalogue.trials(self.behaviors.values(), dtypes=self.dtypes, level=self.level)

    def replay(self, behavior: Behavior, dtype: str) -> str:
        """The command that tries one behavior in one dtype again, from any directory."""
        words = ["pytest", "--pyargs", f"{behavior.module}::{behavior.id}[{dtype}]"]
        words += [f"--adapter={self.request.adapter}"] if self.by_name else []
        words += [f"--device={self.device}", f"--dtype={dtype}", f"--profile={self.profile}"]
        if self.request.expectations is not None:
            words.append(f"--expectations={self.request.expectations}")
        return shlex.join([*words, f"--hypothesis-seed={self.seed}"])

    def runner(self) -> Runner:
        """A runner for this plan."""
        from .runner import Runner

        return Runner(
            self.adapter, profile=self.profile, seed=self.seed, expectations=self.expectations
        )

    def info(self, *, started: str, seconds: float, complete: bool) -> RunInfo:
        """The facts of a run of this plan."""
        return RunInfo(
            adapter=self.adapter.name,
            engine_version=self.adapter.engine_version,
            device=self.device,
            dtypes=self.dtypes,
            level=self.level,
            profile=self.profile,
            seed=self.seed,
            python=platform.python_version(),
            platform=platform.platform(),
            started=started,
            seconds=seconds,
            complete=complete,
        )


def _one_of(what: str, value: str, offered: tuple[str, ...]) -> None:
    """Refuse a value that is not offered, with a suggestion where one is near."""
    if value not in offered:
        close = get_close_matches(value, offered, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ValueError(f"unknown {what}: {value!r}; {hint}offered: {', '.join(offered)}")


def _expectations(
    path: str | PathLike[str] | None, adapter: str, behaviors: Mapping[str, Behavior]
) -> Expectations:
    """The known failures of an adapter: those of a file before those shipped with the suite."""
    shipped = Expectations.shipped(adapter)
    if path is None:
        return shipped
    return Expectations.load(path, behaviors).for_adapter(adapter).over(shipped)
