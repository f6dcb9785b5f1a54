"""Known failures: which behaviors an engine is known to break, each with a reason and a page.

Entries never rot in silence: one that no behavior answers to is an error, and a behavior that
conforms although an entry says it fails is an unexpected pass, which fails the gate.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Expectation", "Expectations", "ExpectationsError"]


class ExpectationsError(ValueError):
    """An expectations file that cannot be used; the message names file, entry and mend."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One known failure. ``behavior`` is an id or a glob; an empty field matches anything."""

    behavior: str
    reason: str
    link: str
    dtype: str = ""
    device: str = ""
    adapter: str = ""

    def covers(self, behavior: str, dtype: str, device: str) -> bool:
        """Whether this entry speaks of a behavior in a dtype on a device.

        A device named without an index covers every index: ``cuda`` covers ``cuda:1``.
        """
        return (
            fnmatchcase(behavior, self.behavior)
            and self.dtype in ("", dtype)
            and self.device in ("", device, device.partition(":")[0])
        )

    def __str__(self) -> str:
        return f"{self.reason} ({self.link})"


_FIELDS = tuple(field.name for field in fields(Expectation))
_REQUIRED = ("behavior", "reason", "link")


@dataclass(frozen=True, slots=True)
class Expectations:
    """Known failures in order; the first entry that covers a behavior is the one that counts.

    ``replaces_shipped`` says that the file asked for the shipped entries to be left out.
    """

    entries: tuple[Expectation, ...] = ()
    replaces_shipped: bool = False

    @classmethod
    def load(cls, path: str | PathLike[str], known_ids: Iterable[str] = ()) -> Expectations:
        """The known failures in a TOML file, each checked against the ids of the behaviors.

        Raises:
            ExpectationsError: the file cannot be read, or an entry cannot be used.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ExpectationsError(f"cannot read the expectations file {path}: {cause}") from None
        return cls.parse(text, str(path), known_ids)

    @classmethod
    def parse(cls, text: str, origin: str, known_ids: Iterable[str] = ()) -> Expectations:
        """The known failures in the text of a TOML file; ``origin`` names it in messages."""
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ExpectationsError(f"{origin} is not TOML: {error}") from None
        for key in document.keys() - {"expected", "shipped"}:
            raise ExpectationsError(
                f"{origin}: unknown key {key!r}; known failures are [[expected]] tables"
            )
        shipped, tables = document.get("shipped", True), document.get("expected", [])
        if not isinstance(shipped, bool):
            raise ExpectationsError(f"{origin}: shipped is true or false, not {shipped!r}")
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise ExpectationsError(f"{origin}: write each known failure as an [[expected]] table")
        known = tuple(known_ids)
        return cls(
            tuple(
                _entry(table, f"{origin}, entry {number}", known)
                for number, table in enumerate(tables, start=1)
            ),
            replaces_shipped=not shipped,
        )

    @classmethod
    def shipped(cls, adapter: str, known_ids: Iterable[str] = ()) -> Expectations:
        """The known failures this package ships for a built-in adapter; none for any other."""
        if not adapter.isidentifier():
            return cls()
        file = files(__package__) / "expectations" / f"{adapter}.toml"
        if not file.is_file():
            return cls()
        return cls.parse(
            file.read_text(encoding="utf-8"), f"the shipped {adapter}.toml", known_ids
        ).for_adapter(adapter)

    def over(self, shipped: Expectations) -> Expectations:
        """These entries before the shipped ones, unless they replace them."""
        return (
            self if self.replaces_shipped else replace(self, entries=self.entries + shipped.entries)
        )

    def for_adapter(self, adapter: str) -> Expectations:
        """Only the entries that speak of this adapter."""
        kept = tuple(entry for entry in self.entries if entry.adapter in ("", adapter))
        return replace(self, entries=kept)

    def match(self, behavior_id: str, dtype: str, device: str) -> Expectation | None:
        """The entry that covers a behavior in a dtype on a device, if there is one."""
        return next(
            (entry for entry in self.entries if entry.covers(behavior_id, dtype, device)), None
        )


def _entry(table: Mapping[str, Any], where: str, known: tuple[str, ...]) -> Expectation:
    """The checked entry that a table spells out."""
    for key, value in table.items():
        if key not in _FIELDS:
            raise ExpectationsError(f"{where}: unknown key {key!r}{_suggest(key, _FIELDS)}")
        if not isinstance(value, str):
            raise ExpectationsError(f"{where}: {key} is a string, not {value!r}")
    for key in _REQUIRED:
        if not table.get(key, "").strip():
            raise ExpectationsError(f"{where}: say the {key}: {key} = {_SAMPLES[key]!r}")
    if not table["link"].startswith(("https://", "http://")):
        raise ExpectationsError(f"{where}: link is the address of a page, not {table['link']!r}")
    pattern = table["behavior"]
    if known and not any(fnmatchcase(name, pattern) for name in known):
        raise ExpectationsError(f"{where}: no behavior is {pattern!r}{_suggest(pattern, known)}")
    return Expectation(**table)


_SAMPLES = {
    "behavior": "accumulation.sums-over-calls",
    "reason": "what goes wrong, in a sentence",
    "link": "https://the.page/that-follows-it",
}


def _suggest(name: str, known: Iterable[str]) -> str:
    """A close match as the end of a sentence, or nothing."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
