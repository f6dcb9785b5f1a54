"""Writing a file of known failures from what a run found out.

Failures become entries with signature and witness, entries that no longer fail go, and all else
stays letter for letter. What nobody has read yet says so in its reason, which the gate refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tomlkit

from conformance.expectation_blocks import split
from conformance.expectations import UNREAD, Expectation, Expectations, ExpectationsError
from conformance.gate import FAILING
from conformance.results import Result, Verdict

__all__ = ["Changes", "Run", "updated"]

_CONFORMS = frozenset({Verdict.PASS, Verdict.UNEXPECTED_PASS, Verdict.UNSUPPORTED})
_FAILS = FAILING | {Verdict.EXPECTED_FAILURE}

Key = tuple[str, str]
"""A behavior and a dtype."""


@dataclass(frozen=True, slots=True)
class Run:
    """What an update needs to know of a run: its engine, its results, and every trial there is.

    ``shipped`` are entries that stand behind those of the file.
    """

    adapter: str
    version: str
    device: str
    results: Mapping[Key, Result]
    trials: Collection[Key]
    shipped: Expectations = field(default_factory=Expectations)


@dataclass(frozen=True, slots=True)
class Changes:
    """A file's new text, and how many of its entries are new, rewritten or gone."""

    text: str
    new: int
    changed: int
    removed: int

    def __str__(self) -> str:
        return f"{self.new} new, {self.changed} changed, {self.removed} removed"


@dataclass(frozen=True, slots=True)
class _Failure:
    """One way in which a behavior fails, and in which dtype if it does not do so in all."""

    behavior: str
    dtype: str
    signature: str
    witness: str | None
    operations: tuple[str, ...] = ()


def updated(text: str, origin: str, run: Run) -> Changes:
    """The text of a file of known failures after a run.

    Raises:
        ExpectationsError: the text cannot be read, or its entries are not written as tables.
    """
    expectations = Expectations.parse(text, origin)
    head, blocks = split(text)
    if len(blocks) != len(expectations.entries):
        raise ExpectationsError(f"{origin}: write each known failure as an [[expected]] table")
    shares = _shares(expectations.entries, run)
    pieces = [
        _rewritten(block.text, entry, trials, run)
        for block, entry, trials in zip(blocks, expectations.entries, shares, strict=True)
    ]
    new = [_entry(failure) for failure in _news(expectations, shares, run)]
    return Changes(
        text=_joined(head, [*pieces, new]),
        new=len(new),
        changed=sum(
            bool(parts) and parts != [block.text]
            for block, parts in zip(blocks, pieces, strict=True)
        ),
        removed=sum(not parts for parts in pieces),
    )


def _shares(entries: Sequence[Expectation], run: Run) -> list[list[Key]]:
    """The trials that each entry speaks for: those it covers and no entry before it does."""
    shares: list[list[Key]] = [[] for _ in entries]
    standing = [
        (entry, share)
        for entry, share in zip(entries, shares, strict=True)
        if entry.concerns(run.adapter, run.version)
    ]
    for behavior, dtype in run.trials:
        for entry, share in standing:
            if entry.covers(behavior, dtype, run.device):
                share.append((behavior, dtype))
                break
    return shares


def _news(
    expectations: Expectations, shares: Iterable[Iterable[Key]], run: Run
) -> Iterator[_Failure]:
    """The failures of a run that neither the file nor the shipped entries expect."""
    spoken_for = {key for share in shares for key in share}
    if not expectations.replaces_shipped:
        spoken_for |= {
            key
            for key, result in run.results.items()
            if result.verdict is Verdict.EXPECTED_FAILURE and run.shipped.match(*key, run.device)
        }
    yield from _failures([key for key in run.trials if key not in spoken_for], run)


