"""The report of a run: a document of plain data, and its pages for browsers and terminals."""

from __future__ import annotations

from .document import build_document, write_reports
from .html import render_html
from .terminal import closing_table

__all__ = ["build_document", "closing_table", "render_html", "write_reports"]
