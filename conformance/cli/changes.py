"""The difference between two runs in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from conformance.report.comparison import Change, Kind
from conformance.report.reading import Report
from conformance.report.summary import engine_text, score_text
from conformance.report.view import WORDS
from conformance.results import Verdict

_STYLES = {Kind.REGRESSED: "bold red", Kind.FIXED: "green", Kind.NEW: "cyan", Kind.GONE: "yellow"}


def print_changes(old: Report, new: Report, changes: Iterable[Change], console: Console) -> None:
    """Print both runs' scores, then each kind of change with its behaviors."""
    for name, report in (("old", old), ("new", new)):
        console.print(Text(f"{name}: {_run(report)}"), soft_wrap=True)
    changes = list(changes)
    for kind in Kind:
        of_kind = [change for change in changes if change.kind is kind]
        if of_kind:
            title = Text(f"\n{kind.value} ({len(of_kind)})", style=_STYLES[kind])
            console.print(title, soft_wrap=True)
        for change in of_kind:
            console.print(_line(change), soft_wrap=True)
    counts = (f"{sum(change.kind is kind for change in changes)} {kind.value}" for kind in Kind)
    console.print(Text(f"\n{', '.join(counts)}"), soft_wrap=True)


def _run(report: Report) -> str:
    total = report.summary["total"]
    score = score_text(total, partial=report.partial)
    words = f"{engine_text(report.run)}: {total['fraction']} conform ({score})"
    return " ".join(words.split())


def _line(change: Change) -> Text:
    line = Text(f"  {change.behavior}", style="bold").append(f" ({change.dtype})", style="not bold")
    line.append(f"  {' → '.join(_words(change))}\n", style="not bold")
    return line.append(f"      {change.statement}", style="not bold dim")


def _words(change: Change) -> Iterator[str]:
    for verdict in (change.old, change.new):
        yield _word(verdict)


def _word(verdict: Verdict | None) -> str:
    return "not asked" if verdict is None else WORDS[verdict.value]
