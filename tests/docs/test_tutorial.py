"""The tutorial, followed to the letter from an empty directory."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TUTORIAL = Path(__file__).parent.parent.parent / "docs" / "tutorial.md"
MODULES = {"conformance": "-m conformance", "python": ""}


@dataclass(frozen=True)
class Command:
    """A command of a console block, and what the block shows of its output."""

    words: str
    lines: tuple[str, ...]
    status: int


def blocks() -> list[tuple[str, str]]:
    text = TUTORIAL.read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(block: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        words, *lines = part.splitlines()
        status = re.fullmatch(r"\[exit status (\d)\]", lines[-1]) if lines else None
        shown = lines[:-1] if status else lines
        yield Command(words, tuple(map(squeezed, shown)), int(status[1]) if status else 0)


def squeezed(text: str) -> str:
    return " ".join(text.split())


def run(command: Command, folder: Path, tools: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        command.words,
        shell=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    output = squeezed(done.stdout + done.stderr)
    assert done.returncode == command.status, f"{command.words}\n{done.stdout}{done.stderr}"
    at = 0
    for line in command.lines:
        found = output.find(line, at)
        assert found >= 0, f"{command.words}\nlacks: {line}\n{done.stdout}{done.stderr}"
        at = found + len(line)


def patch(block: str, folder: Path) -> None:
    header, *lines = block.splitlines()
    file = folder / header.removeprefix("--- ")
    (removed,) = [line[1:] for line in lines if line.startswith("-")]
    (added,) = [line[1:] for line in lines if line.startswith("+")]
    text = file.read_text(encoding="utf-8")
    assert text.count(removed + "\n") == 1
    file.write_text(text.replace(removed, added), encoding="utf-8")


def write(block: str, folder: Path) -> None:
    name, text = block.split("\n", 1)
    (folder / name.removeprefix("# ")).write_text(text, encoding="utf-8")


def shims(folder: Path) -> Path:
    """Commands of these names that run this very Python."""
    folder.mkdir()
    for name, arguments in MODULES.items():
        file = folder / name
        file.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {arguments} "$@"\n')
        file.chmod(0o755)
    return folder


def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    folder, tools = tmp_path / "empty", shims(tmp_path / "tools")
    folder.mkdir()
    followed = 0
    for language, block in blocks():
        if language == "console":
            for command in commands(block):
                run(command, folder, tools)
                followed += 1
        elif language == "diff":
            patch(block, folder)
        else:
            write(block, folder)
    assert followed > 5
    assert (folder / "reports" / "lastnight-cpu.html").is_file()
