"""The closing words of a run in a terminal: the tallies, the divergences, and where the page is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.results import Result, RunInfo, Verdict

from .document import build_document
from .html import printable
from .view import WORDS

_COLUMNS = (
    ("failed", "bold red", (Verdict.FAIL, Verdict.ERROR, Verdict.CRASH, Verdict.TIMEOUT)),
    ("unexpected\npass", "bold cyan", (Verdict.UNEXPECTED_PASS,)),
    ("expected\nfailure", "yellow", (Verdict.EXPECTED_FAILURE,)),
    ("blocked", "magenta", (Verdict.BLOCKED,)),
    ("unsup-\nported", "dim", (Verdict.UNSUPPORTED,)),
)
_STYLES = {verdict: style for _, style, verdicts in _COLUMNS for verdict in verdicts}


def closing_table(
    info: RunInfo,
    results: Iterable[Result],
    console: Console,
    *,
    report: str | PathLike[str] | None = None,
) -> None:
    """Print the run's tallies by level and area, its divergences, and the path of ``report``."""
    results = list(results)
    summary = build_document(info, results)["summary"]
    console.print(_table(info, summary))
    diverging = [result for result in results if result.verdict.breaks_the_gate]
    if diverging:
        console.print(Text("Divergences", style="bold"))
    for result in sorted(diverging, key=lambda one: (one.behavior, one.dtype)):
        console.print(_divergence(result), soft_wrap=True)
    if not info.complete:
        console.print(Text("Incomplete run: no score.", style="yellow"), soft_wrap=True)
    if report is not None:
        console.print(Text(f"Report: {report}"), soft_wrap=True)


def _table(info: RunInfo, summary: Mapping[str, Any]) -> Table:
    total = summary["total"]
    shown = [column for column in _COLUMNS if _sum(total, column[2])]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=False)
    heading = f"{info.adapter} {info.engine_version}, {info.device}"
    table.add_column(Text(_plain(heading)), overflow="fold", no_wrap=False)
    table.add_column("passed/\ntried", justify="right", no_wrap=True)
    for title, _, _ in shown:
        table.add_column(title, justify="right", no_wrap=True)
    for part in (summary["by_level"], summary["by_area"], {"all": total}):
        for name, tally in part.items():
            table.add_row(*_cells(name, tally, shown))
        table.add_section()
    return table


def _cells(name: str, tally: Mapping[str, Any], shown: Iterable[tuple[Any, ...]]) -> list[Text]:
    cells = [Text(_plain(name)), Text(tally["fraction"])]
    for _, style, verdicts in shown:
        count = _sum(tally, verdicts)
        cells.append(Text(str(count), style=style) if count else Text("·", style="dim"))
    return cells


def _sum(tally: Mapping[str, Any], verdicts: Iterable[Verdict]) -> int:
    return sum(tally["counts"][verdict.value] for verdict in verdicts)


def _divergence(result: Result) -> Text:
    why = result.failure.message if result.failure else result.reason
    line = Text("  ")
    line.append(WORDS[result.verdict.value], style=_STYLES[result.verdict])
    line.append(f" {_plain(result.behavior)} ", style="bold")
    line.append(f"{_plain(result.dtype)}: ")
    line.append(next(iter(_plain(why).splitlines()), ""))
    return line


def _plain(text: str) -> str:
    cleaned: str = printable(text.strip())
    return cleaned
