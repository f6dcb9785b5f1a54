"""Pages and Markdown as a browser reads them: elements, attributes, text."""

from __future__ import annotations

from html.parser import HTMLParser

from markdown_it import MarkdownIt


class Markup(HTMLParser):
    """The elements, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.cdata_elem is None:  # neither a style nor a script
            self.texts.append(data)

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    @property
    def attributes(self) -> set[str]:
        return {name for _, attributes in self.elements for name in attributes}

    @property
    def addresses(self) -> set[str]:
        pairs = (one.get(name) for _, one in self.elements for name in ("href", "src"))
        return {address for address in pairs if address is not None}

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def rendered(markdown: str) -> Markup:
    """Markdown as GitHub's dialect renders it, HTML let through."""
    return Markup(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))
