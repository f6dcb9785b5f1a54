"""Markdown for pages of continuous integration, safe with whatever an engine says.

Text is written in character references, which no renderer takes for markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from .html import printable

_MARKUP = re.compile(r"[\\`*_{}\[\]<>&#|~$@:\"']|(?<=www)\.|^(?:[-+=]|\d+[.)](?= |$))")
_ADDRESS = "/:?#@!$&'*+,;=%-._~"


def inline(text: str) -> str:
    """``text`` on one line, each character that could be markup as a reference."""
    line = " ".join(printable(text).split())
    return _MARKUP.sub(lambda found: "".join(map(_reference, found.group())), line)


def link(title: str, url: str) -> str:
    """A link to a web page; an address of another kind is only shown."""
    if not url.startswith(("https://", "http://")):
        return f"{inline(title)} ({inline(url)})"
    return f"[{inline(title)}]({quote(printable(url), safe=_ADDRESS)})"


def fenced(text: str, language: str = "") -> str:
    """``text`` as a block of code, in a fence that it cannot close."""
    body = printable(text).strip("\n")
    longest = max(map(len, re.findall("`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; all columns but the first are right-aligned."""
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))


def _reference(character: str) -> str:
    return f"&#{ord(character)};"
