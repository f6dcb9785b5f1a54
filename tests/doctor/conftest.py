"""Adapters of the reference engine, written to a file with something changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

HEALTHY = """
from conformance.torch_like import ACTIONS, DEFINITIONS, OPS, TorchLike


class Patient(TorchLike):
    name = "patient"
    setup = "import conformance.reference as reference"
    module = "reference"
    version_phrase = "'1.0'"
    {changes}
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], str]:
    """Writes an adapter whose class has these lines besides, and gives its name."""

    def write(changes: str = "pass") -> str:
        file = tmp_path / "patient.py"
        file.write_text(HEALTHY.format(changes=changes), encoding="utf-8")
        return f"{file}:Patient"

    return write
