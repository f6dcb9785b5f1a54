"""Moves: static arguments always fit their operands, and zeros stand for the simplest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.draft import SHAPES
from conformance.draw import ByteSource
from conformance.moves import BROADCASTING, EXACT_OPS, MOVES, SMOOTH_MOVES, SMOOTH_OPS
from conformance.ops import OPS, evaluate
from conformance.vocabulary import VARIADIC, arity
from conformance.width import grain_of

TABLES = {"exact": MOVES, "smooth": SMOOTH_MOVES}
quick = settings(max_examples=60, deadline=None, database=None, derandomize=True)


def operands(op: str, shape: tuple[int, ...]) -> list[tuple[int, ...]] | None:
    """Operand shapes for an operation on a first operand of this shape, if there are any."""
    if op in VARIADIC or op in BROADCASTING:
        return [shape, shape]
    if op in ("dot", "mv", "mm", "matmul"):
        ranks = {"dot": 1, "mv": 2, "mm": 2, "matmul": max(len(shape), 1)}
        if len(shape) != ranks[op] or not shape:
            return None
        return [shape, shape if op == "dot" else (shape[-1],) if op == "mv" else shape[::-1]]
    return [shape]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("op", sorted(MOVES))
@given(data=st.binary(max_size=5), shape=st.sampled_from(SHAPES))
@quick
def test_arguments_fit(table: str, op: str, data: bytes, shape: tuple[int, ...]) -> None:
    shapes = operands(op, shape)
    if shapes is None or (op == "matmul" and len(shape) == 3):
        return
    params = TABLES[table][op](tuple(shapes), ByteSource(data))
    if params is None:
        return
    assert len(params) == len(OPS[op].params)
    assert eval(repr(params)) == params
    xs = [np.ones(s) for s in shapes]
    out = np.asarray(evaluate(OPS[op], xs, [x.ndim for x in xs], params))
    assert np.all(np.isfinite(out))


@pytest.mark.parametrize("op", ["mul_scalar", "add_scalar", "rsub_scalar", "div_scalar"])
@given(data=st.binary(max_size=2))
@quick
def test_numbers_are_dyadic(op: str, data: bytes) -> None:
    params = MOVES[op](((2,),), ByteSource(data))
    assert params is not None
    assert grain_of(params[0] if op != "div_scalar" else 1 / params[0]) <= 2


SIMPLEST: dict[str, tuple[tuple[int, ...], tuple[Any, ...]]] = {
    "mul_scalar": ((2,), (2.0,)),
    "pow_scalar": ((2,), (2,)),
    "sum_axis": ((2, 3), (0, False)),
    "select": ((2, 3), ((0,),)),
    "transpose": ((2, 3), (0, -1)),
    "permute": ((2, 3), ((1, 0),)),
    "unsqueeze": ((2,), (0,)),
    "reshape": ((2, 3), ((6,),)),
    "take": ((3,), ((0, 0),)),
    "unbind": ((2, 3), (0, 0)),
}


@pytest.mark.parametrize("op", SIMPLEST)
def test_zeros_are_the_simplest_arguments(op: str) -> None:
    shape, params = SIMPLEST[op]
    assert MOVES[op]((shape,), ByteSource(b"")) == params


@pytest.mark.parametrize(
    ("op", "shape"),
    [
        ("sum_axis", ()), ("transpose", (2,)), ("select", ()), ("select", (0,)), ("squeeze", (2,)),
        ("norm_l2", ()), ("norm_fro", (2,)), ("mean", (3,)), ("expand", (2, 2, 2)),
        ("unsqueeze", (1, 1, 1)), ("gather", (0, 3)), ("where", (0,)),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_left_out(op: str, shape: tuple[int, ...]) -> None:
    shapes = (shape, shape) if op == "where" else (shape,)
    assert MOVES[op](shapes, ByteSource(b"\7\7\7")) is None


def test_every_drawn_operation_has_a_move_and_a_row_in_the_table() -> None:
    for op in (*EXACT_OPS, *SMOOTH_OPS):
        assert op in MOVES
        assert op in OPS
        assert op in VARIADIC or arity(op) in (1, 2)
    assert not set(EXACT_OPS) & set(SMOOTH_OPS)
    assert all(OPS[op].exact for op in EXACT_OPS)
