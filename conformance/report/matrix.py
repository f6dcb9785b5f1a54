"""Engines side by side: a row for each behavior, a column for each run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from .html import printable
from .reading import Json, Report
from .view import DIVERGING, SEVERITY

Verdicts = tuple[tuple[str, str], ...]
"""What one engine does with one behavior: verdicts, the worst first, with the dtypes concerned.

Where all dtypes have one verdict no dtype is named; an engine that was not asked has no verdict.
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One run: the engine it tried, and its tallies; ``label`` tells it from the other columns."""

    label: str
    name: str
    version: str
    device: str
    origin: str
    partial: bool
    summary: Json


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One behavior on every engine."""

    id: str
    statement: str
    level: str
    area: str
    sources: tuple[tuple[str, str], ...]
    cells: tuple[Verdicts, ...]

    @property
    def diverging(self) -> bool:
        """Whether the behavior breaks the gate of any engine."""
        return any(cell[0][0] in DIVERGING for cell in self.cells if cell)

    @property
    def differing(self) -> bool:
        """Whether the engines that were tried disagree."""
        return len({cell[0][0] for cell in self.cells if cell}) > 1


@dataclass(frozen=True, slots=True)
class Matrix:
    """Runs side by side, behaviors in the order of the first run's areas."""

    columns: tuple[Column, ...]
    rows: tuple[MatrixRow, ...]

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that any run tried."""
        return _union(self.columns, "by_level")

    @property
    def areas(self) -> tuple[tuple[str, tuple[MatrixRow, ...]], ...]:
        """The rows of each area."""
        by_area = groupby(self.rows, key=lambda row: row.area)
        return tuple((area, tuple(rows)) for area, rows in by_area)

    @property
    def diverging(self) -> tuple[MatrixRow, ...]:
        """The behaviors that break some engine's gate."""
        return tuple(row for row in self.rows if row.diverging)


def build_matrix(reports: Sequence[Report]) -> Matrix:
    """The matrix of some runs, in their order."""
    verdicts = [_by_behavior(report) for report in reports]
    first: dict[str, Json] = {}
    for report in reports:
        for result in report.results:
            first.setdefault(result["behavior"], result)
    rows = [_row(one, verdicts) for one in first.values()]
    areas = [area for report in reports for area in report.summary["by_area"]]
    rows.sort(key=lambda row: (areas.index(row.area), row.id))
    return Matrix(tuple(_columns(reports)), tuple(rows))


def tallies(matrix: Matrix) -> Iterable[tuple[str, str, list[Json | None]]]:
    """Each line of the score: its part (level, area or all), its name, and a tally a column."""
    areas = [area for area, _ in matrix.areas]
    for part, names in (("by_level", matrix.levels), ("by_area", areas)):
        for name in names:
            yield part, name, [column.summary[part].get(name) for column in matrix.columns]
    yield "total", "all", [column.summary["total"] for column in matrix.columns]


def untried(tally: Json) -> int:
    """How many results count as neither pass nor fail."""
    total: int = tally["counts"]["unsupported"] + tally["counts"]["blocked"]
    return total


def _columns(reports: Sequence[Report]) -> Iterable[Column]:
    titles = [_title(report) for report in reports]
    names = [name for name, _, _ in titles]
    for report, title in zip(reports, titles, strict=True):
        origin = str(printable(str(report.path))) if titles.count(title) > 1 else ""
        label = title[0] if names.count(title[0]) == 1 else " ".join((*title, origin)).strip()
        yield Column(label, *title, origin, report.partial, report.summary)


def _title(report: Report) -> tuple[str, str, str]:
    run = report.run
    return run["adapter"], run["engine_version"], run["device"]


def _by_behavior(report: Report) -> dict[str, Verdicts]:
    found: dict[str, dict[str, list[str]]] = {}
    for result in report.results:
        of_one = found.setdefault(result["behavior"], {})
        of_one.setdefault(result["verdict"], []).append(result["dtype"])
    return {behavior: _worst_first(verdicts) for behavior, verdicts in found.items()}


def _worst_first(verdicts: dict[str, list[str]]) -> Verdicts:
    ordered = sorted(verdicts, key=lambda verdict: SEVERITY[verdict])
    if len(ordered) == 1:
        return ((ordered[0], ""),)
    return tuple((verdict, ", ".join(verdicts[verdict])) for verdict in ordered)


def _row(result: Json, verdicts: Sequence[dict[str, Verdicts]]) -> MatrixRow:
    return MatrixRow(
        id=result["behavior"],
        statement=result["statement"],
        level=result["level"],
        area=result["area"],
        sources=tuple((title, url) for title, url in result["sources"]),
        cells=tuple(of_one.get(result["behavior"], ()) for of_one in verdicts),
    )


def _union(columns: Sequence[Column], part: str) -> tuple[str, ...]:
    names = dict.fromkeys(name for column in columns for name in column.summary[part])
    known = ("core", "extended", "full")
    return tuple(sorted(names, key=known.index))
