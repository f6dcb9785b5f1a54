"""The array library under the engine: NumPy on ``cpu``, CuPy on ``cuda``.

Rules are written with the names both libraries share; this module finds the library of an array and
moves arrays between the two. CuPy is imported only when ``cuda`` is asked for.
"""

from __future__ import annotations

from typing import Any

import array_api_compat
import numpy as np

from .errors import DeviceError


class Device(str):
    """Where a tensor's memory lives, written as in ``"cpu"`` or ``"cuda:0"``."""

    __slots__ = ()

    @property
    def type(self) -> str:
        """The kind of device, without its number."""
        return self.partition(":")[0]


CPU = Device("cpu")


def namespace(array: Any) -> Any:
    """The library that ``array`` belongs to."""
    if isinstance(array, np.ndarray):
        return np
    return _bare(array_api_compat.array_namespace(array))


def _bare(wrapped: Any) -> Any:
    """The library itself, without the standard's thin coat, for names such as ``add.at``."""
    if "cupy" in wrapped.__name__:
        import cupy

        return cupy
    return np


def device_of(array: Any) -> Device:
    """The device that holds ``array``."""
    if isinstance(array, np.ndarray):
        return CPU
    return Device(f"cuda:{array_api_compat.device(array).id}")


def library_for(device: str) -> Any:
    """The library that serves ``device``.

    Raises:
        DeviceError: the device is unknown, or CuPy or a GPU is absent.
    """
    kind = str(device).partition(":")[0]
    if kind == "cpu":
        return np
    if kind != "cuda":
        raise DeviceError(f"no device {device!r}; use 'cpu' or 'cuda'")
    try:
        import cupy

        count = int(cupy.cuda.runtime.getDeviceCount())
    except ImportError:
        raise DeviceError(
            "device 'cuda' needs CuPy, which is not installed: pip install cupy-cuda12x"
        ) from None
    except Exception as error:
        raise DeviceError(f"device 'cuda' needs a GPU, and CuPy finds none: {error}") from error
    if count == 0:
        raise DeviceError("device 'cuda' needs a GPU, and CuPy finds none")
    return cupy


def from_data(data: Any, dtype: np.dtype[Any] | None, device: str) -> Any:
    """A fresh array on ``device`` holding a copy of ``data``."""
    xp = library_for(device)
    if xp is np and type(data).__module__.partition(".")[0] == "cupy":
        data = to_numpy(data)
    return xp.array(data, dtype=dtype)


def to_numpy(array: Any) -> np.ndarray[Any, Any]:
    """``array`` as a NumPy array: itself on the CPU, a copy from elsewhere."""
    if isinstance(array, np.ndarray):
        return array
    copied: np.ndarray[Any, Any] = array.get()
    return copied


def shares_memory(xp: Any, a: Any, b: Any) -> bool:
    """Whether one array is a view of the other; empty arrays share trivially."""
    return a.size == 0 or bool(xp.may_share_memory(a, b))


def overlaps_itself(array: Any) -> bool:
    """Whether several elements of ``array`` are one memory cell, as in an expanded view."""
    return (
        array.size > 1
        and 0 in array.strides
        and any(
            step == 0 and size > 1 for step, size in zip(array.strides, array.shape, strict=True)
        )
    )
