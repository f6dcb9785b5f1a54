"""The journal of a run: one JSON line for each verdict, on disk as it falls.

A run that is killed leaves every verdict it reached, and :func:`read_journal` gives back what the
report is built from. A line's kind is ``run`` (the first, and again on closing) or ``result``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, TextIO

from .results import Result, RunInfo

__all__ = ["Journal", "JournalError", "latest", "read_journal", "run_info"]


class JournalError(ValueError):
    """A file that cannot be read as a journal; the message names the line."""


class Journal:
    """A journal being written: :meth:`open` it, and :meth:`close` it with the finished run."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @classmethod
    def open(cls, path: str | PathLike[str], info: RunInfo) -> Journal:
        """Start a new journal at ``path``, in place of any older one there."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        stream = Path(path).open("w", encoding="utf-8", newline="\n")  # noqa: SIM115
        journal = cls(stream)
        journal._write({"kind": "run", **info.to_json(), "complete": False})
        return journal

    def add(self, result: Result) -> None:
        """Write down one verdict; it is out of this process's hands when the call returns."""
        self._write({"kind": "result", **result.to_json()})

    def close(self, info: RunInfo | None = None) -> None:
        """End the journal. Without the finished run's ``info`` it reads as that of a cut run."""
        if self._stream.closed:
            return
        if info is not None:
            self._write({"kind": "run", **info.to_json()})
        self._stream.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(line) + "\n")
        self._stream.flush()


def read_journal(path: str | PathLike[str]) -> tuple[dict[str, Any], list[Result]]:
    """The run and the results a journal holds, the newest for each behavior and dtype.

    A last line that was cut off in the middle is dropped. ``run["complete"]`` is true only if the
    run itself said so at its end.

    Raises:
        JournalError: the file holds no run, or a line other than the last cannot be read.
    """
    lines = Path(path).read_bytes().split(b"\n")
    run: dict[str, Any] | None = None
    results: list[Result] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            kind = data.pop("kind")
            if kind == "run":
                run = data
            elif kind == "result":
                results.append(Result.from_json(data))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if number == len(lines):
                break
            raise JournalError(f"{path}, line {number} is no journal line: {error}") from error
    if run is None:
        raise JournalError(f"{path} holds no run: its first line should name the engine tried")
    return run, latest(results)


def run_info(run: Mapping[str, Any]) -> RunInfo:
    """The run's facts as :func:`read_journal` or a JSON report gives them."""
    return RunInfo(**{**run, "dtypes": tuple(run["dtypes"])})


def latest(results: Iterable[Result]) -> list[Result]:
    """The last result for each behavior and dtype, each where its first one stood."""
    return list({(result.behavior, result.dtype): result for result in results}.values())
