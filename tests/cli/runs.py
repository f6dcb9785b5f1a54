"""Reports of runs that were never made, small enough to be told in a line each."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from report.fake import FAILURE, INFO

from conformance.journal import Journal
from conformance.report import build_document
from conformance.results import Result, Verdict

DIVERGES = (Verdict.FAIL, Verdict.EXPECTED_FAILURE)

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</details></summary>\n\n# loud\n\n| a | b |\n|---|---|",
    "```\n~~~\n</details><script>alert(1)</script>",
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png) www.evil.example @everyone",
    "<javascript:alert(1)> <https://evil.example> **bold** `code` $x$",
    "\x1b[31mred\x1b[0m\x1b]8;;https://evil.example\x07link\x1b]8;;\x07\r\x00\u202edlrow\udcff",
    "[bold red]rich[/bold red] [/] [link=https://evil.example]x[/link]",
    "{{ 7 * 7 }}{% raw %}&lt;b&gt;",
]


def result(behavior: str, verdict: str, dtype: str = "float64", **changes: Any) -> Result:
    """One verdict, with a failure where the verdict has one."""
    kind = Verdict(verdict)
    return Result(
        behavior=behavior,
        area=changes.pop("area", behavior.partition(".")[0].title()),
        dtype=dtype,
        verdict=kind,
        **{
            "level": "core",
            "examples": 25,
            "seconds": 0.5,
            "statement": f"The promise of {behavior}.",
            "sources": (("torch.Tensor.backward", "https://docs.pytorch.org/backward.html"),),
            "reason": "" if kind is Verdict.PASS else f"why {behavior} is {verdict}",
            "failure": FAILURE if kind in DIVERGES else None,
        }
        | changes,
    )


def results(*words: str) -> list[Result]:
    """Results from words such as ``a.b=pass`` and ``a.b[float32]=fail``."""
    found = []
    for word in words:
        name, verdict = word.split("=")
        behavior, _, dtype = name.rstrip("]").partition("[")
        found.append(result(behavior, verdict, dtype or "float64"))
    return found


def write_report(path: Path, *words: str, of: list[Result] | None = None, **facts: Any) -> Path:
    """A JSON report of such results."""
    document = build_document(replace(INFO, **facts), of or results(*words))
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_journal(path: Path, *words: str, cut: int = 0, ends: bool = False) -> Path:
    """The journal of a run, killed unless it ``ends``, without its last ``cut`` bytes."""
    journal = Journal.open(path, INFO)
    for one in results(*words):
        journal.add(one)
    journal.close(INFO if ends else None)
    path.write_bytes(path.read_bytes()[: -cut or None])
    return path


def hostile_results(text: str) -> list[Result]:
    """A run in which everything that an engine or a file can say is ``text``."""
    failure = replace(
        FAILURE, message=text, expected=text, actual=text, program=text, repro=text, replay=text
    )
    said: dict[str, Any] = {
        "area": text,
        "statement": text,
        "reason": text,
        "sources": ((text, f"https://example.org/{text}"), (text, "javascript:alert(1)")),
    }
    return [
        result(f"a.{text}", "fail", failure=failure, **said),
        result(f"a.{text}", "error", text, **said),
        result("a.plain", "unsupported", **said),
        result("a.other", "pass", **said),
    ]


HOSTILE_FACTS = ("adapter", "engine_version", "device", "profile", "python", "platform", "started")
