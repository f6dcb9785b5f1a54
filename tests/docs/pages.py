"""The documents of the repository, their links and their commands."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))]


def prose(page: Path) -> str:
    """The text of a page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as renderers of Markdown make them."""
    heads = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def local_links(page: Path) -> list[tuple[Path, str]]:
    """The files that a page links to, with the anchor in each, empty where there is none."""
    found = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", prose(page))
    return [((page.parent / path).resolve() if path else page, anchor) for path, anchor in found]


def commands(page: Path) -> list[str]:
    """The commands in indented blocks of a page, lines that go on joined."""
    text = prose(page).replace("\\\n", " ")
    return re.findall(r"^    ((?:python -m pytest|pytest|conformance) .*)$", text, re.MULTILINE)
