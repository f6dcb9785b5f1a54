"""Reading a file of known failures: every entry is checked, and refused by its line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, NoReturn

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conformance.expectation_blocks import entry_place
from conformance.ops import COMPUTE

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["ExpectationsError", "read_entries"]

_WHEN = ("engine", "device", "dtype")
_TEXTS = ("behavior", "reason", "link", "dtype", "device", "adapter", "signature", "witness")
_KEYS = (*_TEXTS, "when", "expires", "operations")
_SAMPLES = {
    "behavior": "accumulation.sums-over-calls",
    "reason": "what goes wrong, in a sentence",
}


class ExpectationsError(ValueError):
    """An expectations file that cannot be used; the message names file, line and mend."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry on its way to being checked, and where it stands."""

    table: Mapping[str, Any]
    text: str
    origin: str
    number: int

    def refuse(self, why: str, key: str = "") -> NoReturn:
        """Refuse the entry, by the line of one of its keys if one is to blame."""
        raise ExpectationsError(f"{self.place(key)}: {why}") from None

    def place(self, key: str = "") -> str:
        """The file and the line of the entry, or of a key in it."""
        return f"{self.origin}, {entry_place(self.text, self.number, key)}"


def read_entries(
    text: str, origin: str, known_ids: Iterable[str]
) -> tuple[bool, list[dict[str, Any]]]:
    """Whether shipped entries stay in force, and the fields of each entry of a file.

    Raises:
        ExpectationsError: the text is no TOML, or an entry cannot be used.
    """
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
    entries = (_Entry(table, text, origin, number) for number, table in enumerate(tables))
    return shipped, [_fields(entry, known) for entry in entries]


def _fields(entry: _Entry, known: tuple[str, ...]) -> dict[str, Any]:
    """The checked fields of an entry."""
    _check_keys(entry)
    _check_words(entry, known)
    fields = {key: entry.table[key] for key in _TEXTS if key in entry.table}
    return {
        **fields,
        **_when(entry),
        "expires": _expiry(entry),
        "witness": _witness(entry),
        "operations": _operations(entry),
        "place": entry.place(),
    }


def _check_keys(entry: _Entry) -> None:
    for key, value in entry.table.items():
        if key not in _KEYS:
            entry.refuse(f"unknown key {key!r}{_suggest(key, _KEYS)}", key)
        if key in _TEXTS and not isinstance(value, str):
            entry.refuse(f"{key} is a string, not {value!r}", key)
    for key, sample in _SAMPLES.items():
        if not entry.table.get(key, "").strip():
            entry.refuse(f"say the {key}: {key} = {sample!r}", key)


def _check_words(entry: _Entry, known: tuple[str, ...]) -> None:
    link, pattern = entry.table.get("link", ""), entry.table["behavior"]
    if "link" in entry.table and not link.startswith(("https://", "http://")):
        entry.refuse(f"link is the address of a page, not {link!r}", "link")
    if known and not any(fnmatchcase(name, pattern) for name in known):
        entry.refuse(f"no behavior is {pattern!r}{_suggest(pattern, known)}", "behavior")


def _when(entry: _Entry) -> dict[str, str]:
    """The conditions of an entry; device and dtype may also stand outside of ``when``."""
    when = entry.table.get("when", {})
    if not isinstance(when, dict):
        entry.refuse(f"when is a table, as in when = {{dtype = 'float32'}}, not {when!r}", "when")
    for key, value in when.items():
        if key not in _WHEN:
            entry.refuse(f"unknown key {key!r} of when{_suggest(key, _WHEN)}", "when")
        if not isinstance(value, str) or not value.strip():
            entry.refuse(f"{key} of when is a string, not {value!r}", "when")
        if key in entry.table:
            entry.refuse(f"{key} is given twice: keep the one of when", key)
    try:
        SpecifierSet(when.get("engine", ""))
    except InvalidSpecifier:
        entry.refuse(
            f"engine of when is a version specifier such as '>=2.1,<3', not {when['engine']!r}",
            "when",
        )
    return when


def _expiry(entry: _Entry) -> date | None:
    """The last day of an entry, which must not be over."""
    day = entry.table.get("expires")
    if day is None:
        return None
    if not isinstance(day, date) or isinstance(day, datetime):
        entry.refuse(f"expires is a date, as in expires = 2030-01-31, not {day!r}", "expires")
    if day < date.today():
        entry.refuse(
            f"the entry of {entry.table['behavior']} expired on {day}: "
            "remove it, or look again and set a later day",
            "expires",
        )
    return day


def _witness(entry: _Entry) -> bytes | None:
    """The bytes of an entry's witness, which belong to one behavior and one signature."""
    if "witness" not in entry.table:
        return None
    try:
        witness = bytes.fromhex(entry.table["witness"])
    except ValueError:
        entry.refuse(f"witness is not hexadecimal: {entry.table['witness']!r}", "witness")
    if not entry.table.get("signature", "").strip():
        entry.refuse("a witness needs the signature of how it fails", "witness")
    if any(sign in entry.table["behavior"] for sign in "*?["):
        entry.refuse("a witness belongs to one behavior: write its id, not a glob", "behavior")
    return witness


def _operations(entry: _Entry) -> tuple[str, ...]:
    """The operations that an entry's behavior is known to be broken for."""
    names = entry.table.get("operations", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        entry.refuse(f"operations is a list of names, not {names!r}", "operations")
    for name in names:
        if name not in COMPUTE:
            entry.refuse(f"no operation is {name!r}{_suggest(name, COMPUTE)}", "operations")
    return tuple(names)


def _suggest(name: str, known: Iterable[str]) -> str:
    """A close match as the end of a sentence, or nothing."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
