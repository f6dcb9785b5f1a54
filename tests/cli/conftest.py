"""The command, run in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main


@pytest.fixture
def conformance() -> Callable[..., Result]:
    """Run the command with some arguments; an error of its own passes through."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(word) for word in arguments], catch_exceptions=False)

    return run


@pytest.fixture
def readme() -> str:
    """The README's text."""
    return (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
