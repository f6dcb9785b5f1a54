"""The suite's pytest options: how they are declared, and the request they add up to."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from .plan import LEVELS, PROFILES, Request

__all__ = [
    "RECORD",
    "SEED",
    "add_options",
    "isolates",
    "record_path",
    "report_directory",
    "request",
]

SEED = "conformance_seed"
RECORD = "conformance_record"
_DEFAULT_REPORT = "reports"


def add_options(parser: pytest.Parser) -> None:
    """Declare the options, in one group; each has an ini option that gives its default."""
    group = parser.getgroup("conformance", "conformance of an automatic-differentiation engine")
    levels, profiles = "|".join(LEVELS), "|".join(PROFILES)
    for name, metavar, text in (
        (
            "adapter",
            "NAME",
            "Try this engine: a built-in name, package.module:Class, or file.py:Class",
        ),
        ("device", "NAME", "Run on this device, as the engine names it (default: cpu)"),
        ("dtype", "NAMES", "Try these dtypes, separated by commas (default: the adapter's own)"),
        ("level", levels, f"Try behaviors up to this level (default: {LEVELS[-1]})"),
        ("profile", profiles, "Choose how many examples each behavior gets (default: default)"),
        (
            "expectations",
            "FILE",
            "Expect the failures that this TOML file lists, beside those shipped",
        ),
        ("report", "DIR", f"Write the reports into this directory (default: {_DEFAULT_REPORT})"),
    ):
        group.addoption(f"--{name}", dest=f"conformance_{name}", metavar=metavar, help=text)
    for name, text in (
        ("update-expectations", "Write the failures of this run into the file of --expectations"),
        ("run-blocked", "Try also the behaviors that build on a broken one"),
        ("isolate", "Try behaviors in worker processes, so that a crash or hang ends but one"),
    ):
        dest = f"conformance_{name.replace('-', '_')}"
        group.addoption(f"--{name}", dest=dest, action="store_true", default=None, help=text)


def request(config: pytest.Config) -> Request:
    """What the command line and the ini file ask for.

    Raises:
        pytest.UsageError: no engine was named, or the seed is not a whole number.
    """
    adapter = _text(config, "adapter")
    if not adapter:
        raise pytest.UsageError(
            "name the engine to try: --adapter=torch, --adapter=package.module:Class, "
            "or --adapter=path/to/file.py:Class"
        )
    if ".py:" in adapter:
        adapter = str(_located(config, "adapter", adapter))
    expectations = _text(config, "expectations")
    dtypes = (name.strip() for name in _text(config, "dtype").split(","))
    return Request(
        adapter=adapter,
        device=_text(config, "device") or "cpu",
        dtypes=tuple(name for name in dtypes if name),
        level=_text(config, "level") or LEVELS[-1],
        profile=_text(config, "profile") or "default",
        expectations=_located(config, "expectations", expectations) if expectations else None,
        seed=_seed(config),
        update_expectations=_switch(config, "update_expectations"),
        run_blocked=_switch(config, "run_blocked"),
    )


def report_directory(config: pytest.Config) -> Path:
    """Where the reports of this run go."""
    return _located(config, "report", _text(config, "report") or _DEFAULT_REPORT)


def isolates(config: pytest.Config, arguments: Sequence[str] = ()) -> bool:
    """Whether behaviors are tried in worker processes; the ``arguments`` may not be parsed yet.

    Raises:
        pytest.UsageError: the ini file says neither true nor false.
    """
    try:
        return "--isolate" in arguments or _switch(config, "isolate")
    except ValueError as error:
        raise pytest.UsageError(f"conformance_isolate: {error}") from None


def record_path(config: pytest.Config) -> Path | None:
    """Where this worker notes its examples; None outside of workers."""
    workerinput: dict[str, Any] = getattr(config, "workerinput", {})
    return Path(workerinput[RECORD]) if RECORD in workerinput else None


def _text(config: pytest.Config, name: str) -> str:
    """An option as given on the command line, else in the ini file, else empty."""
    given: Any = config.getoption(f"conformance_{name}")
    if given is None:
        given = config.getini(f"conformance_{name}") or ""
    return str(given).strip()


def _switch(config: pytest.Config, name: str) -> bool:
    """Whether an option is given on the command line, else set in the ini file."""
    given: Any = config.getoption(f"conformance_{name}", None)
    return bool(config.getini(f"conformance_{name}") if given is None else given)


def _located(config: pytest.Config, name: str, value: str) -> Path:
    """A path, from the ini file's directory if it was given there, else from the working one."""
    in_ini = config.getoption(f"conformance_{name}") is None and config.getini(
        f"conformance_{name}"
    )
    if in_ini and config.inipath is not None:
        return config.inipath.parent / value
    return config.invocation_params.dir / value


def _seed(config: pytest.Config) -> int:
    """The controller's seed in a worker; else the one given for Hypothesis; else a fresh one."""
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is not None and SEED in workerinput:
        return int(workerinput[SEED])
    given: Any = config.getoption("--hypothesis-seed", None)
    if given is None:
        return secrets.randbelow(2**32)
    try:
        return int(given)
    except ValueError:
        raise pytest.UsageError(f"--hypothesis-seed takes a whole number, not {given!r}") from None
