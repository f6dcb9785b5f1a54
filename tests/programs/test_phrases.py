"""Phrases: the text that runs is the text that is shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.phrase import compile_phrase, mentions, render

quick = settings(max_examples=60, deadline=None, database=None, derandomize=True)


def test_an_expression_gives_its_value() -> None:
    assert compile_phrase("a * b", ("a", "b"), {})(3, 4) == 12


def test_a_statement_acts_and_gives_nothing() -> None:
    box: dict[str, int] = {}
    assert compile_phrase("x['a'] = value", ("x", "value"), {})(box, 5) is None
    assert box == {"a": 5}


def test_the_last_of_several_statements_is_the_value() -> None:
    assert compile_phrase("y = x + 1; y * 2", ("x",), {})(2) == 6


def test_names_come_from_the_namespace_even_later() -> None:
    namespace: dict[str, Any] = {}
    phrase = compile_phrase("double(x)", ("x",), namespace)
    namespace["double"] = lambda x: 2 * x
    assert phrase(4) == 8


def test_slots_hide_names_of_the_namespace() -> None:
    assert compile_phrase("device", ("device",), {"device": "cpu"})("cuda") == "cuda"


@pytest.mark.parametrize("text", ["a +", "x.backward(", "def"])
def test_what_is_not_python_is_refused(text: str) -> None:
    with pytest.raises(SyntaxError):
        compile_phrase(text, ("a", "x"), {})


@given(st.integers(-9, 9), st.integers(-9, 9))
@quick
def test_shown_text_does_what_the_phrase_does(a: int, b: int) -> None:
    text = "max(a * b, a - b) + sum([a, b])"
    assert eval(render(text, {"a": repr(a), "b": repr(b)})) == compile_phrase(text, ("a", "b"), {})(
        a, b
    )


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"cotangent": "None", "retain_graph": "None"}, "y.backward()"),
        ({"cotangent": "v", "retain_graph": "None"}, "y.backward(v)"),
        ({"cotangent": "None", "retain_graph": "True"}, "y.backward(None, retain_graph=True)"),
        ({"cotangent": "v", "retain_graph": "True"}, "y.backward(v, retain_graph=True)"),
    ],
)
def test_arguments_at_their_default_are_left_out(values: dict[str, str], shown: str) -> None:
    text = "root.backward(cotangent, retain_graph=retain_graph)"
    assert render(text, {"root": "y", **values}) == shown


def test_only_slots_have_defaults() -> None:
    assert render("f(x, keepdims=False)", {"x": "y"}) == "f(y, keepdims=False)"
    assert render("f(a, keepdim=keepdim)", {"a": "None", "keepdim": "False"}) == "f(None)"


def test_operators_keep_their_grouping() -> None:
    assert render("a * b", {"a": "x + y", "b": "-z"}) == "(x + y) * -z"
    assert render("-a", {"a": "x ** 2"}) == "-x ** 2"
    assert render("a ** exponent", {"a": "-x", "exponent": "2"}) == "(-x) ** 2"


def test_attributes_and_keywords_are_not_slots() -> None:
    assert render("x.grad", {"x": "leaf", "grad": "no"}) == "leaf.grad"
    assert render("f(dim=dim)", {"dim": "0"}) == "f(dim=0)"


def test_statements_are_shown_as_statements() -> None:
    assert render("x.grad = value", {"x": "leaf", "value": "[1.0]"}) == "leaf.grad = [1.0]"


def test_mentions() -> None:
    text = "root.backward(cotangent, inputs=inputs)"
    assert mentions(text, "inputs")
    assert mentions(text, "cotangent")
    assert not mentions(text, "backward")
    assert not mentions(text, "retain_graph")
