"""From what was asked for to what will be tried: every argument is checked before anything runs."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from traceback import extract_tb
from typing import Any

from . import catalogue, finding, runner
from .adapter import UnusableError
from .behavior import Behavior, Level
from .expectations import Expectations
from .recorder import Recorder
from .results import Result, RunInfo, Verdict
from .timeout import lethal_limit
from .trace import told

__all__ = ["LEVELS", "PROFILES", "Plan", "Request"]

LEVELS = tuple(level.value for level in Level)
PROFILES = tuple(runner.PROFILES)


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

    request: Request
    adapter: Any
    dtypes: tuple[str, ...]
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
        adapter = _engine(request.adapter, request.device)
        offered = tuple(adapter.dtypes)
        defaults = tuple(dtype for dtype in adapter.default_dtypes if dtype in offered)
        dtypes = tuple(dict.fromkeys(request.dtypes)) or defaults or offered
        for dtype in dtypes:
            _one_of(f"dtype of adapter {adapter.name!r}", dtype, offered)
        behaviors = catalogue.load_specs()
        expectations = _expectations(request.expectations, adapter.name, behaviors)
        return cls(request, adapter, dtypes, expectations, behaviors)

    def trials(self) -> list[catalogue.Trial]:
        """Every behavior and dtype that a complete run tries."""
        return catalogue.trials(
            self.behaviors.values(),
            dtypes=self.dtypes,
            level=self.request.level,
            device=self.adapter.device,
        )

    def runner(self, record: Path | None = None) -> runner.Runner:
        """A runner for this plan.

        With a ``record`` it notes its examples there, and what cannot be interrupted ends the
        process.
        """
        request = self.request
        isolated: dict[str, Any] = {}
        if record is not None:
            isolated = {"noting": Recorder(record).noting, "limit": lethal_limit}
        return runner.Runner(
            self.adapter,
            profile=request.profile,
            seed=request.seed,
            expectations=self.expectations,
            **isolated,
        )

    def with_replay(self, result: Result) -> Result:
        """The result with the command that tries the behavior again, as this run tried it."""
        if result.failure is None:
            return result
        return replace(result, failure=replace(result.failure, replay=self.replay(result)))

    def with_expectation(self, result: Result) -> Result:
        """The result as a known failure, if the expectations list it as one."""
        device = self.adapter.device
        expected = self.expectations.match(result.behavior, result.dtype, device)
        if expected is None:
            return result
        return replace(result, verdict=Verdict.EXPECTED_FAILURE, reason=str(expected))

    def replay(self, result: Result) -> str:
        """The command that tries one behavior in one dtype again, from any directory."""
        request, adapter = self.request, self.request.adapter
        if not isinstance(adapter, str):
            adapter = f"{type(self.adapter).__module__}:{type(self.adapter).__qualname__}"
        module = self.behaviors[result.behavior].module
        words = ["pytest", "--pyargs", f"{module}::{result.behavior}[{result.dtype}]"]
        words += [f"--adapter={adapter}", f"--device={self.adapter.device}"]
        words += [f"--dtype={result.dtype}", f"--profile={request.profile}"]
        if request.expectations is not None:
            words.append(f"--expectations={request.expectations}")
        return shlex.join([*words, f"--hypothesis-seed={request.seed}"])

    def info(self, *, started: str, seconds: float, complete: bool) -> RunInfo:
        """The facts of a run of this plan."""
        return RunInfo(
            adapter=self.adapter.name,
            engine_version=self.adapter.engine_version,
            device=self.adapter.device,
            dtypes=self.dtypes,
            level=self.request.level,
            profile=self.request.profile,
            seed=self.request.seed,
            python=platform.python_version(),
            platform=platform.platform(),
            started=started,
            seconds=seconds,
            complete=complete,
        )


def _engine(adapter: Any, device: str) -> Any:
    """The adapter itself, on a device; whatever its own code raises is told in one line."""
    try:
        if isinstance(adapter, str):
            return finding.load_adapter(adapter, device)
        return adapter(device) if isinstance(adapter, type) else adapter
    except UnusableError:
        raise
    except (Exception, SystemExit) as error:
        frame = extract_tb(error.__traceback__)[-1]
        raise UnusableError(
            f"adapter {adapter!r} raises {told(error)} ({frame.filename}, line {frame.lineno})"
        ) from error


def _one_of(what: str, value: str, offered: tuple[str, ...]) -> None:
    """Refuse a value that is not offered, with a suggestion where one is near."""
    if value not in offered:
        close = get_close_matches(value, offered, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ValueError(f"unknown {what}: {value!r}; {hint}it is one of {', '.join(offered)}")


def _expectations(
    path: str | PathLike[str] | None, adapter: str, behaviors: Mapping[str, Behavior]
) -> Expectations:
    """The known failures of an adapter: those of a file before those shipped with the suite."""
    shipped = Expectations.shipped(adapter)
    if path is None:
        return shipped
    return Expectations.load(path, behaviors).for_adapter(adapter).over(shipped)
