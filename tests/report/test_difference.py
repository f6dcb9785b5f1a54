"""What is marked in an expected and an actual value beside each other."""

from __future__ import annotations

import pytest

from conformance.report.difference import contrast


@pytest.mark.parametrize(
    ("expected", "actual", "marked"),
    [
        ("[2., 4., 0.]", "[ 2.,  4., nan]", (["0."], ["nan"])),
        ("[[1., 2.],\n [3., 4.]]", "[[1., 2.],\n [3., -4.]]", (["4."], ["-4."])),
        ("[1e-05, 1.5e+10]", "[1e-06, 1.5e+10]", (["1e-05"], ["1e-06"])),
        ("requires_grad = True", "requires_grad = False", (["True"], ["False"])),
    ],
)
def test_entries_that_differ_are_marked_place_by_place(expected, actual, marked):
    assert tuple(map(_marks, contrast(expected, actual))) == marked


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("4.", "2."),
        ("[7., 14.]", "[8., 16.]"),
        ("[1., 2., 3.]", "[1., 2.]"),
        ("an error: it was released", "no error"),
        ("x", "x"),
        ("", ""),
    ],
)
def test_nothing_is_marked_where_all_or_nothing_differs(expected, actual):
    assert contrast(expected, actual) == (expected, actual)


def test_text_is_escaped_and_whole():
    expected, actual = contrast("<b> & 1 2", "<b> & 1 3")

    assert expected == "&lt;b&gt; &amp; 1 <mark>2</mark>"
    assert actual == "&lt;b&gt; &amp; 1 <mark>3</mark>"


def _marks(text) -> list[str]:
    return [part.partition("</mark>")[0] for part in text.split("<mark>")[1:]]
