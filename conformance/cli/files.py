"""Files named on the command line: read or written, or refused in one line with status 2."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.report.reading import Report, UnreadableError, read_report

from .refusal import RefusalError

FILE = click.Path(path_type=Path)
_MEND = "name a report (.json) that a run of the suite wrote, or its journal (.jsonl)"


def report_of(path: Path) -> Report:
    """The report in a file."""
    try:
        return read_report(path)
    except UnreadableError as error:
        raise RefusalError(f"{error}; {_MEND}") from error


def write(path: Path, text: str) -> None:
    """Write ``text`` to a file, in folders that are made where they lack."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        reason = error.strerror or error
        raise RefusalError(f"{path} cannot be written: {reason}") from error


def write_or_print(path: Path | None, text: str) -> None:
    """Write ``text`` to a file, or to the output where none is named."""
    if path is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        write(path, text)
