"""``python -m conformance.report JOURNAL [DIRECTORY]``: a run's reports from its journal alone.

A run that was killed left its journal; what it reached is reported as an incomplete run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from conformance.journal import JournalError, read_journal, run_info

from . import closing_table, write_reports


def main(arguments: list[str] | None = None) -> int:
    """Write the reports, print the closing table; 4 is the status for an unreadable journal."""
    parser = argparse.ArgumentParser(
        prog="python -m conformance.report", description="Write the reports of a run's journal."
    )
    parser.add_argument("journal", type=Path, help="read this .jsonl file")
    parser.add_argument(
        "directory", type=Path, nargs="?", help="write there (default: beside the journal)"
    )
    options = parser.parse_args(arguments)
    try:
        run, results = read_journal(options.journal)
    except (OSError, JournalError) as error:
        print(error, file=sys.stderr)
        return 4
    info = run_info(run)
    page, _ = write_reports(options.directory or options.journal.parent, info, results)
    closing_table(info, results, Console(), report=page)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
