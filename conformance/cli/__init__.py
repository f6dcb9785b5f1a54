"""The command line: a thin face over functions that do the work."""

from __future__ import annotations

import click

from .adapter_commands import doctor, new_adapter


@click.group()
def main() -> None:
    """Conformance of autograd engines."""


main.add_command(doctor)
main.add_command(new_adapter)
