"""A tensor in another type, on another device, or as what Python and NumPy know.

https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import arrays, dispatch, dtypes, elementwise, modes
from .errors import NotDifferentiableError, ShapeError
from .rules import define

if TYPE_CHECKING:
    from .tensors import Tensor


def to_device(x: Tensor, device: str) -> Tensor:
    """``x`` on ``device``; itself where it lives there already."""
    if arrays.device_of(x.array).type == device.partition(":")[0]:
        return x
    return dispatch.apply("to_device", (x,), device, arrays.device_of(x.array))


define(
    "to_device",
    "ToCopyBackward0",
    lambda xp, a, device, origin: arrays.from_data(a, None, device),
    lambda s, g: to_device(g, s.params[1]),
)


def to(x: Tensor, *wanted: Any, dtype: Any = None, device: str | None = None) -> Tensor:
    """``x`` in another type or on another device; itself where nothing changes."""
    for item in wanted:
        if isinstance(item, dtypes.DType):
            dtype = item
        else:
            device = item
    result = x if device is None else to_device(x, str(device))
    return result if dtype is None else elementwise.cast(result, dtypes.as_numpy(dtype))


def single(x: Tensor) -> Tensor:
    """``x`` in single precision."""
    return elementwise.cast(x, dtypes.float32.numpy)


def double(x: Tensor) -> Tensor:
    """``x`` in double precision."""
    return elementwise.cast(x, dtypes.float64.numpy)


def half(x: Tensor) -> Tensor:
    """``x`` in half precision."""
    return elementwise.cast(x, dtypes.float16.numpy)


def long(x: Tensor) -> Tensor:
    """``x`` as integers, cut off towards zero."""
    return elementwise.cast(x, dtypes.int64.numpy)


def boolean(x: Tensor) -> Tensor:
    """Whether each element differs from zero."""
    return elementwise.cast(x, dtypes.BOOL)


def cpu(x: Tensor) -> Tensor:
    """``x`` in main memory."""
    return to_device(x, "cpu")


def item(x: Tensor) -> Any:
    """The only element as a Python number.

    Raises:
        ShapeError: there is not exactly one.
    """
    if x.array.size != 1:
        raise ShapeError(
            f"a Tensor with {x.array.size} elements cannot be converted to Scalar; index it first"
        )
    return x.array.item()


def tolist(x: Tensor) -> Any:
    """The elements as nested lists."""
    return x.array.tolist()


def numpy(x: Tensor) -> np.ndarray[Any, Any]:
    """The memory as a NumPy array.

    Raises:
        NotDifferentiableError: the tensor is tracked; its users would escape recording.
    """
    if modes.is_grad_enabled() and x.requires_grad:
        raise NotDifferentiableError(
            "can't call numpy() on Tensor that requires grad; use tensor.detach().numpy()"
        )
    return arrays.to_numpy(x.array)
