"""The same program on torch and on the reference engine: observations are compared, not code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import conformance.reference as reference
import numpy as np
import pytest

torch = pytest.importorskip("torch")


@dataclass(frozen=True, eq=False)
class Values:
    """A tensor as it was when observed."""

    dtype: str
    shape: tuple[int, ...]
    array: Any


def plain(value: Any) -> Any:
    """An observation as plain data."""
    if isinstance(value, torch.Tensor | reference.Tensor):
        array = np.array(value.detach().clone().numpy())
        return Values(str(array.dtype), array.shape, array)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def same(a: Any, b: Any, where: str = "") -> None:
    """Assert that two observations agree, floats within rounding."""
    if isinstance(a, Values):
        assert isinstance(b, Values), (where, a, b)
        assert (a.dtype, a.shape) == (b.dtype, b.shape), (where, a, b)
        tolerance = {"float64": 1e-10, "float16": 2e-3}.get(a.dtype, 2e-5)
        np.testing.assert_allclose(b.array, a.array, tolerance, tolerance, err_msg=where)
    elif isinstance(a, list):
        assert isinstance(b, list), (where, a, b)
        assert len(a) == len(b), (where, a, b)
        for place, (x, y) in enumerate(zip(a, b, strict=True)):
            same(x, y, f"{where}[{place}]")
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


def on_both(program: Callable[[Any], Any]) -> Callable[[], None]:
    """A test that ``program`` observes the same on both engines."""

    def test() -> None:
        agree(program)

    return test


def leaf(m: Any, *values: float) -> Any:
    """A tracked vector in double precision."""
    return m.tensor(list(values or (1.0, 2.0, 3.0)), dtype=m.float64, requires_grad=True)


def state(x: Any) -> list[Any]:
    """Where a tensor stands: tracked, a leaf, without history."""
    return [x.requires_grad, x.is_leaf, x.grad_fn is None]


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
