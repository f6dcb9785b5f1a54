"""The suite as pytest nodes: a directory of chapters, a file for each, an item for each trial.

Node ids are the same wherever the suite is installed, so reports, ``--lf`` and JUnit files of
different machines can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ._pytest_entry import PACKAGE, suite_root
from .behavior import Behavior
from .catalogue import requirements_first
from .memory import growing, unmeasured
from .plan import Plan
from .plugin_options import isolates, record_path
from .results import Result
from .runner import Runner, tried_quietly

__all__ = [
    "PLAN",
    "RESULT",
    "RUNNER",
    "TrialItem",
    "collector",
    "node_id",
    "put_in_order",
]

PLAN = pytest.StashKey[Plan]()
RUNNER = pytest.StashKey[Runner]()
RESULT = pytest.StashKey[Result]()

# What an engine's threads and finalizers raise: pytest tells of it whenever it comes to know.
_OUTSIDE_OF_TRIALS = (
    "PytestUnhandledThreadExceptionWarning",
    "PytestUnraisableExceptionWarning",
)
_PRINTED = 10_000


def node_id(behavior: Behavior, dtype: str) -> str:
    """The node id of one behavior in one dtype."""
    return f"{PACKAGE}/specs/{behavior.module.rpartition('.')[2]}.py::{behavior.id}[{dtype}]"


def collector(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The suite's own collector for a path, or nothing where the path is not part of the suite."""
    root = suite_root(path)
    if root is None:
        return None
    nodeid = "/".join((PACKAGE, *path.relative_to(root).parts))
    if path in (root, root / "specs"):
        return SuiteDirectory.from_parent(parent, path=path, nodeid=nodeid)
    chapters = _chapters(parent.config.stash[PLAN])
    if path.parent == root / "specs" and path.suffix == ".py" and path.stem in chapters:
        return ChapterFile.from_parent(parent, path=path, nodeid=nodeid)
    return None


def _chapters(plan: Plan) -> list[str]:
    """The names of the modules that declare the plan's behaviors, in their order."""
    modules = dict.fromkeys(behavior.module for behavior in plan.behaviors.values())
    return [module.rpartition(".")[2] for module in modules]


class SuiteDirectory(pytest.Directory):
    """The package directory, which holds nothing to try but its specs, and the specs themselves."""

    def collect(self) -> Iterable[pytest.Collector]:
        """The directory of specs, or the chapters in their order."""
        if self.path.name == "specs":
            chapters = _chapters(self.config.stash[PLAN])
            paths = [self.path / f"{name}.py" for name in chapters]
        else:
            paths = [self.path / "specs"]
        for path in paths:
            node = collector(path, self)
            if node is not None:
                yield node


class ChapterFile(pytest.File):
    """A module of specs."""

    def collect(self) -> Iterable[pytest.Item]:
        """A trial of each behavior in each dtype the run asks for."""
        plan = self.config.stash[PLAN]
        module = f"{PACKAGE}.specs.{self.path.stem}"
        for behavior, dtype in plan.trials():
            if behavior.module != module:
                continue
            yield TrialItem.from_parent(
                self,
                name=f"{behavior.id}[{dtype}]",
                nodeid=node_id(behavior, dtype),
                behavior=behavior,
                dtype=dtype,
            )


class TrialItem(pytest.Item):
    """One behavior in one dtype. Its verdict is a value; it never raises to give one."""

    def __init__(self, *, behavior: Behavior, dtype: str, **node: Any) -> None:
        super().__init__(**node)
        self.behavior = behavior
        self.dtype = dtype
        self.add_marker(behavior.level.value)
        for warning in _OUTSIDE_OF_TRIALS:
            self.add_marker(pytest.mark.filterwarnings(f"default::pytest.{warning}"))

    def add_report_section(self, when: str, key: str, content: str) -> None:
        """Keep what was printed, the beginning and the end of it where it is long."""
        super().add_report_section(when, key, abridged(content))

    def runtest(self) -> None:
        """Try the behavior, on this process's runner, and keep the verdict for the report."""
        stash = self.config.stash
        if RUNNER not in stash:
            memory = growing if isolates(self.config) else unmeasured
            stash[RUNNER] = stash[PLAN].runner(record_path(self.config), memory)
        self.stash[RESULT] = tried_quietly(stash[RUNNER], self.behavior, self.dtype)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the behavior is declared, and what to call it above a failure."""
        line = self.behavior.run.__code__.co_firstlineno - 1
        return self.path, line, f"{self.behavior.id} ({self.dtype})"

    @property
    def location(self) -> tuple[str, int | None, str]:
        """As :meth:`reportinfo`, with the path that the node id has."""
        _, line, name = self.reportinfo()
        return self.nodeid.partition("::")[0], line, name


def abridged(text: str) -> str:
    """What an engine printed; of more than ten thousand characters the two ends."""
    left_out = len(text) - _PRINTED
    if left_out <= 0:
        return text
    half = _PRINTED // 2
    return f"{text[:half]}\n[{left_out} characters left out]\n{text[-half:]}"


def put_in_order(items: list[pytest.Item]) -> None:
    """Move each trial behind the trials of what its behavior builds on; leave other items alone."""
    places = [place for place, item in enumerate(items) if isinstance(item, TrialItem)]
    chosen: Sequence[TrialItem] = [item for item in items if isinstance(item, TrialItem)]
    by_key = {(item.behavior.id, item.dtype): item for item in chosen}
    if len(by_key) != len(chosen):
        return
    requirements = {
        key: [(required, item.dtype) for required in item.behavior.requires]
        for key, item in by_key.items()
    }
    for place, key in zip(places, requirements_first(requirements), strict=True):
        items[place] = by_key[key]
