"""The skeleton passes the doctor on engines that have the usual names."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType

import autograd
import autograd.numpy
import pytest

from conformance import functional_like, torch_like
from conformance.doctor import diagnose, examination
from conformance.skeleton import STYLES, write_skeleton


@pytest.fixture
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "absent", lambda *_: ())


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> str:
    """An engine whose functions have the usual names."""
    engine = ModuleType("functions")
    engine.numpy = autograd.numpy

    def vjp(function, *primals):
        def pull(cotangent):
            pulls = [autograd.make_vjp(function, i)(*primals)[0] for i in range(len(primals))]
            return tuple(one(cotangent) for one in pulls)

        return function(*primals), pull

    def jvp(function, primals, tangents):
        return autograd.make_jvp(function, [*range(len(primals))])(*primals)(tangents)

    engine.vjp, engine.jvp = vjp, jvp
    monkeypatch.setitem(sys.modules, "functions", engine)
    monkeypatch.setitem(sys.modules, "functions.numpy", autograd.numpy)
    return "functions"


@pytest.mark.usefixtures("uncounted")
@pytest.mark.parametrize("engine", ["torch", "conformance.reference"])
def test_a_torch_like_engine(tmp_path: Path, engine: str) -> None:
    file = tmp_path / "mine.py"
    diagnosis = diagnose(f"{file}:{write_skeleton(file, engine=engine)}")
    assert (diagnosis.findings, diagnosis.doubts, diagnosis.untried) == ((), (), ())
    assert {"tensor", "backward", "exp", "no_grad"} <= set(diagnosis.fine)


@pytest.mark.usefixtures("uncounted")
def test_an_engine_of_functions(tmp_path: Path, functions: str) -> None:
    file = tmp_path / "mine.py"
    name = write_skeleton(file, engine=functions, style="functional")
    diagnosis = diagnose(f"{file}:{name}")
    assert (diagnosis.findings, diagnosis.doubts, diagnosis.untried) == ((), (), ())
    assert {"tensor", "vjp", "jvp", "exp"} <= set(diagnosis.fine)


@pytest.mark.usefixtures("uncounted")
def test_commented_phrases_can_be_taken_in(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    name = write_skeleton(file, engine="torch")
    text = file.read_text().replace('        # "', '        "').replace("# dtypes", "dtypes")
    file.write_text(text.replace("(value, requires_grad", "(value, dtype=dtype, requires_grad"))
    diagnosis = diagnose(f"{file}:{name}")
    assert diagnosis.findings == ()
    assert {*torch_like.OPS, *torch_like.ACTIONS} <= set(diagnosis.fine)


@pytest.mark.parametrize("style", STYLES)
def test_every_phrase_of_the_phrasebook_is_there(tmp_path: Path, style: str) -> None:
    file = tmp_path / "mine.py"
    write_skeleton(file, style=style)
    text = file.read_text()
    ast.parse(text)
    book = torch_like if style == "torch-like" else functional_like
    assert all(f'"{name}": ' in text for name in (*book.OPS, *book.ACTIONS))
    assert max(map(len, text.splitlines())) < 220


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    write_skeleton(file)
    before = file.read_text()
    with pytest.raises(ValueError, match="exists; take another path"):
        write_skeleton(file, engine="other")
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("mine.txt", {}, "let its name end in .py"),
        ("mine.py", {"style": "lazy"}, "torch-like, functional"),
        ("mine.py", {"engine": "my-engine"}, "no name of a module"),
    ],
)
def test_unusable_arguments(
    tmp_path: Path, name: str, arguments: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        write_skeleton(tmp_path / name, **arguments)
    assert not (tmp_path / name).exists()
