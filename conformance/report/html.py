"""The report for browsers: one HTML file that needs no network, no server and no scripts.

Whatever came from an engine is escaped and made printable, and the page's content security policy
lets only the report's own script and styles take effect.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Set
from functools import partial
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .view import APART, DIVERGING, WORDS, Json, rows_of, set_apart

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def render_html(document: Json) -> str:
    """The page for a document made by :func:`~conformance.report.document.build_document`."""
    environment = page_environment()
    clean = printable(document)
    run, results = clean["run"], clean["results"]
    dtypes = list(dict.fromkeys([*run["dtypes"], *(result["dtype"] for result in results)]))
    rows = rows_of(results, dtypes)
    environment.filters["prose"] = partial(prose, ids={row.id for row in rows})
    style = assets(environment, "report.css", "icons.css", "print.css")
    script = assets(environment, "address.js", "report.js")
    return environment.get_template("report.html.j2").render(
        suite=clean["suite"],
        run=run,
        summary=clean["summary"],
        rows=rows,
        areas=[(area, list(of_area)) for area, of_area in groupby(rows, key=lambda row: row.area)],
        apart=set_apart(results),
        dtypes=dtypes,
        words=WORDS,
        diverging=DIVERGING,
        explanations=APART,
        style=style,
        script=script,
        policy=content_policy(style, script),
    )


def page_environment() -> Environment:
    """What the templates of every page are rendered in: all values are escaped."""
    environment = Environment(
        loader=PackageLoader("conformance.report", ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {f.__name__: f for f in (duration, slug, percent, date, prose)}
    return environment


def content_policy(style: str, script: str) -> str:
    """The content security policy of a page that holds this one style and this one script."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def printable(value: Any) -> Any:
    """``value`` with the characters that a page cannot or should not hold spelled as escapes."""
    if isinstance(value, str):
        text = value.replace("\r\n", "\n")
        return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
    if isinstance(value, Mapping):
        return {printable(key): printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable(item) for item in value]
    return value


def duration(seconds: float) -> str:
    """A length of time in the unit that suits it."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}\u202fms"
    if seconds < 99.95:
        return f"{seconds:.1f}\u202fs"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}\u202fmin {rest}\u202fs"


def percent(score: float) -> str:
    """A score in percent, rounded down, so that only a full score reads 100."""
    tenths = int(score * 1000 + 1e-9)
    return f"{tenths // 10}.{tenths % 10}\u202f%" if tenths % 10 else f"{tenths // 10}\u202f%"


def date(moment: str) -> str:
    """An ISO 8601 moment to the second, set for readers."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(.*)", moment)
    if not found:
        return moment
    day, time, zone = found.groups()
    return f"{day} {time} {'UTC' if zone in ('Z', '+00:00') else zone}".strip()


def prose(text: str, *, ids: Set[str] = frozenset()) -> Markup:
    """A sentence, escaped, with what stands in backticks as code and those of ``ids`` as links."""

    def link(found: re.Match[str]) -> str:
        name = found.group()
        return f'<a class="prose-id" href="#{name}">{name}</a>' if name in ids else name

    parts = re.split(r"`([^`]+)`", str(Markup.escape(text)))
    parts[::2] = [re.sub(r"[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9-]*", link, part) for part in parts[::2]]
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    return Markup("".join(parts))


def slug(text: str) -> str:
    """``text`` as a part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def assets(environment: Environment, *names: str) -> Markup:
    """Files beside the templates, as they stand, one after the other."""
    loader = environment.loader
    assert loader is not None
    return Markup("\n").join(
        Markup(loader.get_source(environment, name)[0].strip()) for name in names
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
