"""What blocks what: the broken behaviors and wrong operations behind a behavior.

A requirement blocks where it fails in a way that nobody expected. One that tries operations one at
a time never blocks as a whole, but by each operation that it is broken for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.behavior import Behavior, registered
from conformance.expectations import Expectation, Expectations
from conformance.gate import FAILING
from conformance.judging import Finding
from conformance.signature import OUT_OF_MEMORY

__all__ = ["Blocking"]

_NOT_TRIED_FOR_OTHERS = ("", "crash", "timeout", OUT_OF_MEMORY)

Key = tuple[str, str]
"""A behavior's id and a dtype."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a finding means for others: whether it fails, and for which operations."""

    fails: bool
    wrong: frozenset[str]


class Blocking:
    """Answers for one engine on one device; ``find`` tries a behavior, and tells :meth:`note`."""

    def __init__(
        self, device: str, expectations: Expectations, find: Callable[[Behavior, str], Finding]
    ) -> None:
        self._device = device
        self._expectations = expectations
        self._find = find
        self._standings: dict[Key, _Standing] = {}
        self._roots: dict[Key, str | None] = {}
        self._blames: dict[Key, dict[str, str]] = {}

    def note(self, behavior: Behavior, dtype: str, finding: Finding) -> None:
        """Keep what a finding means for others."""
        standing = _Standing(finding.verdict in FAILING, finding.operations)
        self._standings[behavior.id, dtype] = standing

    def root(self, behavior: Behavior, dtype: str) -> str | None:
        """The broken behavior at the root of what this one builds on, if there is one."""
        key = behavior.id, dtype
        if key not in self._roots:
            self._roots[key] = None  # where requirements run in a circle
            for required in self.requirements(behavior, dtype):
                root = self.root(required, dtype)
                if root is None and self.blocks(required, dtype):
                    root = required.id
                if root is not None:
                    self._roots[key] = root
                    break
        return self._roots[key]

    def requirements(self, behavior: Behavior, dtype: str) -> Iterator[Behavior]:
        """The behaviors this one builds on, as far as they speak of this dtype and device."""
        catalogue = registered()
        for required in (catalogue[name] for name in behavior.requires):
            on_device = self._device != "cpu" or not required.off_cpu
            if on_device and (not required.dtypes or dtype in required.dtypes):
                yield required

    def blocks(self, behavior: Behavior, dtype: str) -> bool:
        """Whether a behavior fails, as a whole and in a way that nobody expected."""
        if behavior.per_operation or self._sparing(behavior, dtype) is not None:
            return False
        return self._standing(behavior, dtype).fails

    def blamed(self, behavior: Behavior, dtype: str) -> dict[str, str]:
        """The operations found wrong by what this behavior builds on, and by which of it."""
        key = behavior.id, dtype
        if key not in self._blames:
            blamed = self._blames[key] = {}
            for required in self.requirements(behavior, dtype):
                blamed |= self.blamed(required, dtype)
                if required.per_operation:
                    blamed |= dict.fromkeys(self._wrong_in(required, dtype), required.id)
        return self._blames[key]

    def _wrong_in(self, behavior: Behavior, dtype: str) -> frozenset[str]:
        """The operations that a behavior of single operations is broken for, as known or found."""
        entry = self._sparing(behavior, dtype)
        if entry is not None:
            return frozenset(entry.operations)
        return self._standing(behavior, dtype).wrong

    def _standing(self, behavior: Behavior, dtype: str) -> _Standing:
        key = behavior.id, dtype
        if key not in self._standings:
            self._find(behavior, dtype)
        return self._standings[key]

    def _sparing(self, behavior: Behavior, dtype: str) -> Expectation | None:
        """The entry for which a behavior is not tried for another's sake, if there is one.

        It may fail in any way, or is known to take the process with it. Nor does its own verdict
        count for others then, or theirs would depend on whether it was selected.
        """
        entry = self._expectations.match(behavior.id, dtype, self._device)
        spares = entry is not None and entry.signature in _NOT_TRIED_FOR_OTHERS
        return entry if spares else None
