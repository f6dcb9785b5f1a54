"""A file of known failures as its lines: which of them spell which entry.

TOML readers say no lines, and writers lose comments that stand before a table; both are kept here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Block", "entry_place", "split"]

_HEADER = re.compile(r"\s*\[\[\s*[\"']?expected[\"']?\s*\]\]")


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one entry with the comments right above it; ``header`` is its header's line."""

    header: int
    text: str


@lru_cache(maxsize=4)
def split(text: str) -> tuple[str, tuple[Block, ...]]:
    """What stands before the first entry, and the entries."""
    lines = text.splitlines(keepends=True)
    headers = list(_headers(lines))
    starts = [
        _first_comment(lines, header, headers[at - 1] if at else -1)
        for at, header in enumerate(headers)
    ]
    ends = [*starts[1:], len(lines)][: len(starts)]
    blocks = tuple(
        Block(header + 1, "".join(lines[start:end]))
        for header, start, end in zip(headers, starts, ends, strict=True)
    )
    return "".join(lines[: starts[0]] if starts else lines), blocks


def entry_place(text: str, number: int, key: str = "") -> str:
    """The line of an entry, counted from 0, or of a key in it, as words for a message."""
    _, blocks = split(text)
    if number >= len(blocks):
        return f"entry {number + 1}"
    header = blocks[number].header
    if not key:
        return f"line {header}"
    end = blocks[number + 1].header if number + 1 < len(blocks) else None
    spelled = re.compile(rf"\s*(\[expected\.)?[\"']?{re.escape(key)}[\"']?\s*[].=]")
    lines = text.splitlines()[header - 1 : end]
    found = (at for at, line in enumerate(lines) if spelled.match(line))
    return f"line {header + next(found, 0)}"


def _headers(lines: list[str]) -> Iterator[int]:
    """The lines that open an entry: not those inside of a string that spans several."""
    start = 0
    for at, line in enumerate(lines):
        if _HEADER.match(line) and _is_toml("".join(lines[start:at])):
            yield at
            start = at


def _first_comment(lines: list[str], header: int, previous: int) -> int:
    """The first of the comments that stand right above a header, if there are any."""
    at = header
    while at - 1 > previous and lines[at - 1].lstrip().startswith("#"):
        at -= 1
    return at or header  # what opens the file is its head


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True
