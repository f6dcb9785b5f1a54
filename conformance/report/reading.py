"""Reading back what runs wrote: JSON reports, and the journals of runs that were killed.

Every command that compares or retells runs reads them here, so each refuses a file in the same
words, and none meets a control character that an engine wrote.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from conformance.journal import JournalError, read_journal, run_info
from conformance.results import Result

from .document import SUITE, build_document, suite_version
from .html import printable

Json = Mapping[str, Any]
JOURNAL_SUFFIX = ".jsonl"
_LONGEST_COMPLAINT = 200


class UnreadableError(ValueError):
    """A file that holds no report; the message names the file and the key or line at fault."""


@dataclass(frozen=True, slots=True)
class Report:
    """One run as its file tells it; the summary is counted anew from the results."""

    path: Path
    document: Json

    @property
    def run(self) -> Json:
        """The facts of the run."""
        facts: Json = self.document["run"]
        return facts

    @property
    def summary(self) -> Json:
        """The tallies: in all, by level and by area."""
        tallies: Json = self.document["summary"]
        return tallies

    @property
    def results(self) -> list[Json]:
        """The verdicts, in the document's order."""
        verdicts: list[Json] = self.document["results"]
        return verdicts

    @property
    def partial(self) -> bool:
        """Whether the run was cut short or left behaviors out, and so has no percentage."""
        return not self.run["complete"]


def read_report(path: Path) -> Report:
    """The report in a ``.json`` file, or what a ``.jsonl`` journal holds of one.

    Raises:
        UnreadableError: the file cannot be read, or is not what the schema describes.
    """
    try:
        return _read_journal(path) if path.suffix == JOURNAL_SUFFIX else _read_document(path)
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read: {error.strerror or error}") from error
    except RecursionError as error:
        raise UnreadableError(f"{path} is nested too deeply to be a report") from error


def _read_document(path: Path) -> Report:
    try:
        data = json.loads(path.read_bytes(), parse_constant=_refuse)
    except ValueError as error:
        raise UnreadableError(f"{path} is no JSON: {_shortened(str(error))}") from error
    _check(path, data, "report")
    results = map(Result.from_json, data["results"])
    document = build_document(run_info(data["run"]), results)
    return Report(path, printable({**document, "suite": data["suite"]}))


def _read_journal(path: Path) -> Report:
    try:
        run, results = read_journal(path)
    except JournalError as error:
        raise UnreadableError(_shortened(str(error))) from error
    _check(path, run, "run")
    document = build_document(run_info(run), results)
    _check(path, document, "report")
    return Report(path, printable(document))


def _check(path: Path, data: Any, kind: str) -> None:
    """Refuse data that the schema does not describe, by the key that is most plainly wrong."""
    error = best_match(_validator(kind).iter_errors(data))
    if error is not None:
        raise UnreadableError(
            f"{path}, {_place(error, kind)}: {_shortened(error.message)}{_other_suite(data)}"
        )


@cache
def _validator(kind: str) -> Any:
    schema = json.loads(files(__package__).joinpath("schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator({"$defs": schema["$defs"], "$ref": f"#/$defs/{kind}"})


def _place(error: ValidationError, kind: str) -> str:
    """The key at fault as a reader would write it, e.g. ``results[3].verdict``."""
    place = error.json_path.removeprefix("$").removeprefix(".")
    return _shortened(place) or f"the {kind} itself"


def _other_suite(data: Any) -> str:
    """A hint where another version of the suite wrote the file."""
    suite = data.get("suite") if isinstance(data, dict) else None
    written = suite.get("version") if isinstance(suite, dict) else None
    if not isinstance(written, str) or written == suite_version():
        return ""
    return f" (written by {SUITE} {_shortened(written)}; this is {suite_version()})"


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def _shortened(text: str) -> str:
    """The two ends of a long complaint, which say what came and what was wanted."""
    half = _LONGEST_COMPLAINT // 2
    line = " ".join(str(printable(text)).split())
    return line if len(line) <= _LONGEST_COMPLAINT else f"{line[:half]} … {line[-half:]}"
