"""The matrix of engines for terminals, and as Markdown for pages of continuous integration."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.results import Verdict

from .markdown import inline, table
from .matrix import Column, Matrix, MatrixRow, Verdicts, tallies, untried
from .reading import Json
from .summary import score_text
from .terminal import STYLES
from .view import DIVERGING, WORDS

LEGEND = (
    "passed/tried, then what counts as neither pass nor fail: (+n) unsupported or blocked. "
    "A partial run has no percentage."
)


def print_matrix(matrix: Matrix, console: Console) -> None:
    """Print the tallies by level and area, and what breaks the gate of any engine."""
    console.print(_scores(matrix))
    console.print(Text(LEGEND, style="dim"), soft_wrap=True)
    if matrix.diverging:
        console.print(Text("\nDivergences", style="bold"))
        console.print(_divergences(matrix))


def matrix_markdown(matrix: Matrix) -> str:
    """The tallies, and for each area every behavior's verdict on every engine."""
    heads = [_markdown_head(column) for column in matrix.columns]
    parts = ["## Autograd conformance", _markdown_scores(matrix, heads), LEGEND]
    for area, rows in matrix.areas:
        lines = [[_markdown_id(row), *map(_markdown_cell, row.cells)] for row in rows]
        summary = f"<details><summary>{inline(area)}</summary>"
        parts += [summary, table(["behavior", *heads], lines), "</details>"]
    return "\n\n".join(parts) + "\n"


def _scores(matrix: Matrix) -> Table:
    grid = _grid(matrix)
    before = ""
    for part, name, line in tallies(matrix):
        if before and part != before:
            grid.add_section()
        before = part
        cells = zip(line, matrix.columns, strict=True)
        texts = [Text(_tally(tally, column)) for tally, column in cells]
        grid.add_row(Text(_line(name)), *texts)
    return grid


def _divergences(matrix: Matrix) -> Table:
    grid = _grid(matrix)
    for row in matrix.diverging:
        grid.add_row(Text(_line(row.id)), *map(_cell, row.cells))
    return grid


def _grid(matrix: Matrix) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column("", overflow="fold")
    for column in matrix.columns:
        grid.add_column(Text("\n".join(_head(column))), justify="right", overflow="fold")
    return grid


def _head(column: Column) -> Iterator[str]:
    yield _line(column.name)
    yield _line(f"{column.version} on {column.device}")
    if column.origin:
        yield _line(column.origin)
    if column.partial:
        yield "partial run"


def _tally(tally: Json | None, column: Column) -> str:
    if tally is None:
        return "not asked"
    score = score_text(tally, partial=column.partial)
    fraction = f"{tally['fraction']} " if tally["tried"] else ""
    apart = f" (+{untried(tally)})" if untried(tally) else ""
    return f"{fraction}{score}{apart}"


def _cell(verdicts: Verdicts) -> Text:
    if not verdicts:
        return Text("not asked", style="dim")
    lines = []
    for verdict, dtypes in verdicts:
        line = Text(WORDS[verdict], style=STYLES.get(Verdict(verdict), ""))
        lines.append(line.append(f" {_line(dtypes)}", style="dim") if dtypes else line)
    return Text("\n").join(lines)


def _line(text: str) -> str:
    return " ".join(text.split())


def _markdown_scores(matrix: Matrix, heads: list[str]) -> str:
    lines = []
    for part, name, line in tallies(matrix):
        cells = zip(line, matrix.columns, strict=True)
        first = f"**{inline(name)}**" if part == "total" else inline(name)
        lines.append([first, *(_tally(tally, column) for tally, column in cells)])
    return table(["level or area", *heads], lines)


def _markdown_head(column: Column) -> str:
    first, *rest = map(inline, _head(column))
    return "<br>".join([first, *(f"<sub>{line}</sub>" for line in rest)])


def _markdown_id(row: MatrixRow) -> str:
    return f"{inline(row.id)} <sub>{row.level}</sub>"


def _markdown_cell(verdicts: Verdicts) -> str:
    if not verdicts:
        return "not asked"
    return "<br>".join(
        _markdown_verdict(verdict) + (f" <sub>{inline(dtypes)}</sub>" if dtypes else "")
        for verdict, dtypes in verdicts
    )


def _markdown_verdict(verdict: str) -> str:
    return f"**{WORDS[verdict]}**" if verdict in DIVERGING else WORDS[verdict]
