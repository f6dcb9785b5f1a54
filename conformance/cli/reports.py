"""Commands that read the reports of runs: side by side, compared, and in short."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from conformance import verifying
from conformance.report.badge import badge_endpoint, badge_svg
from conformance.report.comparison import compare, regressions
from conformance.report.matrix import build_matrix
from conformance.report.matrix_page import matrix_html
from conformance.report.matrix_text import matrix_markdown, print_matrix
from conformance.report.summary import summary_markdown

from .changes import print_changes
from .files import FILE, report_of, write, write_or_print
from .refusal import RefusalError

_UNWRAPPED = 10_000


def output() -> Console:
    """The output: as wide as the terminal, or without line breaks where there is none."""
    width = None if sys.stdout.isatty() else _UNWRAPPED
    return Console(width=width, highlight=False)


@click.command()
@click.argument("reports", nargs=-1, required=True, type=FILE, metavar="REPORT...")
@click.option("--html", type=FILE, metavar="FILE", help="Write the matrix as one HTML page.")
@click.option("--markdown", type=FILE, metavar="FILE", help="Write the matrix as Markdown.")
def matrix(reports: tuple[Path, ...], html: Path | None, markdown: Path | None) -> None:
    """Set engines side by side.

    A REPORT is a JSON report, or the journal (.jsonl) of a run that was killed, which is marked
    partial and gets no percentage.
    """
    table = build_matrix([report_of(path) for path in reports])
    if html is not None:
        write(html, matrix_html(table))
    if markdown is not None:
        write(markdown, matrix_markdown(table))
    print_matrix(table, output())


@click.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
def diff(old: Path, new: Path) -> None:
    """Compare two runs.

    Says what regressed, was fixed, is new and is gone.

    The status is 1 if something regressed, 2 if a report cannot be read.
    """
    before, after = report_of(old), report_of(new)
    changes = compare(before, after)
    print_changes(before, after, changes, output())
    if regressions(changes):
        sys.exit(1)


@click.command()
@click.argument("report", type=FILE)
@click.option("--out", type=FILE, metavar="FILE", help="Write there rather than to the output.")
@click.option("--endpoint", is_flag=True, help="Write the JSON of a shields.io endpoint badge.")
def badge(report: Path, out: Path | None, endpoint: bool) -> None:
    """Draw a run's score as a badge (SVG).

    A partial run shows counts and no percentage.
    """
    run = report_of(report)
    text = json.dumps(badge_endpoint(run)) if endpoint else badge_svg(run)
    write_or_print(out, f"{text}\n")


@click.command()
@click.argument("report", type=FILE)
@click.option("--out", type=FILE, metavar="FILE", help="Write there rather than to the output.")
def summary(report: Path, out: Path | None) -> None:
    """Sum up a run in Markdown for the pages of continuous integration."""
    write_or_print(out, summary_markdown(report_of(report)))


@click.command()
@click.argument("report", type=FILE)
@click.option("--sample", default=20, show_default=True, help="How many verdicts to reach again.")
def verify(report: Path, sample: int) -> None:
    """Try a sample of a report's behaviors again, and compare.

    The status is 1 if a verdict differs, 2 if the run cannot be made again here.
    """
    read = report_of(report)
    try:
        compared = verifying.verify(read.run, read.results, sample)
    except verifying.UnverifiableError as error:
        raise RefusalError(f"{report} cannot be verified: {error}") from error
    differing = [one for one in compared if not one.agrees]
    for one in differing:
        click.echo(f"{one.behavior}[{one.dtype}]: {one.reported} in the report, {one.reached} here")
    click.echo(f"{len(compared) - len(differing)} of {len(compared)} verdicts agree")
    sys.exit(1 if differing else 0)
