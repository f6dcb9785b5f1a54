"""The first wrong step is named where it happens, not where a behavior looks."""

from __future__ import annotations

from conformance import reference
from conformance.finding import load_adapter
from conformance.stepping import first_wrong_step


def told(run):
    return first_wrong_step(run, load_adapter("reference"), "float64")


def squared_and_summed(session):
    x = session.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    total = y.sum()
    total.backward()
    session.finish()


def test_a_sound_example_has_none():
    assert told(squared_and_summed) == ""


def test_a_wrong_value_is_named_before_what_is_computed_from_it(monkeypatch):
    real = reference.Tensor.__mul__
    monkeypatch.setattr(reference.Tensor, "__mul__", lambda a, b: real(a, b) + 1.0)

    assert told(squared_and_summed) == "step 2, b = mul(a, a): the value is wrong, of b"


def test_a_wrong_gradient_is_named_with_the_pass(monkeypatch):
    real = reference.Tensor.backward
    monkeypatch.setattr(reference.Tensor, "backward", lambda *given: [real(*given), real(*given)])

    step = told(lambda session: (squared_and_summed(session), session.tensor(1.0)))

    assert step.startswith("step 4, backward(c): ")


def test_hooks_may_say_phrases_of_their_own_in_the_middle_of_a_pass():
    def run(session):
        x = session.tensor([1.0, 2.0], requires_grad=True)
        y = x * 3.0
        y.register_hook(during=lambda: session.tensor(5.0))
        y.backward(session.tensor([1.0, 1.0]))
        session.finish()

    assert told(run) == ""


def test_an_example_that_fails_otherwise_has_none():
    def run(session):
        raise ValueError("the behavior itself is broken")

    assert told(run) == ""
