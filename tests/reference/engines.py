"""The same program on torch and on the reference engine: observations are compared, not code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import conformance.reference as reference


def plain(value: Any) -> Any:
    """An observation as plain data: arrays as dtype, shape and numbers."""
    if isinstance(value, torch.Tensor | reference.Tensor):
        array = np.array(value.detach().clone().numpy())
        return ("tensor", str(array.dtype), array.shape, array)
    if isinstance(value, tuple) and value[:1] == ("tensor",):
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def same(a: Any, b: Any, where: str = "") -> None:
    """Assert that two observations agree, floats within rounding."""
    if isinstance(a, tuple) and a[:1] == ("tensor",):
        assert isinstance(b, tuple), (where, a, b)
        assert a[1:3] == b[1:3], (where, a, b)
        tolerance = 1e-10 if a[1] == "float64" else 2e-3 if a[1] == "float16" else 2e-5
        np.testing.assert_allclose(b[3], a[3], rtol=tolerance, atol=tolerance, err_msg=where)
    elif isinstance(a, list):
        assert isinstance(b, list), (where, a, b)
        assert len(a) == len(b), (where, a, b)
        for place, (x, y) in enumerate(zip(a, b, strict=True)):
            same(x, y, f"{where}[{place}]")
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            same(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, float):
        assert b == a or abs(a - b) < 1e-9, (where, a, b)
    else:
        assert a == b, (where, a, b)


def observe(program: Callable[[Any], Any], engine: Any) -> Any:
    """What ``program`` returns, as plain data."""
    return plain(program(engine))


def agree(program: Callable[[Any], Any]) -> Any:
    """Run ``program`` on both engines and compare; the observation itself is returned."""
    expected = observe(program, torch)
    actual = observe(program, reference)
    same(expected, actual)
    return actual


KINDS: tuple[type[Exception], ...] = (IndexError, NotImplementedError, ValueError, TypeError)


def kind(action: Callable[[], Any]) -> str:
    """The kind of error ``action`` raises, or ``"fine"``."""
    try:
        action()
    except Exception as error:
        for known in KINDS:
            if isinstance(error, known):
                return known.__name__
        return "RuntimeError" if isinstance(error, RuntimeError) else type(error).__name__
    return "fine"
