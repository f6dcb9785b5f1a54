"""Trying operations: each is applied to a few small numbers, and the result is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conformance.kernels import Array
from conformance.ops import OPS, evaluate
from conformance.vocabulary import IN_PLACE, VARIADIC, slots

from .bench import Bench
from .kinds import Blocked

_A, _B = np.array([1.0, 2.0, 3.0]), np.array([4.0, 0.5, 2.0])
_M, _N = (
    np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]),
)
_X, _Y = np.array(2.0), np.array(0.5)

_PARAMS: Mapping[str, tuple[Array, tuple[Any, ...]]] = {
    "sum_axis": (_M, (1, True)),
    "mean_axis": (_M, (0, False)),
    "cumsum": (_M, (1,)),
    "softmax": (_M, (1,)),
    "log_softmax": (_M, (1,)),
    "norm_l1": (_A, ()),
    "norm_l2": (_A, ()),
    "norm_fro": (_M, ()),
    "norm_axis": (_M, (2, 1, True)),
    "transpose": (_M, (0, -1)),
    "permute": (_M, ((1, 0),)),
    "reshape": (_M, ((3, 2),)),
    "expand": (_A, ((2, 3),)),
    "unsqueeze": (_A, (0,)),
    "squeeze": (_A[:, None], (1,)),
    "select": (_M, ((slice(None), 1),)),
    "unbind": (_M, (1, 2)),
    "take": (_A, ((2, 0),)),
    "index_select": (_M, (1, (2, 0))),
    "gather": (_M, (1, ((0, 2, 1), (1, 1, 0)))),
}
_PAIRS: Mapping[str, tuple[Array, Array]] = {
    "dot": (_A, _B),
    "mv": (_M, _A),
    "mm": (_M, _N),
    "matmul": (_M, _N),
    "concat": (_M, _M),
    "stack": (_A, _B),
}
_NUMBERS: Mapping[str, float] = {"number": 4.0, "exponent": 3}
_WRITES: Mapping[str, Callable[..., Array]] = {
    "add_": lambda a, b: a + b,
    "sub_": lambda a, b: a - b,
    "mul_": lambda a, b: a * b,
    "copy_": lambda a, b: b,
    "mul_scalar_": lambda a, number: a * number,
    "add_scalar_": lambda a, number: a + number,
    "neg_": lambda a: -a,
    "zero_": lambda a: a * 0,
    "exp_": np.exp,
    "put_": lambda a, b, index: np.array([1.0, 7.0, 3.0]),
    "put_at_": lambda a, b, positions: np.array([8.0, 2.0, 7.0]),
}
_PLACES: Mapping[str, tuple[Array, Any]] = {
    "put_": (np.array([7.0]), (slice(1, 2),)),
    "put_at_": (np.array([7.0, 8.0]), (2, 0)),
}


def try_operation(bench: Bench, name: str) -> None:
    """Apply an operation.

    Raises:
        Faulty: its phrase is wrong.
        Doubtful: the numbers are.
        Blocked: it cannot be tried on this engine.
    """
    arrays, params = _sample(name, bench.adapter.max_ndim == 0)
    _see_rank(bench, arrays)
    handles = [bench.tensor(array) for array in arrays]
    given: tuple[Any, ...] = params
    if name == "cast":
        given = (bench.dtype(),)
    said = (handles, *given) if name in VARIADIC else (*handles, *given)
    result = bench.say(name, *said)
    right = evaluate(OPS[name], arrays, tuple(array.ndim for array in arrays), params)
    bench.expect(name, said, result, right)


def _sample(name: str, scalar: bool) -> tuple[list[Array], tuple[Any, ...]]:
    """Operands and arguments that fit the operation."""
    if name in _PARAMS:
        array, params = _PARAMS[name]
        return [array], params
    if name in _PAIRS:
        return [*_PAIRS[name]], (0,) * (name in VARIADIC)
    first, second = (_X, _Y) if scalar else (_A, _B)
    names = slots(name)
    operands = [first, second] if "b" in names else [first]
    if name == "where":
        return operands, (True,) if scalar else ((True, False, True),)
    if name == "cast":
        return operands, (None,)
    return operands, tuple(_NUMBERS[slot] for slot in names if slot in _NUMBERS)


def try_write(bench: Bench, name: str) -> None:
    """Write to a tensor in place, and read it.

    Raises:
        Faulty: the phrase is wrong.
        Doubtful: what was written is.
        Blocked: it cannot be tried on this engine.
    """
    scalar = bench.adapter.max_ndim == 0
    first, second = (_X, _Y) if scalar else (_A, _B)
    arrays = [first, second] if "b" in IN_PLACE[name] else [first]
    params: tuple[Any, ...] = tuple(_NUMBERS[s] for s in IN_PLACE[name] if s in _NUMBERS)
    if name in _PLACES:
        arrays, params = [_A, _PLACES[name][0]], (_PLACES[name][1],)
    _see_rank(bench, arrays)
    handles = [bench.tensor(array) for array in arrays]
    said = (*handles, *params)
    bench.say(name, *said)
    right = _WRITES[name](*arrays, *params)
    found = bench.numbers("value", handles[:1], handles[0])
    bench.agree(name, said, found, right)


def _see_rank(bench: Bench, arrays: list[Array]) -> None:
    highest, rank = bench.adapter.max_ndim, max(array.ndim for array in arrays)
    if highest is not None and rank > highest:
        raise Blocked(f"needs tensors of {rank} axes, and `max_ndim` is {highest}")
