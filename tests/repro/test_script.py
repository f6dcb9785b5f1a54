"""How scripts are worded: devices, names, numbers, functions and tolerances."""

from __future__ import annotations

from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO

import numpy as np
import pytest
from conformance.adapters.reference import Reference

from conformance import catalogue
from conformance.expectations import Expectations
from conformance.failure import listing
from conformance.naming import Names, literal, tidy
from conformance.results import Verdict
from conformance.runner import Dependants, Runner
from conformance.script import write_script
from conformance.session import Session
from conformance.trace import Check, Divergence

BEHAVIORS = catalogue.load_specs()
BEHAVIOR = BEHAVIORS["backward.fan-out-sums"]


def script(session, check, brevity=2):
    divergence = Divergence("wrong", expected="1", actual="2", check=check)
    return write_script(session.adapter, session.trace, divergence, BEHAVIOR, brevity=brevity)


def runs(text):
    with redirect_stdout(StringIO()):
        exec(compile(text, "<script>", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array([0.5, 1e-5]), "[0.5, 1e-05]"),
        (np.array(0.1, dtype="float32"), "0.10000000149011612"),
        (np.zeros((2, 0)), "np.zeros((2, 0))"),
        (np.zeros(0), "[]"),
        (np.array([np.nan, -np.inf]), "[np.nan, -np.inf]"),
        ((np.float64(2.0), np.int64(1)), "(2.0, 1)"),
    ],
)
def test_numbers_are_plain(value, text):
    assert literal(value) == text


@pytest.mark.parametrize(
    ("rendered", "text"),
    [
        ("a[(slice(None, 1, None), Ellipsis)]", "a[:1, ...]"),
        ("a[(0,)]", "a[0]"),
        ("a[list((0, 1))]", "a[[0, 1]]"),
        ("Value(float(-1.0))", "Value(-1.0)"),
        ("not (a.node is not None)", "a.node is None"),
    ],
)
def test_phrases_are_tidied(rendered, text):
    assert tidy(rendered) == text


def test_names_shadow_nothing():
    names = Names({"a", "c"})
    assert [names.letter() for _ in range(2)] == ["b", "d"]
    assert names.free("a") == "a_"
    assert names.free("sum") == "sum_"


def test_device_other_than_the_default_is_said():
    session = Session(Reference())
    x = session.tensor([1.0, 2.0], requires_grad=True)
    session.adapter.device = "cuda"
    session.trace[0].arguments = (*session.trace[0].arguments[:2], "cuda", True)
    text = script(session, Check("value", (x,), np.array([1.0, 2.0])))
    assert "device='cuda'" in text


def test_what_does_not_matter_is_left_out():
    session = Session(Reference())
    x = session.tensor([1.0, 2.0], requires_grad=True)
    session.tensor([3.0, 4.0]) * 2.0
    with session.no_grad():
        x * 5.0
    (x * x).backward(session.tensor([1.0, 1.0]))
    text = script(session, Check("slot_value", (x,), np.array([2.0, 4.0])))
    runs(text)
    assert "no_grad" not in text
    assert "3.0" not in text
    assert "(a * a).backward(" in text
    runs(script(session, Check("slot_value", (x,), np.array([2.0, 4.0])), brevity=0))


def test_every_kind_of_instruction_can_be_said():
    session = Session(Reference())
    x = session.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    plain, like = session.plain(np.ones(2)), session.filled_like(x, 2.0)
    filled = session.filled((2, 0), 1.0, requires_grad=True)
    parts = session.apply("unbind", [x * like], (0, 1))
    y = session.apply("concat", [parts, session.apply("stack", [parts, plain], (0,))[0]], (0,))
    y = session.negated(y, 3)
    y[1:] = y[:1].detach() * 2.0
    y.mul_(2.0)
    y.retain_grad()
    handle = y.register_hook(2.0, 1.0)
    handle.again()
    y.register_hook()
    with session.raises("there are four elements"):
        y.backward()
    x.grad = None
    handle()
    session.backward([y, filled], [session.tensor(np.ones(4)), session.tensor(np.ones((2, 0)))])
    gradient = x.grad
    gradient.add_(gradient)
    x.requires_grad_(False)
    session.assign_requires_grad(x, True)
    x.grad = None
    z = x.apply("cast", "float32")
    used, _ = session.gradients([z], [x, plain.requires_grad_()], [z], allow_unused=True)
    session.custom("Cube", [x])[0].sum().item()
    checks = [Check("value", (v,), v.true_value) for v in (y, z, used)]
    for check in (*checks, Check("requires_grad", (x,), True), Check("grad", (x,), None)):
        for brevity in (2, 1, 0):
            runs(script(session, check, brevity))
    assert "float64" not in listing(session.trace, "float64")


def test_tolerances_may_differ_between_elements():
    session = Session(Reference())
    x = session.tensor([1.0, 1.0 + 1e-7])
    tolerance = np.array([1e-12, 1e-6])
    runs(script(session, Check("value", (x,), np.array([1.0, 1.0]), tolerance)))
    with pytest.raises(AssertionError):
        runs(script(session, Check("value", (x,), np.array([1.0, 1.0]), tolerance[::-1])))


@pytest.mark.skipif(find_spec("autograd") is None, reason="autograd is not installed")
@pytest.mark.parametrize(
    ("phrase", "behavior"),
    [
        ("vjp", "backward.one-hot-gives-jacobian-rows"),
        ("jvp", "forward.tangent-is-jacobian-vector-product"),
        ("jacobian", "functional.jacobian-shape-and-nesting"),
    ],
)
def test_functional_engines_get_functions(phrase, behavior):
    from conformance.adapters.autograd import Autograd

    right = Autograd.actions[phrase]
    broken = {"vjp": f"{right}[::-1]", "jvp": f"({right})[::-1]", "jacobian": "primals"}
    adapter = type("Broken", (Autograd,), {"actions": {**Autograd.actions, phrase: broken[phrase]}})
    runner = Runner(
        adapter(),
        profile="quick",
        seed=1,
        expectations=Expectations(()),
        dependants=Dependants.ALONE,
    )
    result = runner.run(BEHAVIORS[behavior], "float64")
    assert result.verdict is Verdict.FAIL, result.reason
    assert result.failure.verified, result.failure.repro
    assert "def program(" in result.failure.repro
    assert result.failure.repro.count("import ") <= 3
