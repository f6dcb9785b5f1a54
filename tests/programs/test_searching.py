"""Strings of bytes are drawn evenly from a seed, and shrunk from the one that was found."""

from __future__ import annotations

import pytest
from hypothesis import core
from hypothesis.errors import NoSuchExample

from conformance.searching import drawn, shrink


def test_zeros_come_first():
    assert next(drawn(4, 10, seed=3)) == bytes(4)


def test_one_seed_gives_one_sequence():
    first, again, other = (list(drawn(8, 50, seed)) for seed in (1, 1, 2))

    assert first == again != other


def test_no_string_comes_twice():
    strings = list(drawn(1, 200, seed=5))

    assert len(strings) == len(set(strings)) == 200


@pytest.mark.parametrize(("width", "count", "expected"), [(1, 400, 256), (0, 100, 1)])
def test_there_are_no_more_strings_than_the_width_allows(width, count, expected):
    assert len(list(drawn(width, count, seed=0))) == expected


@pytest.fixture(params=[None, 7], ids=["no seed for all tests", "a seed for all tests"])
def seed_for_all_tests(request, monkeypatch):
    monkeypatch.setattr(core, "global_force_seed", request.param)


@pytest.mark.usefixtures("seed_for_all_tests")
def test_shrinking_ends_with_the_simplest_string():
    found = bytes([200, 17, 96, 5, 250])

    assert shrink(lambda data: data[2] > 40 and data[4] > 4, found) == bytes([0, 0, 41, 0, 5])


def test_shrinking_is_repeatable():
    found = bytes(range(100, 140))

    tries = [[], []]
    for seen in tries:
        shrink(lambda data, seen=seen: seen.append(data) or sum(data[:20]) > 90, found)

    assert tries[0] == tries[1]


def test_what_no_longer_diverges_is_said_to():
    with pytest.raises(NoSuchExample):
        shrink(lambda data: False, bytes(3))
