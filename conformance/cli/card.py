"""The card of a behavior: what it promises, where, and how it stands among the others."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from conformance.behavior import Behavior, Level, Source


@dataclass(frozen=True, slots=True)
class Card:
    """What there is to know of one behavior; ``builds_on`` and ``built_on`` are ids."""

    id: str
    statement: str
    level: str
    area: str
    sources: tuple[Source, ...]
    builds_on: tuple[str, ...]
    built_on: tuple[str, ...]
    dtypes: tuple[str, ...]
    source_text: str


def card(behavior: Behavior, behaviors: Iterable[Behavior]) -> Card:
    """The card of a behavior among ``behaviors``, in which those that build on it are found."""
    return Card(
        id=behavior.id,
        statement=behavior.statement,
        level=behavior.level.value,
        area=behavior.area,
        sources=behavior.sources,
        builds_on=behavior.requires,
        built_on=tuple(other.id for other in behaviors if behavior.id in other.requires),
        dtypes=behavior.dtypes,
        source_text=inspect.getsource(behavior.run).rstrip(),
    )


def print_card(shown: Card, console: Console) -> None:
    """Print a card; without a terminal it is plain text with its lines unbroken."""
    console.print(Text(shown.id, style="bold"))
    console.print(Text(shown.statement), soft_wrap=True)
    for name, lines in (
        ("level", (shown.level,)),
        ("area", (shown.area,)),
        ("dtypes", shown.dtypes or ("any that the adapter offers",)),
        ("sources", tuple(f"{source.title}: {source.url}" for source in shown.sources)),
        ("builds on", shown.builds_on or ("nothing",)),
        ("built on by", shown.built_on or ("nothing",)),
    ):
        text = Text(f"{name:<12}", style="dim").append(f"\n{'':<12}".join(lines), style="not dim")
        console.print(text, soft_wrap=True)
    console.print()
    console.print(_code(shown.source_text, console), soft_wrap=True)


def up_to(behaviors: Iterable[Behavior], level: Level) -> list[Behavior]:
    """The behaviors of a level and of those below it."""
    return [one for one in behaviors if one.level.rank <= level.rank]


def in_area(behaviors: Iterable[Behavior], area: str) -> list[Behavior]:
    """The behaviors of an area, which is named by its title or by the first part of their ids."""
    wanted = area.lower()
    return [one for one in behaviors if wanted in (one.area.lower(), one.id.partition(".")[0])]


def closest(word: str, known: Iterable[str]) -> list[str]:
    """The names that contain ``word``, and those most like it."""
    names = list(known)
    near = get_close_matches(word, names, n=3, cutoff=0.5)
    containing = [name for name in names if word and word.lower() in name.lower()]
    return list(dict.fromkeys([*containing, *near]))[:5]


def _code(source: str, console: Console) -> Syntax | Text:
    """Colored where there is a terminal."""
    if not console.is_terminal:
        return Text(source)
    return Syntax(source, "python", background_color="default", word_wrap=True)