def _failures(trials: Iterable[Key], run: Run) -> Iterator[_Failure]:
    """How each behavior of some trials fails: one failure where all its dtypes fail alike."""
    by_behavior: dict[str, list[str]] = {}
    for behavior, dtype in trials:
        by_behavior.setdefault(behavior, []).append(dtype)
    for behavior, dtypes in by_behavior.items():
        reached = [
            run.results[behavior, dtype] for dtype in dtypes if (behavior, dtype) in run.results
        ]
        failing = [result for result in reached if result.verdict in _FAILS]
        ways = {(result.signature, result.witness, result.operations) for result in failing}
        if len(ways) == 1 and len(failing) == len(reached):
            yield _Failure(behavior, "", *ways.pop())
        else:
            for result in failing:
                yield _Failure(
                    behavior, result.dtype, result.signature, result.witness, result.operations
                )


def _rewritten(text: str, entry: Expectation, trials: Sequence[Key], run: Run) -> list[str]:
    """What becomes of an entry: itself, itself with what was found out, several, or nothing."""
    failures = list(_failures(trials, run))
    if not failures:
        conforms = [key in run.results and run.results[key].verdict in _CONFORMS for key in trials]
        return [] if trials and all(conforms) else [text]
    if [_known(failure, entry) for failure in failures] == [True]:
        return [text]
    return [
        _with(text if at == 0 else _bare(text), entry, failure)
        for at, failure in enumerate(failures)
    ]


def _known(failure: _Failure, entry: Expectation) -> bool:
    """Whether an entry says exactly this already."""
    witness = None if entry.witness is None else entry.witness.hex()
    said = _Failure(entry.behavior, "", entry.signature, witness, entry.operations)
    return said == failure


def _with(text: str, entry: Expectation, failure: _Failure) -> str:
    """The text of an entry, with what a run found out about its failure."""
    body = text.rstrip()
    document: Any = tomlkit.parse(f"{body}\n")
    table = document["expected"][0]
    table["behavior"] = failure.behavior
    if failure.dtype and not entry.dtype:
        when = table.setdefault("when", tomlkit.inline_table())
        when["dtype"] = failure.dtype
    if entry.signature not in ("", failure.signature):
        table["reason"] = f"{UNREAD}; it was: {entry.reason.removeprefix(f'{UNREAD}; it was: ')}"
    table.pop("witness", None)
    table.pop("operations", None)
    _say_how(table, failure)
    return f"{tomlkit.dumps(document).rstrip()}\n{text[len(body) :].removeprefix(chr(10))}"


def _bare(text: str) -> str:
    """The text of an entry without the comments above it."""
    lines = text.splitlines(keepends=True)
    first = next(at for at, line in enumerate(lines) if line.lstrip().startswith("["))
    return "".join(lines[first:])


def _entry(failure: _Failure) -> str:
    """The text of a new entry, which somebody has yet to give a reason."""
    table = tomlkit.table()
    table["behavior"] = failure.behavior
    if failure.dtype:
        when = tomlkit.inline_table()
        when["dtype"] = failure.dtype
        table["when"] = when
    table["reason"] = UNREAD
    _say_how(table, failure)
    entries = tomlkit.aot()
    entries.append(table)
    document = tomlkit.document()
    document["expected"] = entries
    return tomlkit.dumps(document)


def _say_how(table: Any, failure: _Failure) -> None:
    """Write into an entry how its behavior fails."""
    table["signature"] = failure.signature
    if failure.witness is not None:
        table["witness"] = failure.witness
    if failure.operations:
        table["operations"] = list(failure.operations)


def _joined(head: str, pieces: Sequence[Sequence[str]]) -> str:
    """The file's text: entries apart by an empty line, one line end at its end."""
    text = head
    for place, parts in enumerate(pieces):
        for part in parts:
            apart = place or part is not parts[0]  # the first entry keeps its distance to the head
            if text.strip() and apart and not text.endswith("\n\n"):
                text = f"{text.rstrip()}\n\n"
            text += part
    return f"{text.rstrip()}\n" if text.strip() else ""
