"""Python source as escaped HTML with its comments, strings, numbers and keywords marked."""

from __future__ import annotations

import keyword
import re

from markupsafe import Markup

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<string>[rbfRBF]{0,2}(?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<number>\b\d[\w.]*(?:(?<=[eE])[+-]\d+)?)
    |(?P<word>[^\W\d]\w*)""",
    re.VERBOSE,
)
_KEYWORDS = frozenset(keyword.kwlist)


def highlight(source: str) -> Markup:
    """``source`` escaped, in ``<span>`` elements of class comment, string, number or keyword."""
    parts = [Markup()]
    end = 0
    for token in _TOKEN.finditer(source):
        kind = token.lastgroup
        if kind == "word":
            if token.group() not in _KEYWORDS:
                continue
            kind = "keyword"
        parts.append(Markup.escape(source[end : token.start()]))
        parts.append(Markup('<span class="{}">{}</span>').format(kind, token.group()))
        end = token.end()
    parts.append(Markup.escape(source[end:]))
    return Markup().join(parts)
