"""Adapters that cannot be loaded at all, and what stays of those that can."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.adapter import UnusableError
from conformance.doctor.admission import admit

Write = Callable[[str], str]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ("setup = 'import engine_nobody_has'", "install it first"),
        ("setup = 'import ('", "SyntaxError"),
        ("setup = '1 / 0'", "ZeroDivisionError"),
        ("module = 'refrence'", "NameError"),
        ("setup = 'exit()'", "SystemExit"),
        ("ops = ['a + b']", "`ops` is no mapping"),
    ],
)
def test_what_cannot_be_loaded(written: Write, changes: str, said: str) -> None:
    with pytest.raises(UnusableError, match=said) as caught:
        admit(written(changes), "cpu")
    assert "patient.py" in str(caught.value) or "'patient'" in str(caught.value)


def test_a_module_that_raises(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("from conformance import TorchLike\nraise RuntimeError('on purpose')\n")
    with pytest.raises(UnusableError, match=r"RuntimeError: on purpose \(.*broken.py, line 2\)"):
        admit(f"{file}:Broken", "cpu")


def test_a_class_that_lacks_what_every_adapter_has(tmp_path: Path) -> None:
    file = tmp_path / "bare.py"
    file.write_text("from conformance import Adapter\nclass Bare(Adapter):\n    name = 'bare'\n")
    with pytest.raises(UnusableError, match="has no setup, ops, actions"):
        admit(f"{file}:Bare", "cpu")


def test_an_absent_device() -> None:
    with pytest.raises(UnusableError, match="abacus"):
        admit("micrograd", "abacus")


def test_what_is_sound_stays(written: Write) -> None:
    changes = "ops = {**OPS, 'exp': 'a.exp(', 'expp': 'a'}\n    refusal = 'Nothing'"
    admitted = admit(written(changes), "cpu")
    assert {each.phrase for each in admitted.findings} == {"exp", "expp", "refusal"}
    assert admitted.adapter.refusals is Exception
    assert admitted.adapter.can("log")
    assert not admitted.adapter.can("exp")
    assert "exp" in admitted.phrases
    assert "expp" not in admitted.phrases
