"""A badge of one run, as a picture or as data that shields.io draws one from."""

from __future__ import annotations

from typing import Any

from .html import page_environment, printable
from .reading import Report
from .summary import score_text

LABEL = "autograd conformance"
_PASSED, _NEARLY, _PARTLY, _LOW, _NONE = "#23683e", "#4f6b12", "#7d5a00", "#b0241c", "#5a5f68"
_NARROW, _WIDE = frozenset("fijltr.,:;()/ |!'I1"), frozenset("mwMW%@")


def badge_message(report: Report) -> str:
    """What the badge says: a percentage of a whole run, counts of a partial one."""
    total, level = report.summary["total"], report.run["level"]
    score = score_text(total, partial=report.partial).replace(" %", "%")
    text = f"{score} {total['fraction']}" if score == "partial" else score
    return printable(text if level == "full" else f"{text} ({level})")


def badge_color(report: Report) -> str:
    """The badge's color; gray where there is no score, green only where all conforms."""
    score = report.summary["total"]["score"]
    if score is None:
        return _NONE
    steps = ((1.0, _PASSED), (0.95, _NEARLY), (0.8, _PARTLY))
    return next((color for least, color in steps if score >= least), _LOW)


def badge_svg(report: Report) -> str:
    """The badge as an SVG image that needs no network."""
    message = badge_message(report)
    return (
        page_environment()
        .get_template("badge.svg.j2")
        .render(
            label=LABEL,
            message=message,
            color=badge_color(report),
            left=text_width(LABEL),
            right=text_width(message),
        )
    )


def badge_endpoint(report: Report) -> dict[str, Any]:
    """The badge as shields.io's endpoint badge wants it."""
    return {
        "schemaVersion": 1,
        "label": LABEL,
        "message": badge_message(report),
        "color": badge_color(report).removeprefix("#"),
    }


def text_width(text: str) -> int:
    """About how many pixels ``text`` takes in 11 pixel Verdana; the image fits the text to it."""
    widths = (4.5 if c in _NARROW else 10.5 if c in _WIDE else 6.9 for c in text)
    return round(sum(widths))
