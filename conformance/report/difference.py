"""Two values beside each other, with the numbers and words that differ marked."""

from __future__ import annotations

import re

from markupsafe import Markup

_WORD = re.compile(r"([-+]?[\w.]+(?:(?<=\de)[-+]\d+)?)")


def contrast(expected: str, actual: str) -> tuple[Markup, Markup]:
    """Both texts escaped, with what differs in ``<mark>`` elements.

    Words are compared place by place, as the entries of two tensors of one shape are. Nothing is
    marked where the texts hold unlike numbers of words, or where all of them differ.
    """
    left, right = _WORD.split(expected), _WORD.split(actual)
    same = [a == b for a, b in zip(left[1::2], right[1::2], strict=False)]
    if len(left) != len(right) or not any(same):
        return Markup.escape(expected), Markup.escape(actual)
    return _marked(left, same), _marked(right, same)


def _marked(parts: list[str], same: list[bool]) -> Markup:
    mark = Markup("<mark>{}</mark>")
    parts[1::2] = [
        word if alike else mark.format(word) for word, alike in zip(parts[1::2], same, strict=True)
    ]
    return Markup().join(parts)
