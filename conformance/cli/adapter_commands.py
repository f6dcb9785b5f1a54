"""Commands for authors of adapters: the doctor, and a skeleton to start from."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from conformance.adapter import UnusableError
from conformance.doctor import diagnose
from conformance.doctor.table import print_diagnosis
from conformance.skeleton import STYLES, write_skeleton

UNUSABLE = 4


@click.command()
@click.argument("adapter")
@click.option("--device", default="cpu", show_default=True, help="As the engine names it.")
def doctor(adapter: str, device: str) -> None:
    """Try each phrase of ADAPTER with a tiny call.

    ADAPTER is a built-in name, an installed entry point, package.module:Class or
    path/to/file.py:Class. The exit status is 0 if nothing is wrong with the adapter, 1 if something
    is, and 4 if it cannot be loaded.
    """
    try:
        diagnosis = diagnose(adapter, device)
    except UnusableError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(UNUSABLE)
    print_diagnosis(diagnosis, Console())
    sys.exit(0 if diagnosis.healthy else 1)


@click.command("new-adapter")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--engine", default="myengine", show_default=True, help="The module to import.")
@click.option(
    "--style",
    type=click.Choice([*STYLES]),
    default=next(iter(STYLES)),
    show_default=True,
    help="Tensors with gradient slots, or functions that are differentiated.",
)
def new_adapter(path: Path, engine: str, style: str) -> None:
    """Write a commented adapter skeleton to PATH, which must not exist."""
    try:
        name = write_skeleton(path, engine=engine, style=style)
    except (ValueError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(UNUSABLE)
    click.echo(f"wrote {path}; fill it in, then: conformance doctor {path}:{name}")
