"""The pytest plugin: options, collection, verdicts and reports, in the order of a run's life.

The controller checks every argument before a worker starts, keeps the journal and writes the
reports; workers only try behaviors and send each result home on its report.
"""

from __future__ import annotations

from argparse import ArgumentError
from collections.abc import Generator
from pathlib import Path
from typing import Any, Protocol

import pytest

from . import plugin_options as options
from ._pytest_entry import PACKAGE, names_missing_suite, selects_suite, suite_root
from .behavior import Level
from .isolation import with_workers
from .plan import Plan
from .plugin_collection import PLAN, RESULT, TrialItem, collector, put_in_order
from .plugin_session import Overseer
from .plugin_verdicts import fault, settle
from .results import Verdict

_OVERSEER = "autograd_conformance_overseer"
_RESTARTS = 100
_TAKEN = ("already added", "conflicting option string")


class _WorkerController(Protocol):
    """What this module uses of the controller's handle on one of xdist's workers."""

    config: pytest.Config
    gateway: Any
    workerinput: dict[str, Any]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    options.add_options(parser)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Start workers where behaviors are to be isolated.

    And say what to do about a conftest that wants an option name of the suite.

    Older versions of pytest notice the second use of a name only when they next parse something.
    """
    if options.isolates(early_config, args):
        args[:] = with_workers(args)
    try:
        loaded = yield
        parser.parse_known_args([])
        return loaded
    except (ValueError, ArgumentError) as error:
        if not any(words in str(error) for words in _TAKEN):
            raise
        raise pytest.UsageError(
            f"a conftest.py here declares an option that the suite has too ({error}); "
            "add --noconftest, or run the suite from another directory"
        ) from error


def pytest_configure(config: pytest.Config) -> None:
    """Stand back if the suite is not among the arguments after all; register the level markers."""
    directory = config.invocation_params.dir
    if not selects_suite(config.args, pyargs=config.option.pyargs, directory=directory):
        config.pluginmanager.unregister(name="autograd_conformance_suite")
        if names_missing_suite(config.args, directory=directory):
            raise pytest.UsageError(
                f"there is no directory {PACKAGE!r} here; to run the installed suite add --pyargs"
            )
        return
    for level in Level:
        config.addinivalue_line("markers", f"{level.value}: a behavior of the {level.value} level")
    if getattr(config.option, "maxworkerrestart", "") is None:
        config.option.maxworkerrestart = str(_RESTARTS)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Check every argument and load the engine; in the controller, before any worker starts."""
    config = session.config
    try:
        plan = Plan.of(options.request(config))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[PLAN] = plan
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        overseer = Overseer(plan, options.report_directory(config))
        config.pluginmanager.register(overseer, _OVERSEER)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is tried, and the seed that tries it again."""
    plan = config.stash.get(PLAN, None)
    if plan is None:
        return []
    engine, asked = plan.adapter, plan.request
    return [
        f"conformance: {engine.name} {engine.engine_version} on {engine.device}, "
        f"{', '.join(plan.dtypes)}",
        f"conformance: level {asked.level}, profile {asked.profile}, "
        f"--hypothesis-seed={asked.seed}",
    ]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: _WorkerController) -> None:
    """Give a worker of xdist the controller's seed, so that all draw the same examples.

    It also gets a place to note each example, for when it dies.
    """
    node.workerinput[options.SEED] = node.config.stash[PLAN].request.seed
    overseer = node.config.pluginmanager.get_plugin(_OVERSEER)
    if overseer is not None:
        node.workerinput[options.RECORD] = str(overseer.record(node.gateway.id))


@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the package directory as the suite."""
    return collector(path, parent)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Collect a module of specs as a chapter, and as nothing else."""
    found = yield
    if suite_root(file_path) is None:
        return found
    chapter = collector(file_path, parent)
    return [] if chapter is None else [chapter]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try what other behaviors build on before them."""
    put_in_order(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the verdict of a trial into the outcome of its report."""
    report = yield
    if not isinstance(item, TrialItem) or report.when != "call":
        return report
    plan, result = item.config.stash[PLAN], item.stash.get(RESULT, None)
    if result is None:
        if call.excinfo is None or not isinstance(call.excinfo.value, Exception):
            return report
        result = fault(item.behavior, item.dtype, Verdict.ERROR, call.excinfo.exconly())
        report.sections.append(("a fault of the suite itself", report.longreprtext))
    item.user_properties += result.properties()
    settle(report, plan.with_replay(result), plan.replay(result))
    return report
