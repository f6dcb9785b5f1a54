"""Runs of hostile adapters on three behaviors, and what they leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

from jsonschema import Draft202012Validator

from conformance import report
from conformance.journal import read_journal

HERE = Path(__file__).parent
SCHEMA = json.loads(Path(report.__file__).with_name("schema.json").read_text(encoding="utf-8"))
DETACHING = "detach.result-is-untracked-leaf"
SUMMING = "accumulation.sums-over-calls"
MAKING = "state.factory-flag-makes-tracked-leaf"
ALL = (DETACHING, SUMMING, MAKING)


def words(engine, *more):
    """The arguments that try a hostile adapter on three behaviors."""
    return [
        *("--pyargs", "conformance", f"--adapter={HERE / 'engines.py'}:{engine}"),
        *("--profile=quick", "--dtype=float64", "--hypothesis-seed=1", f"--report={engine}"),
        *("-k", " or ".join(ALL), "-pno:cacheprovider", "-plimits", *more),
    ]


def start(directory, *command):
    return subprocess.run(
        [sys.executable, *command],
        cwd=directory,
        capture_output=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )


class Page(HTMLParser):
    """Counts the scripts of a page, and notes text that should have been in none."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.inside = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "script"

    def handle_data(self, data):
        if self.inside:
            self.scripts.append(data)
            self.inside = False


def judged(out):
    """The verdicts, once the reports were found whole."""
    (journal,) = out.glob("*.jsonl")
    _, results = read_journal(journal)
    verdicts = {result.behavior: result.verdict.value for result in results}
    assert set(verdicts) == set(ALL)
    (path,) = out.glob("*.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator(SCHEMA).validate(document)
    tried = [verdict for verdict in verdicts.values() if verdict != "blocked"]
    assert document["summary"]["total"]["tried"] == len(tried)
    (path,) = out.glob("*.html")
    text = path.read_text(encoding="utf-8")
    assert all(behavior in text for behavior in ALL)
    assert not any("alert(1)" in script for script in Page(text).scripts)
    assert len(text) < 1_000_000
    return verdicts, results


def only(behavior, verdict):
    return {**dict.fromkeys(ALL, "pass"), behavior: verdict}
