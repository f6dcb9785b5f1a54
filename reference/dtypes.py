"""Element types and the rule that decides the type of a result.

A result's type is the widest category present (bool, integer, float); within the category tensors
with dimensions outrank zero-dimensional ones, and those outrank Python numbers.
https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class DType:
    """One element type; ``numpy`` is the array library's name for it."""

    name: str
    numpy: np.dtype[Any]
    is_floating_point: bool

    def __repr__(self) -> str:
        return f"engine.{self.name}"

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return by_name, (self.name,)

    @property
    def itemsize(self) -> int:
        """Bytes for one element."""
        return self.numpy.itemsize


def _define(name: str) -> DType:
    numpy_dtype: np.dtype[Any] = np.dtype(name)
    return DType(name, numpy_dtype, numpy_dtype.kind == "f")


float64 = _define("float64")
float32 = _define("float32")
float16 = _define("float16")
int64 = _define("int64")
int32 = _define("int32")
bool_ = _define("bool")

OF_NUMPY: dict[np.dtype[Any], DType] = {
    dtype.numpy: dtype for dtype in (float64, float32, float16, int64, int32, bool_)
}
DEFAULT_FLOAT: np.dtype[Any] = float32.numpy
DEFAULT_INT: np.dtype[Any] = int64.numpy
BOOL: np.dtype[Any] = bool_.numpy
_CATEGORY = {"b": 0, "i": 1, "f": 2}


def by_name(name: str) -> DType:
    """The element type called ``name``."""
    return next(dtype for dtype in OF_NUMPY.values() if dtype.name == name)


def as_numpy(dtype: DType | np.dtype[Any] | type | str) -> np.dtype[Any]:
    """The array library's dtype for any accepted spelling.

    Raises:
        TypeError: the engine has no such element type.
    """
    found: np.dtype[Any] = dtype.numpy if isinstance(dtype, DType) else np.dtype(dtype)
    if found not in OF_NUMPY:
        raise TypeError(f"no element type {dtype!r}; use one of {list(OF_NUMPY.values())}")
    return found


def of_scalar(value: bool | int | float, other: np.dtype[Any]) -> np.dtype[Any]:
    """The type a Python number takes beside a tensor of type ``other``."""
    if isinstance(value, bool):
        return other
    if isinstance(value, int):
        return DEFAULT_INT if other.kind == "b" else other
    return other if other.kind == "f" else DEFAULT_FLOAT


def promote(a: Any, b: Any) -> np.dtype[Any]:
    """The type of a result of the arrays ``a`` and ``b``."""
    rank_a, rank_b = _CATEGORY[a.dtype.kind], _CATEGORY[b.dtype.kind]
    if rank_a != rank_b:
        wide: np.dtype[Any] = a.dtype if rank_a > rank_b else b.dtype
        return wide
    if (a.ndim == 0) != (b.ndim == 0):
        dimensioned: np.dtype[Any] = a.dtype if a.ndim else b.dtype
        return dimensioned
    return np.promote_types(a.dtype, b.dtype)
