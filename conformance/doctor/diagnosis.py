"""What the doctor found, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: the phrase or setting, what was tried, what came, and the mend."""

    phrase: str
    tried: str
    came: str
    mend: str


@dataclass(frozen=True, slots=True)
class Untried:
    """A phrase that could not be tried, and why."""

    phrase: str
    reason: str


@dataclass(frozen=True, slots=True)
class Absent:
    """Something the adapter has no phrase or slot for, and how many behaviors need it."""

    phrase: str
    behaviors: int


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The state of an adapter.

    Attributes:
        adapter: the name it was asked for by.
        engine: the name it gives its engine.
        engine_version: the engine's version, ``unknown`` where the adapter cannot tell.
        device: the device it was tried on.
        findings: what is wrong with the adapter.
        doubts: what is wrong with the adapter or with the engine; the suite will tell which.
        fine: the phrases that work.
        untried: the phrases that could not be tried.
        absent: what has no phrase, most needed first.
    """

    adapter: str
    engine: str
    engine_version: str
    device: str
    findings: tuple[Finding, ...]
    doubts: tuple[Finding, ...]
    fine: tuple[str, ...]
    untried: tuple[Untried, ...]
    absent: tuple[Absent, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong with the adapter."""
        return not self.findings
