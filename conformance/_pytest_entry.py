"""Registers the pytest plugin only when the suite is what pytest was asked to run.

Installed beside other projects this module must stay cheap and leave every option name free: many
repositories define ``--device`` in a conftest of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pytest

PACKAGE = "conformance"
_MARKERS = ("_pytest_entry.py", "behavior.py", "specs/__init__.py")

INI_OPTIONS = {
    "conformance_adapter": "engine to try: a built-in name, package.module:Class, or file.py:Class",
    "conformance_device": "device to run on, as the engine names it",
    "conformance_dtype": "dtypes to try, separated by commas",
    "conformance_level": "level to try up to: core, extended or full",
    "conformance_profile": "examples per behavior: quick, default or deep",
    "conformance_expectations": "TOML file of known failures",
    "conformance_report": "directory for the reports",
    "conformance_isolate": "try behaviors in worker processes",
    "conformance_update_expectations": "write the failures of each run into the expectations",
    "conformance_run_blocked": "try also the behaviors that build on a broken one",
}
_SWITCHES = (
    "conformance_isolate", "conformance_update_expectations", "conformance_run_blocked",
)  # fmt: skip


def suite_root(path: Path) -> Path | None:
    """The suite's package directory that ``path`` is, or in whose specs it lies; else nothing."""
    above = (folder.parent for folder in (path, *path.parents) if folder.name == "specs")
    for root in (path, *above):
        if root.name == PACKAGE and all((root / marker).is_file() for marker in _MARKERS):
            return root
    return None


def selects_suite(arguments: Iterable[str], *, pyargs: bool, directory: Path) -> bool:
    """Whether a positional argument names the suite or some of its specs, as path or module."""
    for argument in arguments:
        name = argument.partition("[")[0].partition("::")[0]
        if pyargs and (name == PACKAGE or f"{name}.".startswith(f"{PACKAGE}.specs.")):
            return True
        if suite_root(directory / name) is not None:
            return True
    return False


def names_missing_suite(arguments: Iterable[str], *, directory: Path) -> bool:
    """Whether the suite was asked for by its name, in a place that has nothing of that name."""
    return PACKAGE in arguments and not (directory / PACKAGE).exists()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Name the ini options; load the plugin and its own options if the suite may be selected.

    The ini names are always known, so that a project which sets them is not warned about them
    when it runs other tests.
    """
    for name, help_text in INI_OPTIONS.items():
        kind: Literal["bool"] | None = "bool" if name in _SWITCHES else None
        parser.addini(name, f"autograd-conformance: {help_text}", type=kind)
    config = pluginmanager.get_plugin("pytestconfig")
    if config is None:
        return
    invocation: pytest.Config.InvocationParams = config.invocation_params
    try:
        known, unknown = parser.parse_known_and_unknown_args(invocation.args)
    except (pytest.UsageError, SystemExit):
        return
    positional = [*known.file_or_dir, *(word for word in unknown if not word.startswith("-"))]
    if selects_suite(
        positional, pyargs=known.pyargs, directory=invocation.dir
    ) or names_missing_suite(positional, directory=invocation.dir):
        from conformance import plugin

        pluginmanager.register(plugin, "autograd_conformance_suite")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark an item that ``run_conformance`` made with its level, so that ``-m`` can choose it.

    The mark is made known only now, so that projects without such items see none of it.
    """
    callspec: Any = getattr(item, "callspec", None)
    trial: Any = callspec.params.get("conformance_trial") if callspec is not None else None
    if type(trial).__module__ != "conformance.embed":
        return
    level = trial.behavior.level.value
    declared = f"{level}: a behavior of the {level} level"
    if declared not in item.config.getini("markers"):
        item.config.addinivalue_line("markers", declared)
    item.add_marker(level)
