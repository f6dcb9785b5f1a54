"""The diagnosis as it is printed."""

from __future__ import annotations

import io

from rich.console import Console

from conformance.doctor import Absent, Diagnosis, Finding, Untried
from conformance.doctor.table import print_diagnosis

SICK = Diagnosis(
    adapter="mine.py:Mine",
    engine="mine",
    engine_version="0.1",
    device="cpu",
    findings=(Finding("exp", "a.exp()", "[red]raises[/red] \x1b[31mTypeError", "call [it]"),),
    doubts=(Finding("sub", "b - a", "1.0", "compare"),),
    fine=("tensor", "value"),
    untried=(
        Untried("grad", "needs `backward`, which does not work"),
        Untried("hook", "needs `backward`, which does not work"),
    ),
    absent=(Absent("gradients", 25), Absent("version", 0)),
)


def printed(diagnosis: Diagnosis) -> str:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    print_diagnosis(diagnosis, console)
    return console.file.getvalue()


def test_everything_is_told():
    text = printed(SICK)
    assert "mine.py:Mine: mine 0.1 on cpu" in text
    for part in ("Wrong with the adapter (1)", "tried a.exp()", "call [it]", "1 thing is wrong."):
        assert part in text
    assert "Wrong with the adapter or the engine (1)" in text
    assert "tensor, value" in text
    assert "grad, hook" in text
    assert any(line.split() == ["gradients", "25"] for line in text.splitlines())
    assert "needed by no behavior on its own\nversion" in text


def test_nothing_is_taken_for_markup_or_sent_to_the_terminal():
    text = printed(SICK)
    assert "[red]raises[/red]" in text
    assert "\x1b" not in text
    assert "\\x1b[31mTypeError" in text


def test_a_healthy_adapter():
    healthy = Diagnosis("a", "e", "1", "cpu", (), (), ("tensor",), (), ())
    text = printed(healthy)
    assert "Nothing is wrong with the adapter." in text
    assert "Wrong" not in text
    assert "absent" not in text
