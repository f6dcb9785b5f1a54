"""The summary of a run for the pages of continuous integration: scores, then what diverged."""

from __future__ import annotations

from collections.abc import Iterator

from .html import percent
from .markdown import fenced, inline, link, table
from .reading import Json, Report
from .view import DIVERGING, WORDS, Divergence, Note, Row, rows_of

ROOM = 900_000
"""Bytes a summary may take; GitHub refuses a step's summary of more than a mebibyte."""
_LONGEST_PART = 6_000


def summary_markdown(report: Report, *, room: int = ROOM) -> str:
    """The score by level, and each divergence with its promise, sources and reproduction."""
    parts = [_title(report), *_remarks(report), _scores(report)]
    details = _divergences(report)
    if details:
        parts.append("### Divergences")
    left = room - sum(len(part.encode()) for part in parts)
    for number, detail in enumerate(details):
        left -= len(detail.encode()) + 2
        if left < 0:
            parts.append(f"{len(details) - number} more are in the report.")
            break
        parts.append(detail)
    return "\n\n".join(parts) + "\n"


def score_text(tally: Json, *, partial: bool) -> str:
    """A tally's score in words that claim nothing for a run that was cut."""
    if not tally["tried"]:
        return "nothing tried"
    if partial or tally["score"] is None:
        return "partial"
    return percent(tally["score"]).replace("\u202f", " ")


def engine_text(run: Json) -> str:
    """An engine, its version and its device."""
    return f"{run['adapter']} {run['engine_version']} on {run['device']}"


def _title(report: Report) -> str:
    total = report.summary["total"]
    score = score_text(total, partial=report.partial)
    return f"## {inline(engine_text(report.run))}: {total['fraction']} conform ({score})"


def _remarks(report: Report) -> Iterator[str]:
    if report.partial:
        yield (
            "**Partial run.** It was cut short or left behaviors out, so it has no percentage: "
            "what follows is what had been judged."
        )
    if not report.summary["total"]["tried"]:
        yield "**Nothing was tried.** This run says nothing about the engine."


def _scores(report: Report) -> str:
    summary = report.summary
    columns = [name for name in WORDS if name != "pass" and summary["total"]["counts"][name]]
    tallies = {**summary["by_level"], "**all**": summary["total"]}
    rows = [
        [
            name,
            tally["fraction"],
            score_text(tally, partial=report.partial),
            *(str(tally["counts"][column]) for column in columns),
        ]
        for name, tally in tallies.items()
    ]
    heads = ["level", "passed/tried", "score", *(WORDS[column] for column in columns)]
    return table(heads, rows)


def _divergences(report: Report) -> list[str]:
    dtypes = list(dict.fromkeys(result["dtype"] for result in report.results))
    return [
        text for row in rows_of(report.results, dtypes) if row.diverging for text in _details(row)
    ]


def _details(row: Row) -> Iterator[str]:
    for divergence in row.divergences:
        if divergence.open:
            yield _detail(
                row,
                divergence.verdict,
                divergence.dtypes,
                divergence.failure["message"],
                _evidence(divergence),
            )
    for note in row.notes:
        if note.verdict in DIVERGING:
            yield _detail(row, note.verdict, note.dtypes, note.headline, _reason(note))


def _detail(row: Row, verdict: str, dtypes: str, message: str, evidence: Iterator[str]) -> str:
    whose = f" ({inline(dtypes)})" if dtypes else ""
    first = message.strip().partition("\n")[0][:300]
    head = f"{WORDS[verdict]} <b>{inline(row.id)}</b>{whose}: {inline(first)}"
    sources = ", ".join(link(title, url) for title, url in row.sources)
    return "\n\n".join(
        [
            f"<details><summary>{head}</summary>",
            f"> {inline(row.statement)} {sources}",
            *evidence,
            "</details>",
        ]
    )


def _evidence(divergence: Divergence) -> Iterator[str]:
    failure = divergence.failure
    for title, key, language in (
        ("Expected:", "expected", ""),
        ("Actual:", "actual", ""),
        ("Reproduce:", "repro", "python"),
        ("Replay:", "replay", "sh"),
    ):
        if failure[key].strip():
            yield title
            yield _block(failure[key], language)


def _reason(note: Note) -> Iterator[str]:
    if note.long:
        yield _block(note.reason)


def _block(text: str, language: str = "") -> str:
    """A block of code; of a very long text the two ends, the last of which names an error."""
    half = _LONGEST_PART // 2
    if len(text) > _LONGEST_PART:
        text = f"{text[:half]}\n…\n{text[-half:]}"
    return fenced(text, language)
