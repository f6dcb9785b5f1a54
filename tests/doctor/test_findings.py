"""Each kind of slip in an adapter, and what the doctor says of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from conformance.doctor import Diagnosis, bench, diagnose, examination
from conformance.doctor.diagnosis import Finding
from conformance.vocabulary import is_known

Write = Callable[[str], str]


@pytest.fixture(autouse=True)
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the counting of absent phrases, which takes time and is tested elsewhere."""
    monkeypatch.setattr(examination, "absent", lambda *_: ())


def op(name: str, text: object) -> str:
    return f"ops = {{**OPS, {name!r}: {text!r}}}"


def action(name: str, text: object) -> str:
    return f"actions = {{**ACTIONS, {name!r}: {text!r}}}"


def about(phrase: str, found: tuple[Finding, ...]) -> Finding:
    (finding,) = [each for each in found if each.phrase == phrase]
    return finding


def test_a_healthy_adapter_has_no_findings(written: Write) -> None:
    diagnosis = diagnose(written())
    assert (diagnosis.findings, diagnosis.doubts, diagnosis.untried) == ((), (), ())
    assert diagnosis.healthy
    assert {"tensor", "backward", "exp", "add_", "custom", "negated"} <= set(diagnosis.fine)


TEXTS = {
    "syntax": (op("exp", "a.exp("), "exp", r"never closed \(line 1, column 6\)\na\.exp\(\n     \^"),
    "empty": (op("exp", " "), "exp", "the phrase is ' '"),
    "no text": (op("exp", 3), "exp", "the phrase is 3"),
    "unknown slot": (
        action("backward", "root.backward(gradient)"),
        "backward",
        r"`gradient` is neither a slot of 'backward' \(it has root, cotangent,.*nor a name",
    ),
    "unknown name": (op("exp", "refrence.exp(a)"), "exp", "`refrence` is neither a slot"),
    "needed slot": (
        action("backward", "reference.tensor(2.0).backward(cotangent)"),
        "backward",
        "no use of `root`",
    ),
    "needed operand": (op("sub", "a - 1"), "sub", "no use of `b`"),
    "needed argument": (op("sum_axis", "a.sum(dim=dim)"), "sum_axis", "no use of `keepdim`"),
    "unknown phrase": (action("backwards", "root"), "backwards", "the suite never says"),
}


@pytest.mark.parametrize(("changes", "phrase", "came"), TEXTS.values(), ids=TEXTS)
def test_what_the_text_of_a_phrase_says(
    written: Write, changes: str, phrase: str, came: str
) -> None:
    diagnosis = diagnose(written(changes))
    finding = about(phrase, diagnosis.findings)
    assert re.search(came, finding.came, re.DOTALL)
    assert finding.tried
    assert finding.mend
    assert phrase not in diagnosis.fine
    assert len(diagnosis.findings) == 1


SETTINGS = {
    "refusal": ("refusal = 'reference.Tensor'", "refusal", "not a class of exceptions"),
    "no such refusal": ("refusal = 'reference.Refused'", "refusal", "AttributeError"),
    "version": ("version_phrase = 'reference.__verion__'", "version_phrase", "AttributeError"),
    "no version": ("version_phrase = 'reference.hooks'", "version_phrase", "a module, not a ver"),
    "version syntax": ("version_phrase = '1 +'", "version_phrase", r"does not compile.*line 1"),
    "empty slot": ("empty_slot = 'nothing'", "empty_slot", "NameError"),
    "rank": ("max_ndim = 'two'", "max_ndim", "no number of axes"),
    "dtype": (
        "dtypes = {'float64': 'engine.float64', 'float8': 'engine.float8'}",
        "dtypes['float8']",
        "AttributeError.*float8",
    ),
    "no dtype": ("dtypes = {}", "dtypes", "no floating dtype"),
    "discrete dtype": (
        "discrete_dtypes = {'bool': 'engine.boolean'}",
        "discrete_dtypes['bool']",
        "AttributeError",
    ),
    "definition": (
        "definitions = {**DEFINITIONS, 'Cube': 'class Cube(engine.Functoin): pass'}",
        "definitions",
        "AttributeError.*Functoin",
    ),
    "definition of another name": (
        "definitions = {**DEFINITIONS, 'Cube': 'class Qube: pass'}",
        "definitions",
        "nothing of the name Cube",
    ),
    "definition syntax": (
        "definitions = {**DEFINITIONS, 'forward_mode': 'def forward_mode(:'}",
        "definitions",
        "line 1, column",
    ),
}


@pytest.mark.parametrize(("changes", "setting", "came"), SETTINGS.values(), ids=SETTINGS)
def test_what_is_wrong_with_a_setting(
    written: Write, changes: str, setting: str, came: str
) -> None:
    diagnosis = diagnose(written(changes))
    finding = about(setting, diagnosis.findings)
    assert re.search(came, finding.came, re.DOTALL)
    assert finding.mend
    assert len(diagnosis.findings) == 1
    assert ("exp" in diagnosis.fine) == (setting != "dtypes")


