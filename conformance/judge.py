"""Judging numbers: bit for bit where nothing is rounded, under a noise-scaled bound elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.conditioning import scale
from conformance.kernels import Array
from conformance.nodes import Node
from conformance.trace import told

FIRST_ORDER = 64.0
UNIT = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
FALLBACK = {"float64": 1e-12, "float32": 1e-4, "float16": 0.05, "bfloat16": 0.2}
SMALLEST = {"float64": 2.0**-969, "float32": 2.0**-102, "float16": 2.0**-13, "bfloat16": 2.0**-118}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether numbers are right; ``tolerance`` is the bound that was applied, 0 for equality.

    It is an array where it takes each element's own bound to tell that they are wrong.
    """

    right: bool
    tolerance: float | Array = 0.0
    remark: str = ""


RIGHT = Verdict(True)


def judge(actual: Array, expected: Node, dtype: str) -> Verdict:
    """Compare an engine's array with the truth.

    Args:
        actual: the engine's values.
        expected: the oracle's node; its shape must be met exactly.
        dtype: the name of the dtype that the engine computed in.
    """
    if actual.shape != expected.value.shape:
        return Verdict(False, remark=f"shape {actual.shape} instead of {expected.value.shape}")
    if _equal(actual, expected.value):
        return RIGHT
    if expected.exact or dtype not in UNIT:
        return Verdict(False)
    return _within_bound(actual.astype(np.float64), expected, dtype)


def _equal(actual: Array, expected: Array) -> bool:
    if actual.dtype == expected.dtype and actual.tobytes() == expected.tobytes():
        return True
    return bool((actual == expected).all())


def _within_bound(actual: Array, expected: Node, dtype: str) -> Verdict:
    error = np.abs(actual - expected.value)
    step = FIRST_ORDER * UNIT[dtype]
    if np.all(error <= step * np.abs(expected.value)):
        return RIGHT
    scaled = scale(expected)
    if scaled is None:
        bound = np.full(error.shape, FALLBACK[dtype] * np.max(np.abs(expected.value), initial=1.0))
    else:
        bound = step * scaled + SMALLEST[dtype]
    if np.all(error <= bound):
        return RIGHT
    worst = int(np.argmax(np.where(np.isnan(error), np.inf, error / bound)))
    ratio = error.flat[worst] / (bound.flat[worst] / FIRST_ORDER)
    remark = f"rounding explains an error of {FIRST_ORDER:g} units, this is {ratio:.3g}"
    bound = np.maximum(bound, step * np.abs(expected.value))
    widest = float(np.max(bound))
    return Verdict(False, bound if np.all(error <= widest) else widest, remark)


def as_array(value: Any) -> Array:
    """What an adapter's ``value`` phrase gave, as an array.

    Raises:
        TypeError: it is no array of numbers or booleans.
    """
    try:
        array = np.asarray(value)
    except Exception as error:
        raise TypeError(f"the adapter's value phrase gave no array: {told(error)}") from error
    if array.dtype.kind not in "fiub":
        kind = type(value).__name__
        raise TypeError(f"the adapter's value phrase gave {kind}, not an array of numbers")
    return array
