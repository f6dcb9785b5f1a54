"""The closing words of a run in a terminal: the tallies, the divergences, and where the page is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.results import Result, RunInfo, Verdict

from .document import build_document
from .html import percent, printable
from .view import WORDS

_COLUMNS = (
    ("failed", "bold red", (Verdict.FAIL, Verdict.ERROR, Verdict.CRASH, Verdict.TIMEOUT)),
    ("unexpected\npass", "bold cyan", (Verdict.UNEXPECTED_PASS,)),
    ("expected\nfailure", "yellow", (Verdict.EXPECTED_FAILURE,)),
    ("blocked", "magenta", (Verdict.BLOCKED,)),
    ("unsup-\nported", "dim", (Verdict.UNSUPPORTED,)),
)
STYLES = {verdict: style for _, style, verdicts in _COLUMNS for verdict in verdicts}


def closing_table(
    info: RunInfo,
    results: Iterable[Result],
    console: Console,
    *,
    report: str | PathLike[str] | None = None,
    areas: Sequence[str] = (),
) -> None:
    """Print the run's tallies by level and area, its divergences, and the path of ``report``."""
    results = list(results)
    summary = build_document(info, results, areas=areas)["summary"]
    console.print(_title(info, summary["total"]), soft_wrap=True)
    console.print(_table(summary))
    divergences = _divergences(results)
    if divergences:
        console.print(Text("\nDivergences", style="bold"))
    for line in divergences:
        console.print(line, soft_wrap=True)
    if report is not None:
        console.print(Text(f"\nReport: {report}"), soft_wrap=True)


def _title(info: RunInfo, total: Mapping[str, Any]) -> Text:
    title = Text(_plain(f"{info.adapter} {info.engine_version} on {info.device}"), style="bold")
    title.append(f": {total['fraction']} conform")
    if total["score"] is not None:
        title.append(f" ({percent(total['score'])})".replace("\u202f", " "))
    elif not info.complete:
        title.append(" (incomplete run, no score)", style="yellow")
    return title


def _table(summary: Mapping[str, Any]) -> Table:
    total = summary["total"]
    shown = [
        one for one in _COLUMNS if _sum(total, one[2]) or Verdict.UNEXPECTED_PASS not in one[2]
    ]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", overflow="fold")
    for title in ("passed/\ntried", *(title for title, _, _ in shown)):
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
        cells.append(Text(str(count), style=style) if count else Text("-", style="dim"))
    return cells


def _sum(tally: Mapping[str, Any], verdicts: Iterable[Verdict]) -> int:
    return sum(tally["counts"][verdict.value] for verdict in verdicts)


def _divergences(results: Iterable[Result]) -> list[Text]:
    shared: dict[tuple[str, Verdict, str], list[str]] = {}
    for result in results:
        if result.verdict.breaks_the_gate:
            key = (_plain(result.behavior), result.verdict, _message(result))
            shared.setdefault(key, []).append(_plain(result.dtype))
    lines = []
    for (behavior, verdict, message), dtypes in sorted(shared.items()):
        line = Text("  ").append(WORDS[verdict.value], style=STYLES[verdict])
        line.append(f" {behavior}", style="bold").append(f" ({', '.join(dtypes)})\n")
        lines.append(line.append(f"      {message}"))
    return lines


def _message(result: Result) -> str:
    """One line: what a failure says first, or what an error's traceback says last."""
    if result.failure:
        return (_plain(result.failure.message).splitlines() or [""])[0]
    return (_plain(result.reason).splitlines() or [""])[-1]


def _plain(text: str) -> str:
    cleaned: str = printable(text.strip())
    return cleaned
