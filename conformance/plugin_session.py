"""One run seen from the process that oversees it: verdicts as they fall, then the reports."""

from __future__ import annotations

import io
import os
import shutil
import time
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from _pytest.junitxml import xml_key
from rich.console import Console

from . import report as reports
from .isolation import judge_death
from .journal import Journal
from .plan import Plan
from .plugin_collection import node_id
from .plugin_verdicts import Divergence, carried, settle
from .report.document import file_name
from .results import Result, RunInfo, Verdict

__all__ = ["Overseer"]


class Overseer:
    """Keeps the journal of a run and writes its reports; a plugin of the controller alone.

    Nothing is written until the first verdict falls.
    """

    def __init__(self, plan: Plan, directory: Path) -> None:
        self._plan = plan
        self._directory = directory
        self._journal: Journal | None = None
        self._page: Path | None = None
        self._results: dict[tuple[str, str], Result] = {}
        self._started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._clock = time.monotonic()
        self._info: RunInfo | None = None
        self._update = ""
        self._records = TemporaryDirectory(prefix="conformance-")

    def record(self, worker: str) -> Path:
        """The file in which a worker notes each example before it runs."""
        return Path(self._records.name) / worker

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """Give a verdict for the trial during which a worker died; another worker goes on."""
        for behavior, dtype in self._plan.trials():
            if node_id(behavior, dtype) == crashitem:
                report.location = (crashitem.partition("::")[0], None, f"{behavior.id} ({dtype})")
                record = self.record(report.node.gateway.id)
                result = judge_death(self._plan, behavior, dtype, record, str(report.longrepr))
                result = self._plan.with_expectation(self._plan.with_replay(result))
                settle(report, result, self._plan.replay(result))
                _describe_in_junit(report, result)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write a verdict down as it falls; dress a report that came from a worker once more."""
        result = carried(report)
        if result is None:
            return
        if report.failed and isinstance(report.longrepr, str):
            report.longrepr = Divergence(result, report.location, self._plan.replay(result))
        if self._journal is None:
            info = self._facts()
            name = f"{file_name(info.adapter)}-{file_name(info.device)}"
            self._journal = Journal.open(self._directory / f"{name}.jsonl", info)
            for kind in ("html", "json"):  # of an older run; this one may not live to replace them
                (self._directory / f"{name}.{kind}").unlink(missing_ok=True)
        self._journal.add(result)
        self._results[result.behavior, result.dtype] = result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports of whatever was tried; a whole run that tried nothing is an error."""
        if self._journal is None:
            return
        self._info = self._facts()
        self._journal.close(self._info)
        page, _ = reports.write_reports(self._directory, self._info, self._ordered())
        self._page = Path(page)
        if self._plan.request.update_expectations:
            changes = self._plan.updated_expectations(self._results)
            self._update = f"{self._plan.request.expectations}: {changes}"
        if self._tried_nothing():
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the closing table and where the report is."""
        if self._info is None or self._page is None:
            return
        if terminalreporter.verbosity >= 0:
            stream, color = io.StringIO(), terminalreporter.hasmarkup
            width = shutil.get_terminal_size((100, 24)).columns
            console = Console(file=stream, width=width, force_terminal=color, highlight=False)
            reports.closing_table(self._info, self._ordered(), console)
            terminalreporter.write(f"\n{stream.getvalue()}")
        if self._tried_nothing():
            terminalreporter.write_line(
                f"nothing was tried: adapter {self._info.adapter!r} implements none of what these "
                "behaviors need",
                red=True,
            )
        if self._update:
            terminalreporter.write_line(f"expectations: {self._update}")
        page = os.path.relpath(self._page)
        terminalreporter.write_line(f"report: {self._page if page.startswith('..') else page}")

    def _facts(self) -> RunInfo:
        """The facts of the run so far; it is complete when nothing up to its level is untried."""
        trials = self._plan.trials()
        return self._plan.info(
            started=self._started,
            seconds=round(time.monotonic() - self._clock, 3),
            complete=all((behavior.id, dtype) in self._results for behavior, dtype in trials),
        )

    def _ordered(self) -> list[Result]:
        """The results, in the order of the catalogue however they came in."""
        keys = [(behavior.id, dtype) for behavior, dtype in self._plan.trials()]
        return [self._results[key] for key in keys if key in self._results]

    def _tried_nothing(self) -> bool:
        """Whether a complete run found not one behavior that the engine implements."""
        untried = {Verdict.UNSUPPORTED, Verdict.BLOCKED}
        complete = self._info is not None and self._info.complete
        return complete and {result.verdict for result in self._results.values()} <= untried


def _describe_in_junit(report: pytest.TestReport, result: Result) -> None:
    """Give the JUnit file the properties of a trial whose worker died before it could.

    pytest reads them off the report of a teardown, and here there is none.
    """
    junit = report.node.config.stash.get(xml_key, None)
    if junit is None:
        return
    for name, value in result.properties():
        junit.node_reporter(report).add_property(name, value)
