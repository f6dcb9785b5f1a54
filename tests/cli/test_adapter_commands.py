"""``conformance doctor`` and ``conformance new-adapter``: what they print, and exit statuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main


def test_a_healthy_adapter():
    done = CliRunner().invoke(main, ["doctor", "reference"])
    assert done.exit_code == 0
    assert "Nothing is wrong with the adapter." in done.stdout


def test_findings(tmp_path: Path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from conformance.adapters.reference import Reference\n"
        "from conformance.torch_like import OPS\n"
        "class Mine(Reference):\n    ops = {**OPS, 'exp': 'a.expp()'}\n"
    )
    done = CliRunner().invoke(main, ["doctor", f"{file}:Mine"])
    assert done.exit_code == 1
    assert "a.expp()" in done.stdout
    assert "1 thing is wrong." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["torhc"], "did you mean 'torch'"),
        (["no/such/file.py:Mine"], "no adapter file"),
        (["micrograd", "--device", "abacus"], "no device 'abacus'"),
    ],
)
def test_what_cannot_be_loaded(arguments: list[str], said: str):
    done = CliRunner().invoke(main, ["doctor", *arguments])
    assert done.exit_code == 4
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_new_adapter(tmp_path: Path):
    file = tmp_path / "mine.py"
    done = CliRunner().invoke(main, ["new-adapter", str(file), "--engine", "my_engine"])
    assert done.exit_code == 0
    assert done.stdout.rstrip().endswith(f"conformance doctor {file}:MyEngine")
    assert "import my_engine" in file.read_text()


def test_a_file_that_exists_is_left_alone(tmp_path: Path):
    file = tmp_path / "mine.py"
    file.write_text("precious")
    done = CliRunner().invoke(main, ["new-adapter", str(file)])
    assert done.exit_code == 4
    assert "exists" in done.stderr
    assert file.read_text() == "precious"


def test_a_folder_that_does_not_exist(tmp_path: Path):
    done = CliRunner().invoke(main, ["new-adapter", str(tmp_path / "nowhere" / "mine.py")])
    assert done.exit_code == 4
    assert "nowhere" in done.stderr
