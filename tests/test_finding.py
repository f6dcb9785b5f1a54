"""Adapter classes as a command in another process names them."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import pytest
from conformance.adapters.reference import Reference

from conformance.finding import spelled

ADAPTER = """
import sibling
from conformance.adapters.reference import Reference

class Mine(Reference):
    name = sibling.NAME
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A class in a directory that only this process has on its path."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "mine_beside.py").write_text(ADAPTER)
    (tmp_path / "checks" / "sibling.py").write_text('NAME = "mine"')
    monkeypatch.setattr(sys, "path", [str(tmp_path / "checks"), *sys.path])
    yield importlib.import_module("mine_beside").Mine
    for name in ("mine_beside", "sibling"):
        sys.modules.pop(name)


def test_class_of_a_package_is_named_by_its_module():
    assert spelled(Reference) == "conformance.adapters.reference:Reference"


def test_class_in_the_working_directory_is_named_by_its_module(mine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / "checks")
    assert spelled(mine) == "mine_beside:Mine"


def test_class_elsewhere_is_named_by_its_file(mine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert spelled(mine) == f"{tmp_path / 'checks' / 'mine_beside.py'}:Mine"


def test_the_name_finds_it_in_another_process(mine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = (
        f"from conformance.finding import find_adapter; print(find_adapter({spelled(mine)!r}).name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("mine\n", "")


def test_class_of_a_script_is_named_by_its_file(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from conformance.adapters.reference import Reference\n"
        "from conformance.finding import spelled\n"
        "class Mine(Reference): pass\n"
        "if __name__ == '__main__': print(spelled(Mine))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == f"{script}:Mine\n"


def test_a_file_named_like_its_engine_does_not_hide_it(tmp_path):
    (tmp_path / "installed" / "engine_of_mine").mkdir(parents=True)
    (tmp_path / "installed" / "engine_of_mine" / "__init__.py").write_text("__version__ = '7'")
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "engine_of_mine.py").write_text(
        "from conformance import TorchLike\n"
        "class Mine(TorchLike):\n"
        "    name, setup, module = 'mine', 'import engine_of_mine', 'engine_of_mine'\n"
        "    version_phrase, dtypes, discrete_dtypes = 'engine_of_mine.__version__', {}, {}\n"
        "    ops, actions, refusal = {}, {}, 'RuntimeError'\n"
    )
    code = (
        "from conformance.finding import load_adapter;"
        "print(load_adapter('adapters/engine_of_mine.py:Mine').engine_version)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("7\n", "")
