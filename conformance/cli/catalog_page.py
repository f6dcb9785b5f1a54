"""The catalog of behaviors as a Markdown page, which is written anew whenever they change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from conformance.behavior import Behavior, Level, Source

__all__ = ["COMMAND", "behaviors_markdown"]

COMMAND = "python -m conformance list --markdown docs/behaviors.md"
_MARKUP = re.compile(r"[\\`*_\[\]<>|]")
_HEAD = """# Behaviors

The promises that the suite tries, by area, in the order of the catalog. This page is generated:
`{command}` writes it anew.

{counts}.

*Core* is for every define-by-run engine, *extended* for serious ones, *full* for those
that claim torch's own behavior. A behavior that builds on others is blocked where one of them
fails. To run one, and to see how it is declared:

    pytest --pyargs conformance --adapter=torch -k {example}
    conformance show {example}
"""


def behaviors_markdown(behaviors: Iterable[Behavior], command: str = COMMAND) -> str:
    """The page of these behaviors, which ``command`` writes; those of one area stand together."""
    chosen = list(behaviors)
    levels = Counter(one.level for one in chosen)
    counts = ", ".join(f"{levels[level]} {level.value}" for level in Level if levels[level])
    head = _HEAD.format(
        command=command, counts=f"{len(chosen)} behaviors: {counts}", example=chosen[0].id
    )
    areas = [(area, list(of_area)) for area, of_area in groupby(chosen, lambda one: one.area)]
    contents = "\n".join(
        f"- [{area}](#{_anchor(area)}) ({len(of_area)})" for area, of_area in areas
    )
    return "\n".join([head, contents, *(_area(area, of_area) for area, of_area in areas)])


def _area(title: str, behaviors: list[Behavior]) -> str:
    return "\n".join([f"\n## {title}", *(_entry(one) for one in behaviors)])


def _entry(behavior: Behavior) -> str:
    """A heading, the promise, and a line of each thing else there is to know."""
    said = "\n".join(f"- {line}" for line in _lines(behavior))
    return f"\n### {behavior.id}\n\n{_plain(behavior.statement)}\n\n{said}"


def _lines(behavior: Behavior) -> Iterator[str]:
    yield f"level: {behavior.level.value}"
    yield f"sources: {', '.join(map(_link, behavior.sources))}"
    if behavior.requires:
        required = (f"[{name}](#{_anchor(name)})" for name in behavior.requires)
        yield f"builds on: {', '.join(required)}"
    if behavior.dtypes:
        yield f"only in: {', '.join(behavior.dtypes)}"
    if behavior.off_cpu:
        yield "only on devices other than the cpu"


def _link(source: Source) -> str:
    return f"[{_plain(source.title)}]({source.url})"


def _plain(text: str) -> str:
    """Text in which nothing is markup."""
    return _MARKUP.sub(lambda found: f"\\{found.group()}", text)


def _anchor(heading: str) -> str:
    """The anchor that renderers of Markdown give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
