"""New tensors: untracked leaves, unless tracking is asked for.

https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import arrays, dtypes
from .dimensions import numbers
from .dtypes import DType
from .tensors import Tensor, check_trackable


def tensor(
    data: Any, dtype: DType | None = None, device: str = "cpu", requires_grad: bool = False
) -> Tensor:
    """A fresh leaf holding a copy of ``data``: numbers, nested lists, or an array.

    Raises:
        DeviceError: the device is not there.
        NotDifferentiableError: tracking was asked for an integer or bool type.
    """
    if isinstance(data, Tensor):
        data = data.array
    elif isinstance(data, list | tuple):
        data = _plain(data)
    wanted = _default_dtype(data) if dtype is None else dtypes.as_numpy(dtype)
    return _leaf(arrays.from_data(data, wanted, device), requires_grad)


def _plain(data: Any) -> Any:
    """Nested sequences with tensors among them read as numbers."""
    if isinstance(data, list | tuple):
        return [_plain(item) for item in data]
    return data.tolist() if isinstance(data, Tensor) else data


def _default_dtype(data: Any) -> np.dtype[Any]:
    if hasattr(data, "dtype"):
        return dtypes.as_numpy(data.dtype)
    found = np.asarray(data)
    if found.size == 0 or found.dtype.kind == "f":
        return dtypes.DEFAULT_FLOAT
    return dtypes.BOOL if found.dtype.kind == "b" else dtypes.DEFAULT_INT


def _leaf(data: Any, requires_grad: bool) -> Tensor:
    result = Tensor(data)
    if requires_grad:
        check_trackable(result, True)
        result.flag = True
    return result


def full(
    size: Any,
    fill_value: bool | int | float,
    dtype: DType | None = None,
    device: str = "cpu",
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of shape ``size``, every element ``fill_value``."""
    wanted = _default_dtype(fill_value) if dtype is None else dtypes.as_numpy(dtype)
    xp = arrays.library_for(device)
    return _leaf(xp.full(numbers((size,)), fill_value, dtype=wanted), requires_grad)


def zeros(
    *size: Any, dtype: DType | None = None, device: str = "cpu", requires_grad: bool = False
) -> Tensor:
    """A tensor of zeros."""
    return full(numbers(size), 0, dtype or dtypes.float32, device, requires_grad)


def ones(
    *size: Any, dtype: DType | None = None, device: str = "cpu", requires_grad: bool = False
) -> Tensor:
    """A tensor of ones."""
    return full(numbers(size), 1, dtype or dtypes.float32, device, requires_grad)


def arange(
    *bounds: int | float,
    dtype: DType | None = None,
    device: str = "cpu",
    requires_grad: bool = False,
) -> Tensor:
    """The numbers of a range; integers unless a bound is a float."""
    kind = dtypes.DEFAULT_FLOAT if any(isinstance(b, float) for b in bounds) else dtypes.DEFAULT_INT
    wanted = kind if dtype is None else dtypes.as_numpy(dtype)
    return _leaf(arrays.library_for(device).arange(*bounds, dtype=wanted), requires_grad)


def full_like(
    x: Tensor,
    fill_value: bool | int | float,
    dtype: DType | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """``full`` with the shape, type and device of ``x``."""
    return full(x.shape, fill_value, dtype or x.dtype, x.device, requires_grad)


def zeros_like(x: Tensor, dtype: DType | None = None, requires_grad: bool = False) -> Tensor:
    """``zeros`` with the shape, type and device of ``x``."""
    return full_like(x, 0, dtype, requires_grad)


def ones_like(x: Tensor, dtype: DType | None = None, requires_grad: bool = False) -> Tensor:
    """``ones`` with the shape, type and device of ``x``."""
    return full_like(x, 1, dtype, requires_grad)


def from_numpy(array: np.ndarray[Any, Any]) -> Tensor:
    """A tensor that shares the memory of ``array``."""
    dtypes.as_numpy(array.dtype)
    return Tensor(array)
