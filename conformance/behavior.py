"""One documented promise as data: what is promised, where, how firmly, and what is drawn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

_ID = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9-]*")
_DOCS = "https://docs.pytorch.org/"


class Level(Enum):
    """How widely a promise is expected to be kept, from the narrowest set of engines to the widest.

    ``CORE`` is for every define-by-run engine, ``EXTENDED`` for serious ones, ``FULL`` for engines
    that claim torch's own behavior.
    """

    CORE = "core"
    EXTENDED = "extended"
    FULL = "full"

    @property
    def rank(self) -> int:
        """Position among the levels; a run up to a level tries those of lower or equal rank."""
        return list(Level).index(self)


CORE, EXTENDED, FULL = Level


@dataclass(frozen=True, slots=True)
class Source:
    """Where a promise is written down: a page of the documentation and the name to show for it."""

    title: str
    url: str


def doc(name: str) -> Source:
    """The generated documentation page of a public name, e.g. ``doc("torch.Tensor.backward")``."""
    return Source(name, f"{_DOCS}docs/stable/generated/{name}.html")


def note(page: str, anchor: str = "") -> Source:
    """A page of the documentation's notes, e.g. ``note("autograd", "saved-tensors")``."""
    fragment = f"#{anchor}" if anchor else ""
    return Source(f"notes: {page}", f"{_DOCS}docs/stable/notes/{page}.html{fragment}")


def page(path: str, title: str) -> Source:
    """Any other page below the documentation's root, such as a tutorial."""
    return Source(title, _DOCS + path)


@dataclass(frozen=True, slots=True)
class Behavior:
    """A documented promise and the property that tries it.

    ``id`` is ``area-slug.name``; ``given`` maps parameter names of ``run`` to what is drawn for
    them; ``requires`` names the behaviors this one builds on; ``dtypes`` restricts it, where the
    promise itself does, to some dtypes. One ``off_cpu`` is about tensors of two devices, the cpu
    and the one the run is for, and so makes no trial on the cpu itself. One ``per_operation`` tries
    the first operation of the ``program`` it is given: what builds on it is not blocked where it is
    broken, but judged without the operations it is broken for.
    """

    id: str
    area: str
    statement: str
    level: Level
    sources: tuple[Source, ...]
    given: Mapping[str, Any]
    run: Callable[..., None]
    requires: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    off_cpu: bool = False
    per_operation: bool = False
    examples: float = 1.0
    module: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"behavior id {self.id!r} is not of the form area.name")
        if not self.statement.endswith("."):
            raise ValueError(f"{self.id}: the statement is a sentence and ends with a full stop")
        if not self.sources:
            raise ValueError(f"{self.id}: name at least one page that makes the promise")
        for source in self.sources:
            if not source.url.startswith("https://"):
                raise ValueError(f"{self.id}: {source.url!r} is not a page's address")


_registry: dict[str, Behavior] = {}


def behavior(
    id: str,  # noqa: A002
    statement: str,
    *,
    level: Level,
    sources: Iterable[Source],
    given: Mapping[str, Any] | None = None,
    requires: Iterable[str] = (),
    dtypes: Iterable[str] = (),
    off_cpu: bool = False,
    per_operation: bool = False,
    examples: float = 1.0,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare the decorated property as the behavior ``id``.

    The area shown in reports is the title line of the module's docstring. ``examples`` scales the
    number of examples for properties that are much dearer or much simpler than most.

    Raises:
        ValueError: the declaration is malformed, or its id is taken.
    """

    def declare(run: Callable[..., None]) -> Callable[..., None]:
        if id in _registry and _registry[id].run.__qualname__ != run.__qualname__:
            raise ValueError(f"behavior {id!r} is declared twice")
        title = (run.__globals__.get("__doc__") or run.__module__).splitlines()[0]
        _registry[id] = Behavior(
            id=id,
            area=title.partition(":")[0].rstrip("."),
            statement=statement,
            level=level,
            sources=tuple(sources),
            given=dict(given or {}),
            run=run,
            requires=tuple(requires),
            dtypes=tuple(dtypes),
            off_cpu=off_cpu,
            per_operation=per_operation,
            examples=examples,
            module=run.__module__,
        )
        return run

    return declare


def registered() -> Mapping[str, Behavior]:
    """Every behavior declared so far, by id, in order of declaration."""
    return _registry
