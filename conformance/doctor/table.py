"""A diagnosis in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.trace import printable

from .diagnosis import Absent, Diagnosis, Finding, Untried


def print_diagnosis(diagnosis: Diagnosis, console: Console) -> None:
    """Print what is wrong, what works, and what is absent."""
    engine = f"{diagnosis.engine} {diagnosis.engine_version} on {diagnosis.device}"
    console.print(_plain(f"{diagnosis.adapter}: {engine}", "bold"))
    _print_findings(diagnosis.findings, "Wrong with the adapter", "bold red", console)
    _print_findings(diagnosis.doubts, "Wrong with the adapter or the engine", "yellow", console)
    if diagnosis.untried:
        console.print(_untried(diagnosis.untried))
    if diagnosis.fine:
        console.print(Text("\nFine", style="bold green").append(f" ({len(diagnosis.fine)})"))
        console.print(_plain(", ".join(diagnosis.fine)))
    if diagnosis.absent:
        _print_absent(diagnosis.absent, console)
    console.print(_closing(diagnosis))


def _print_findings(findings: Sequence[Finding], title: str, style: str, console: Console) -> None:
    if not findings:
        return
    console.print(Text(f"\n{title} ({len(findings)})", style=style))
    table = _table("phrase", "what was tried, what came, and the mend")
    for finding in findings:
        table.add_row(_plain(finding.phrase, "bold"), _parts(finding))
    console.print(table)


def _parts(finding: Finding) -> Table:
    """What was tried, what came, and the mend, each beside its label."""
    parts = Table.grid(padding=(0, 1))
    parts.add_column(style="dim")
    parts.add_column(overflow="fold")
    for label, text in (("tried", finding.tried), ("came", finding.came), ("mend", finding.mend)):
        parts.add_row(label, _plain(text))
    return parts


def _untried(untried: Sequence[Untried]) -> Table:
    reasons: dict[str, list[str]] = {}
    for each in untried:
        reasons.setdefault(each.reason, []).append(each.phrase)
    table = _table("not tried, because it", "phrases")
    for reason, phrases in reasons.items():
        table.add_row(_plain(reason), _plain(", ".join(phrases)))
    return table


def _print_absent(absent: Sequence[Absent], console: Console) -> None:
    needed = [each for each in absent if each.behaviors]
    table = _table("absent", "behaviors that need it")
    for each in needed:
        table.add_row(_plain(each.phrase), str(each.behaviors))
    if needed:
        console.print(table)
    others = [each.phrase for each in absent if not each.behaviors]
    if others:
        console.print(Text("\nAbsent, and needed by no behavior on its own", style="bold"))
        console.print(_plain(", ".join(others), "dim"))


def _closing(diagnosis: Diagnosis) -> Text:
    count = len(diagnosis.findings)
    if not count:
        return Text("\nNothing is wrong with the adapter.", style="bold green")
    return Text(f"\n{count} {'thing is' if count == 1 else 'things are'} wrong.", style="bold red")


def _table(*titles: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def _plain(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)