KINDS = {
    "raises": (op("exp", "a.expp()"), "exp", "AttributeError.*perhaps `exp` is meant"),
    "raises inside": (op("exp", "a.exp() + (1).__truediv__(0) + 1 // 0"), "exp", "raises"),
    "exits": (op("exp", "exit(a)"), "exp", "SystemExit"),
    "no tensor": (op("sum", "a.sum().item()"), "sum", "the float 6.0, not a tensor"),
    "an array": (op("exp", "a.exp().numpy()"), "exp", "a NumPy array.*not a tensor"),
    "nothing": (op("exp", "print(a)"), "exp", "None, not a tensor"),
    "a method": (op("exp", "a.exp"), "exp", "function `exp`"),
    "shape": (op("transpose", "(dim0, dim1, a)[2]"), "transpose", r"shape \(2, 3\), not \(3, 2\)"),
    "value": (action("value", "x.detach().numpy().tolist()"), "value", "not a NumPy array"),
    "value of a tensor": (action("value", "x"), "value", "not a NumPy array"),
    "flag": (action("requires_grad", "str(x.requires_grad)"), "requires_grad", "not a boolean"),
    "flag method": (action("is_leaf", "x.backward"), "is_leaf", "function `backward`"),
    "mode": (action("no_grad", "engine.no_grad"), "no_grad", "`no_grad`, not a context manager"),
    "mode class": (action("no_grad", "type(engine.no_grad())"), "no_grad", "the class `"),
    "grad mode": (action("grad_enabled", "engine.is_grad_enabled"), "grad_enabled", "boolean"),
    "version": (action("version", "str(x._version)"), "version", "not a whole number"),
    "number": (action("to_number", "str(x.item())"), "to_number", "not a number"),
    "pass": (action("backward", "root.backward"), "backward", "no pass was run"),
    "gradients": (
        action("gradients", "engine.autograd.grad(outputs, inputs)[0]"),
        "gradients",
        "list or tuple of 1",
    ),
    "pair": (action("jvp", "forward_mode(function, primals, tangents)[1]"), "jvp", "tuple of 2"),
    "removal": (action("remove_hook", "handle.remove"), "remove_hook", "nothing was removed"),
    "dtype": (action("dtype_of", "x.numpy"), "dtype_of", "function `numpy`"),
    "unused dtype": (
        action("tensor", "engine.tensor(value, requires_grad=requires_grad)"),
        "tensor",
        "no use of `dtype`",
    ),
}


@pytest.mark.parametrize(("changes", "phrase", "came"), KINDS.values(), ids=KINDS)
def test_what_a_phrase_gives(written: Write, changes: str, phrase: str, came: str) -> None:
    diagnosis = diagnose(written(changes))
    finding = about(phrase, diagnosis.findings)
    assert re.search(came, finding.came, re.DOTALL)
    assert finding.tried
    assert finding.mend
    assert phrase not in diagnosis.fine
    assert {each.phrase for each in diagnosis.findings} == {phrase}


def test_a_phrase_that_does_not_come_to_an_end(
    written: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "SECONDS", 0.3)
    diagnosis = diagnose(written(op("exp", "[a for _ in iter(int, 1)]")))
    assert "still running" in about("exp", diagnosis.findings).came


DOUBTS = {
    "operands": (op("sub", "b - a"), "sub", r"\[3.0, -1.5, -1.0\], where \[-3.0, 1.5, 1.0\]"),
    "flag": (action("requires_grad", "not x.requires_grad"), "requires_grad", "False of a tracked"),
    "write": (op("add_", "a + b"), "add_", "where"),
    "clear": (action("clear_grad", "x"), "clear_grad", "the slot holds"),
    "silent hook": (action("hook", "(x, function)"), "hook", "was not called"),
}


@pytest.mark.parametrize(("changes", "phrase", "came"), DOUBTS.values(), ids=DOUBTS)
def test_what_may_be_the_engine_is_a_doubt(
    written: Write, changes: str, phrase: str, came: str
) -> None:
    diagnosis = diagnose(written(changes))
    assert re.search(came, about(phrase, diagnosis.doubts).came)


def test_scalar_engines_are_told_to_say_so(written: Write) -> None:
    scalar = "engine.tensor(float(value), dtype=dtype, requires_grad=requires_grad)"
    finding = about("tensor", diagnose(written(action("tensor", scalar))).findings)
    assert "max_ndim = 0" in finding.mend


def test_what_needs_a_broken_phrase_is_not_tried(written: Write) -> None:
    diagnosis = diagnose(written(action("tensor", "engine.tensr(value, dtype)")))
    assert [each.phrase for each in diagnosis.findings] == ["tensor"]
    reasons = {each.phrase: each.reason for each in diagnosis.untried}
    assert reasons["exp"] == "needs `tensor`, which does not work"
    assert diagnosis.fine == ("no_grad", "enable_grad", "grad_enabled")


def test_what_needs_a_broken_pass_says_so(written: Write) -> None:
    diagnosis = diagnose(written(action("backward", "root.backwrd(cotangent)")))
    reasons = {each.phrase: each.reason for each in diagnosis.untried}
    assert reasons["grad"] == "needs `backward`, which does not work"
    assert {"zero_grad", "clear_grad", "hook"} <= set(reasons)


def test_every_phrase_is_accounted_for(written: Write) -> None:
    diagnosis: Diagnosis = diagnose(written(op("exp", "a.expp()")))
    told = {*diagnosis.fine, *(each.phrase for each in diagnosis.findings)}
    from conformance.torch_like import ACTIONS, OPS

    assert {*OPS, *ACTIONS, "negated", "plain_tensor"} == told
    assert all(map(is_known, told))
