"""Commands about the behaviors themselves: all of them in a list, and the card of one."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.behavior import Behavior, Level
from conformance.catalogue import load_specs

from .card import card, closest, in_area, print_card, up_to
from .catalog_page import behaviors_markdown
from .files import FILE, write
from .refusal import RefusalError


@click.command("list")
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    default=Level.FULL.value,
    help="Only behaviors up to this level.",
)
@click.option(
    "--area", metavar="A", help="Only behaviors of this area: its title, or the first part of ids."
)
@click.option("--markdown", type=FILE, metavar="FILE", help="Write them as a Markdown page.")
def list_(level: str, area: str | None, markdown: Path | None) -> None:
    """List the behaviors: id, level, statement."""
    behaviors = load_specs()
    chosen = up_to(behaviors.values(), Level(level))
    if area is not None:
        chosen = _of_area(behaviors, chosen, area)
    if markdown is not None:
        if not chosen:
            raise RefusalError(f"area {area!r} has no behavior up to level {level!r} to write down")
        write(markdown, behaviors_markdown(chosen, _command(level, area, markdown)))
        return
    if sys.stdout.isatty():
        print_list(chosen, Console(highlight=False))
        return
    for one in chosen:
        click.echo(f"{one.id}\t{one.level.value}\t{one.statement}")


@click.command()
@click.argument("id_", metavar="ID")
def show(id_: str) -> None:
    """Show the card of a behavior."""
    behaviors = load_specs()
    if id_ not in behaviors:
        near = closest(id_, behaviors)
        hint = f"the closest are {', '.join(near)}" if near else "`conformance list` names them all"
        raise RefusalError(f"there is no behavior {id_!r}; {hint}")
    print_card(card(behaviors[id_], behaviors.values()), Console(highlight=False))


def print_list(behaviors: list[Behavior], console: Console) -> None:
    """Print behaviors as a table."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("id", "level", "statement"):
        table.add_column(title, overflow="fold")
    for one in behaviors:
        table.add_row(*map(Text, (one.id, one.level.value, one.statement)))
    console.print(table)


def _command(level: str, area: str | None, page: Path) -> str:
    """The command that writes a page of the list anew."""
    words = ["python", "-m", "conformance", "list"]
    if level != Level.FULL.value:
        words.append(f"--level={level}")
    if area is not None:
        words.append(f"--area={area}")
    return shlex.join([*words, "--markdown", str(page)])


def _of_area(
    behaviors: Mapping[str, Behavior], chosen: list[Behavior], area: str
) -> list[Behavior]:
    """Those of an area; an area that the suite does not have is refused."""
    if not in_area(behaviors.values(), area):
        titles = list(dict.fromkeys(one.area for one in behaviors.values()))
        near = closest(area, titles)
        hint = f"the closest are {', '.join(near)}" if near else f"it is one of {', '.join(titles)}"
        raise RefusalError(f"there is no area {area!r}; {hint}")
    return in_area(chosen, area)
