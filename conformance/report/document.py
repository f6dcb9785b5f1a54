"""The report as plain data, the form that programs read and that every other form is made from."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from os import PathLike
from pathlib import Path
from typing import Any

from conformance.behavior import Level
from conformance.journal import latest
from conformance.results import Result, RunInfo, Verdict

SUITE = "autograd-conformance"
NOT_TRIED = frozenset({Verdict.UNSUPPORTED, Verdict.BLOCKED})


def build_document(
    info: RunInfo, results: Iterable[Result], *, areas: Sequence[str] = ()
) -> dict[str, Any]:
    """The JSON report: ``suite``, ``run``, ``summary`` and ``results``.

    Results stand in the order of ``areas``, then of behavior ids and dtypes, whatever order they
    were reached in: two runs with one seed differ in nothing but ``seconds`` and ``started``.
    """
    ordered = sorted(latest(results), key=_order(areas))
    document = {
        "suite": {"name": SUITE, "version": info.suite or suite_version()},
        "run": info.to_json(),
        "summary": _summary(ordered, complete=info.complete),
        "results": [result.to_json() for result in ordered],
    }
    plain: dict[str, Any] = json.loads(json.dumps(document))
    return plain


def write_reports(
    directory: str | PathLike[str],
    info: RunInfo,
    results: Iterable[Result],
    *,
    areas: Sequence[str] = (),
) -> tuple[Path, Path]:
    """Write ``<adapter>-<device>.html`` and ``.json`` into ``directory``; returns their paths."""
    from .html import render_html

    document = build_document(info, results, areas=areas)
    stem = Path(directory) / f"{file_name(info.adapter)}-{file_name(info.device)}"
    page, data = stem.with_name(stem.name + ".html"), stem.with_name(stem.name + ".json")
    page.parent.mkdir(parents=True, exist_ok=True)
    _replace(data, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    _replace(page, render_html(document))
    return page, data


def file_name(name: str) -> str:
    """``name`` with everything that a path or an address could trip over turned into hyphens."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")[-100:] or "unnamed"


def suite_version() -> str:
    """The installed version of the suite."""
    try:
        return version(SUITE)
    except PackageNotFoundError:
        return "unknown"


def _order(areas: Sequence[str]) -> Any:
    rank = {area: position for position, area in enumerate(areas)}

    def key(result: Result) -> tuple[int, str, str, str, str]:
        slug = result.behavior.partition(".")[0]
        position = rank.get(result.area, len(rank))
        return position, slug, result.area, result.behavior, result.dtype

    return key


def _summary(results: Sequence[Result], *, complete: bool) -> dict[str, Any]:
    levels = [level.value for level in Level if any(r.level == level.value for r in results)]
    areas = dict.fromkeys(result.area for result in results)
    return {
        "total": _tally(results, complete),
        "by_level": {
            level: _tally([r for r in results if r.level == level], complete) for level in levels
        },
        "by_area": {
            area: _tally([r for r in results if r.area == area], complete) for area in areas
        },
    }


def _tally(results: Sequence[Result], complete: bool) -> dict[str, Any]:
    counts = {verdict.value: sum(r.verdict is verdict for r in results) for verdict in Verdict}
    passed = counts[Verdict.PASS.value]
    tried = sum(counts[verdict.value] for verdict in Verdict if verdict not in NOT_TRIED)
    return {
        "counts": counts,
        "tried": tried,
        "passed": passed,
        "fraction": f"{passed}/{tried}",
        "score": round(passed / tried, 4) if complete and tried else None,
    }


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(path.name + ".part")
    draft.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    os.replace(draft, path)
