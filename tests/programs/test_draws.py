"""Draws: each part reads its own stretch of bytes, and zeros are the simplest values."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conformance.adapters.torch import Torch
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import strategies as draws
from conformance.adapter import Unsupported
from conformance.draw import ByteSource, Draw, Scope, decode_all, total_width
from conformance.ops import OPS
from conformance.session import Session
from conformance.var import Ones

SCOPE = Scope(frozenset(OPS), 3, "float64")
EVERY: dict[str, Draw[Any]] = {
    "integers": draws.integers(2, 9),
    "booleans": draws.booleans(),
    "sampled": draws.sampled("a", "b", "c"),
    "offered": draws.offered("mul", ("select", (0,))),
    "tuples": draws.tuples(draws.integers(0, 3), draws.booleans()),
    "lists": draws.lists(draws.integers(0, 200), 1, 4),
    "programs": draws.programs(),
    "scalar": draws.scalar_programs(),
    "smooth": draws.smooth_programs(),
    "arrays": draws.arrays((2, 3), ()),
}
SIMPLEST = {
    "integers": 2,
    "booleans": False,
    "sampled": "a",
    "offered": "mul",
    "tuples": (0, False),
    "lists": [0],
}
quick = settings(max_examples=60, deadline=None, database=None, derandomize=True)


@pytest.mark.parametrize("name", SIMPLEST)
def test_zeros_are_the_simplest_values(name: str) -> None:
    assert EVERY[name].decode(ByteSource(b""), SCOPE) == SIMPLEST[name]


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
@quick
def test_a_draw_reads_no_further_than_its_width(name: str, data: st.DataObject) -> None:
    draw = EVERY[name]
    stretch = data.draw(st.binary(min_size=draw.width, max_size=draw.width))
    source = ByteSource(stretch)
    first = draw.decode(source, SCOPE)
    again = draw.decode(ByteSource(stretch), SCOPE)
    np.testing.assert_equal(first, again)
    assert source.position <= draw.width


@given(data=st.binary(min_size=8, max_size=8), byte=st.integers(0, 255))
@quick
def test_neighbours_do_not_move_each_other(data: bytes, byte: int) -> None:
    given_ = {"first": EVERY["lists"], "second": EVERY["integers"], "third": EVERY["sampled"]}
    width = total_width(given_)
    data = data[:width].ljust(width, b"\0")
    before = decode_all(given_, data, SCOPE)
    after = decode_all(given_, bytes([byte]) + data[1:], SCOPE)
    assert before["second"] == after["second"]
    assert before["third"] == after["third"]


@given(low=st.integers(-5, 5), span=st.integers(0, 255), byte=st.integers(0, 255))
@quick
def test_integers_stay_in_range(low: int, span: int, byte: int) -> None:
    drawn = draws.integers(low, low + span).decode(ByteSource(bytes([byte])), SCOPE)
    assert low <= drawn <= low + span


@given(data=st.binary(min_size=12, max_size=12), shape=st.sampled_from([(), (3,), (2, 2)]))
@quick
def test_cotangents_are_never_only_ones(data: bytes, shape: tuple[int, ...]) -> None:
    v = draws.Cotangents(data)(shape)
    assert v.shape == shape
    if v.size > 1:
        assert len(set(v.ravel().tolist())) > 1


def test_half_of_the_cotangents_are_one_hot() -> None:
    hot = [draws.Cotangents(bytes([style, 5]))((3,)) for style in (1, 3)]
    assert all(np.sort(v).tolist() == [0.0, 0.0, 1.0] for v in hot)


def test_engines_without_cotangents_start_from_ones() -> None:
    draw = draws.cotangents()
    v = draw.decode(ByteSource(b"\7" * 12), replace(SCOPE, cotangents=False))
    np.testing.assert_array_equal(v((2, 2)), np.ones((2, 2)))
    session = Session(Torch())
    x = session.tensor([2.0, 3.0], requires_grad=True)
    seed = v.like(x * x)
    assert isinstance(seed, Ones)
    np.testing.assert_array_equal(seed.true_value, [1.0, 1.0])
    with pytest.raises(Unsupported):
        session.apply("neg", [seed])
    (x * x).sum().backward(seed)
    np.testing.assert_array_equal(session.observe("slot_value", x.handle), [4.0, 6.0])


def test_cotangents_become_tensors_of_the_session() -> None:
    made = []
    session = SimpleNamespace(tensor=lambda value: made.append(value) or "a tensor")
    y: Any = SimpleNamespace(session=session, shape=(2,))
    assert draws.Cotangents(b"\1\1").like(y) == "a tensor"
    np.testing.assert_array_equal(made, [[0.0, 1.0]])


def test_arrays_fall_back_to_one_number_on_scalar_engines() -> None:
    scope = replace(SCOPE, max_ndim=0)
    assert draws.arrays((2, 3), (3,)).decode(ByteSource(b"\1\2"), scope).shape == ()


def test_items_of_lists_and_tuples_are_drawn_apart() -> None:
    v = draws.cotangents()
    data = bytes([2]) + bytes(v.width) + bytes(range(2, 2 + 2 * v.width))
    listed = draws.lists(v, 1, 3).decode(ByteSource(data), SCOPE)
    paired = draws.tuples(v, v).decode(ByteSource(data[1:]), SCOPE)
    assert len({one((3,)).tobytes() for one in listed}) == 3
    assert len({one((3,)).tobytes() for one in paired}) == 2


def test_operations_are_chosen_among_those_that_the_engine_has() -> None:
    draw = draws.offered("abs", ("select", ((0,),)), ("select", ((1,),)), "relu")
    lacking = replace(SCOPE, ops=frozenset(("select", "relu")))
    every = {repr(draw.decode(ByteSource(bytes((n,))), SCOPE)) for n in range(8)}
    some = {repr(draw.decode(ByteSource(bytes((n,))), lacking)) for n in range(8)}
    assert every - some == {"'abs'"}
    assert len(some) == 3
    with pytest.raises(Unsupported, match="abs"):
        draw.decode(ByteSource(b""), replace(SCOPE, ops=frozenset(("mul",))))
