"""The ``conformance`` command: what there is to try, and what became of the runs that tried it.

Each command is a thin face over functions that can be called without it.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper

import click

from .adapter_commands import doctor, new_adapter
from .behaviors import list_, show
from .reports import badge, diff, matrix, summary, verify

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="autograd-conformance", prog_name="conformance")
def main() -> None:
    """Look up behaviors, compare the reports of runs, and see to adapters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # what an encoding lacks must not end a command
            stream.reconfigure(errors="backslashreplace")


for _command in (list_, show, matrix, diff, badge, summary, verify, doctor, new_adapter):
    main.add_command(_command)
