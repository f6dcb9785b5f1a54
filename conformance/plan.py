"""From what was asked for to what will be tried: every argument is checked before anything runs."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from traceback import extract_tb
from typing import Any

from . import __version__, catalogue, finding, runner
from .adapter import UnusableError
from .behavior import Behavior, Level
from .confinement import confined
from .evidence import catalogue_digest, expectations_digest
from .expectation_update import Changes, Run, updated
from .expectations import Expectations, ExpectationsError
from .gate import against
from .memory import Measuring, unmeasured
from .recorder import Recorder
from .results import Result, RunInfo, Verdict
from .trace import told

__all__ = ["LEVELS", "PROFILES", "Plan", "Request"]

LEVELS = tuple(level.value for level in Level)
PROFILES = tuple(runner.PROFILES)
_SHOWN = frozenset({Verdict.FAIL})
_WRITTEN = _SHOWN | {Verdict.EXPECTED_FAILURE}


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
    update_expectations: bool = False
    run_blocked: bool = False


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
        expectations = _expectations(request, adapter, behaviors)
        return cls(request, adapter, dtypes, expectations, behaviors)

    def trials(self) -> list[catalogue.Trial]:
        """Every behavior and dtype that a complete run tries."""
        return catalogue.trials(
            self.behaviors.values(),
            dtypes=self.dtypes,
            level=self.request.level,
            device=self.adapter.device,
        )

    def runner(self, record: Path | None = None, memory: Measuring = unmeasured) -> runner.Runner:
        """A runner for this plan.

        With a ``record``, as workers have one, it notes its examples there, and what cannot be
        interrupted ends the process. ``memory`` measures the growth of memory.
        """
        request = self.request
        replaceable: dict[str, Any] = {}
        if record is not None:
            recorder = Recorder(record)
            replaceable = {"noting": recorder.noting, "limit": confined(recorder)}
        return runner.Runner(
            self.adapter,
            profile=request.profile,
            seed=request.seed,
            expectations=self.expectations,
            **replaceable,
            memory=memory,
            dependants=_dependants(request),
            shrunk=_WRITTEN if request.update_expectations else _SHOWN,
        )

    def updated_expectations(self, results: Mapping[tuple[str, str], Result]) -> Changes:
        """Write the file of known failures anew from the results of a run of this plan.

        Raises:
            ValueError: the file can no longer be read or written.
        """
        engine, path = self.adapter, Path(self.request.expectations or "")
        dtypes = tuple(dict.fromkeys((*self.dtypes, *engine.default_dtypes)))
        every = catalogue.trials(self.behaviors.values(), dtypes=dtypes, device=engine.device)
        run = Run(
            adapter=engine.name,
            version=engine.engine_version,
            device=engine.device,
            results=results,
            trials=[(behavior.id, dtype) for behavior, dtype in every],
            shipped=Expectations.shipped(engine.name, version=engine.engine_version),
        )
        try:
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            changes = updated(text, str(path), run)
            path.write_text(changes.text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise ExpectationsError(f"cannot write {path}: {error.strerror}") from None
        return changes

    def with_replay(self, result: Result) -> Result:
        """The result with the command that tries the behavior again, as this run tried it."""
        if result.failure is None:
            return result
        return replace(result, failure=replace(result.failure, replay=self.replay(result)))

    def with_expectation(self, result: Result) -> Result:
        """The result as a known failure, if the expectations list it as one."""
        device = self.adapter.device
        expected = self.expectations.match(result.behavior, result.dtype, device)
        verdict, reason = against(expected, result.verdict, result.reason, result.signature)
        return replace(result, verdict=verdict, reason=reason)

    def replay(self, result: Result) -> str:
        """The command that tries one behavior in one dtype again, from any directory."""
        module = self.behaviors[result.behavior].module
        return self._command(f"{module}::{result.behavior}[{result.dtype}]", (result.dtype,))

    def _command(self, target: str, dtypes: Iterable[str]) -> str:
        """The command that tries ``target`` as this plan does."""
        request, adapter = self.request, self.request.adapter
        if not isinstance(adapter, str):
            adapter = finding.spelled(type(self.adapter))
        words = ["pytest", "--pyargs", target, f"--adapter={adapter}"]
        words += [f"--device={self.adapter.device}", f"--dtype={','.join(dtypes)}"]
        words += [f"--profile={request.profile}"]
        if request.level != LEVELS[-1]:
            words.append(f"--level={request.level}")
        if request.expectations is not None and not request.update_expectations:
            words.append(f"--expectations={request.expectations}")
        if request.run_blocked:
            words.append("--run-blocked")
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
            catalogue=catalogue_digest(self.behaviors.values()),
            expectations=expectations_digest(self.expectations),
            command=self._command("conformance", self.dtypes),
            suite=__version__,
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


def _dependants(request: Request) -> runner.Dependants:
    """What a run does with behaviors that build on a broken one.

    Failures that are about to be written down as known block nothing, so neither do they here.
    """
    if request.update_expectations:
        return runner.Dependants.JUDGED
    return runner.Dependants.TRIED if request.run_blocked else runner.Dependants.LEFT_OUT


def _expectations(
    request: Request, adapter: Any, behaviors: Mapping[str, Behavior]
) -> Expectations:
    """The known failures of an adapter: those of a file before those shipped with the suite."""
    version = adapter.engine_version
    shipped = Expectations.shipped(adapter.name, version=version)
    if request.update_expectations:
        return _to_be_updated(request.expectations, behaviors, adapter).over(shipped)
    if request.expectations is None:
        return shipped
    own = Expectations.load(request.expectations, behaviors).read()
    return own.for_engine(adapter.name, version).over(shipped)


def _to_be_updated(
    path: str | PathLike[str] | None, behaviors: Mapping[str, Behavior], adapter: Any
) -> Expectations:
    """The known failures of a file that may be absent yet, and hold entries without a reason."""
    if path is None:
        raise ExpectationsError("name the file to update: --expectations=FILE")
    if not Path(path).exists():
        return Expectations()
    return Expectations.load(path, behaviors).for_engine(adapter.name, adapter.engine_version)
