"""Which behaviors there are, and in what order a run tries them: what others build on first."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

from . import specs
from .behavior import Behavior, Level, registered

__all__ = ["Trial", "chapters", "load_specs", "matching", "requirements_first", "trials"]

Trial = tuple[Behavior, str]
"""One behavior in one dtype."""

_Key = TypeVar("_Key", bound=Hashable)


def chapters() -> tuple[str, ...]:
    """The names of the modules of specs: as ``CHAPTERS`` lists them, then any others by name."""
    found = sorted(info.name for info in iter_modules(specs.__path__) if info.name[0] != "_")
    listed = [name for name in getattr(specs, "CHAPTERS", ()) if name in found]
    return (*listed, *(name for name in found if name not in listed))


def load_specs() -> Mapping[str, Behavior]:
    """Every behavior of the suite by id, chapter by chapter, in order of declaration."""
    places = {f"{specs.__name__}.{name}": place for place, name in enumerate(chapters())}
    for module in places:
        import_module(module)
    own = [behavior for behavior in registered().values() if behavior.module in places]
    own.sort(key=lambda behavior: places[behavior.module])
    return {behavior.id: behavior for behavior in own}


def trials(
    behaviors: Iterable[Behavior],
    *,
    dtypes: Sequence[str],
    level: str = "full",
    device: str = "cpu",
) -> list[Trial]:
    """What a run up to a level tries: each behavior in each dtype its promise speaks of."""
    highest = Level(level).rank
    return [
        (behavior, dtype)
        for behavior in behaviors
        if behavior.level.rank <= highest and not (behavior.off_cpu and device == "cpu")
        for dtype in dtypes
        if not behavior.dtypes or dtype in behavior.dtypes
    ]


def matching(tried: Iterable[Trial], only: str) -> list[Trial]:
    """The trials of behaviors whose ids match a glob, what others build on first.

    Raises:
        ValueError: there is none.
    """
    chosen = {
        (behavior.id, dtype): (behavior, dtype)
        for behavior, dtype in tried
        if fnmatchcase(behavior.id, only)
    }
    if not chosen:
        raise ValueError(f"no behavior that would be tried matches {only!r}")
    order = requirements_first(
        {
            (name, dtype): [(required, dtype) for required in behavior.requires]
            for (name, dtype), (behavior, _) in chosen.items()
        }
    )
    return [chosen[key] for key in order]


def requirements_first(requirements: Mapping[_Key, Iterable[_Key]]) -> list[_Key]:
    """The keys in their own order, each after those of the others that it requires.

    Requirements that are not keys are passed over, and a circle is cut where it is entered.
    """
    order: dict[_Key, None] = {}
    entered: set[_Key] = set()

    def place(key: _Key) -> None:
        if key in entered or key not in requirements:
            return
        entered.add(key)
        for required in requirements[key]:
            place(required)
        order[key] = None

    for key in requirements:
        place(key)
    return list(order)
