"""Operations that work element by element, operands broadcasting against each other.

The conventions at points without a derivative are torch's: zero for ``abs`` and ``relu`` at zero,
half to each side where ``maximum`` ties.
https://docs.pytorch.org/docs/stable/notes/autograd.html#gradients-for-non-differentiable-functions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from . import arrays, dispatch, dtypes, functions, tensors
from .rules import define, linear

if TYPE_CHECKING:
    from .tensors import Tensor

Number: TypeAlias = "bool | int | float"


def unary(key: str, x: Tensor) -> Tensor:
    """``key`` of ``x``; integers become the default float type first."""
    return dispatch.apply(key, (as_float(x),))


def as_float(x: Tensor) -> Tensor:
    """``x`` in a type that has derivatives."""
    return x if x.array.dtype.kind == "f" else cast(x, dtypes.DEFAULT_FLOAT)


def cast(x: Tensor, dtype: Any) -> Tensor:
    """``x`` in another element type; ``x`` itself where it has that type already."""
    return x if x.array.dtype == dtype else dispatch.apply("cast", (x,), dtype)


def binary(key: str, a: Tensor | Number, b: Tensor | Number) -> Tensor:
    """``key`` of two operands, at least one of them a tensor."""
    if isinstance(a, tensors.Tensor):
        return dispatch.apply(key, (a, dispatch.as_operand(b, a)))
    if not isinstance(b, tensors.Tensor):
        raise TypeError(f"{key} needs a tensor, not {type(a).__name__} and {type(b).__name__}")
    return dispatch.apply(key, (dispatch.as_operand(a, b), b))


def _alike(operation: Any) -> Any:
    """``operation`` on two arrays brought to the type that promotion gives their result."""

    def forward(xp: Any, a: Any, b: Any) -> Any:
        if a.dtype != b.dtype:
            dtype = dtypes.promote(a, b)
            a, b = a.astype(dtype, copy=False), b.astype(dtype, copy=False)
        return operation(xp, a, b)

    return forward


def _share(a: Tensor, b: Tensor, largest: bool) -> Tensor:
    """How much of a maximum's (minimum's) derivative belongs to ``a``: 1, 0, or a half at a tie."""
    ahead = a.array > b.array if largest else a.array < b.array
    share = ahead + 0.5 * (a.array == b.array)
    return tensors.Tensor(arrays.namespace(a.array).asarray(share, dtype=a.array.dtype))


def _divide(xp: Any, a: Any, b: Any) -> Any:
    if a.dtype.kind != "f":
        a, b = a.astype(dtypes.DEFAULT_FLOAT), b.astype(dtypes.DEFAULT_FLOAT)
    return xp.divide(a, b)


def _power_wrt_base(s: Any, g: Any) -> Any:
    """The exponent zero has derivative zero everywhere, also at a zero base."""
    return functions.where(s.b == 0, 0.0, g * (s.b * functions.pow(s.a, s.b - 1)))


def _power_wrt_exponent(s: Any, g: Any) -> Any:
    """A zero base stays zero for every exponent that is not negative."""
    flat = logical_and(s.a == 0, s.b >= 0)
    return functions.where(flat, 0.0, g * (s.out * functions.log(s.a)))


def _scalar_power(xp: Any, a: Any, exponent: Number) -> Any:
    if isinstance(exponent, float) and a.dtype.kind != "f":
        a = a.astype(dtypes.DEFAULT_FLOAT)
    return xp.power(a, exponent).astype(a.dtype, copy=False)


def _scalar_power_vjp(s: Any, g: Any) -> Any:
    (p,) = s.params
    return dispatch.zeros_like(g) if p == 0 else g * (p * dispatch.apply("powi", (s.a,), p - 1))


def compare(operation: str, a: Tensor, b: Any) -> Any:
    """An untracked bool tensor."""
    if not isinstance(b, tensors.Tensor | bool | int | float | np.number):
        return NotImplemented
    other = dispatch.as_operand(b, a).array
    return tensors.Tensor(dispatch.as_array(a, getattr(a.array, operation)(other)))


def logical_and(a: Tensor, b: Tensor) -> Tensor:
    """Where both bool tensors hold."""
    return tensors.Tensor(dispatch.as_array(a, a.array & b.array))


define("alias", "AliasBackward0", lambda xp, a: a, lambda s, g: g, jvp=linear)
define("clone", "CloneBackward0", lambda xp, a: a.copy(), lambda s, g: g, jvp=linear)
define("cast", "ToCopyBackward0", lambda xp, a, dtype: a.astype(dtype), lambda s, g: g)
define("neg", "NegBackward0", lambda xp, a: xp.negative(a), lambda s, g: -g)
define(
    "abs",
    "AbsBackward0",
    lambda xp, a: xp.abs(a),
    lambda s, g: g * functions.sign(s.a),
    uses=("a",),
)
define("sign", "SignBackward0", lambda xp, a: xp.sign(a), lambda s, g: dispatch.zeros_like(g))
define(
    "relu",
    "ReluBackward0",
    lambda xp, a: xp.maximum(a, 0).astype(a.dtype, copy=False),
    lambda s, g: g * functions.step(s.out),
    uses=("o",),
)
define(
    "step",
    "StepBackward0",
    lambda xp, a: (a > 0).astype(a.dtype),
    lambda s, g: dispatch.zeros_like(g),
)
define("exp", "ExpBackward0", lambda xp, a: xp.exp(a), lambda s, g: g * s.out, uses=("o",))
define("log", "LogBackward0", lambda xp, a: xp.log(a), lambda s, g: g / s.a, uses=("a",))
define(
    "sin", "SinBackward0", lambda xp, a: xp.sin(a), lambda s, g: g * functions.cos(s.a), uses=("a",)
)
define(
    "cos",
    "CosBackward0",
    lambda xp, a: xp.cos(a),
    lambda s, g: g * -functions.sin(s.a),
    uses=("a",),
)
define(
    "tanh",
    "TanhBackward0",
    lambda xp, a: xp.tanh(a),
    lambda s, g: g * (1 - s.out * s.out),
    uses=("o",),
)
define(
    "sigmoid",
    "SigmoidBackward0",
    lambda xp, a: (0.5 * (xp.tanh(0.5 * a) + 1)).astype(a.dtype, copy=False),
    lambda s, g: g * ((1 - s.out) * s.out),
    uses=("o",),
)
define("sqrt", "SqrtBackward0", lambda xp, a: xp.sqrt(a), lambda s, g: g / (2 * s.out), uses=("o",))
define(
    "reciprocal",
    "ReciprocalBackward0",
    lambda xp, a: xp.reciprocal(a),
    lambda s, g: -g * (s.out * s.out),
    uses=("o",),
)
define("powi", "PowBackward0", _scalar_power, _scalar_power_vjp, uses=("a",))
define(
    "add",
    "AddBackward0",
    _alike(lambda xp, a, b: xp.add(a, b)),
    lambda s, g: g,
    lambda s, g: g,
)
define(
    "sub",
    "SubBackward0",
    _alike(lambda xp, a, b: xp.subtract(a, b)),
    lambda s, g: g,
    lambda s, g: -g,
)
define(
    "mul",
    "MulBackward0",
    _alike(lambda xp, a, b: xp.multiply(a, b)),
    lambda s, g: g * s.b,
    lambda s, g: g * s.a,
    uses=("b", "a"),
)
define(
    "div",
    "DivBackward0",
    _alike(_divide),
    lambda s, g: g / s.b,
    lambda s, g: -g * ((s.a / s.b) / s.b),
    uses=("b", "ab"),
)
define(
    "pow",
    "PowBackward1",
    _alike(lambda xp, a, b: xp.power(a, b)),
    _power_wrt_base,
    _power_wrt_exponent,
    uses=("ab", "abo"),
)
define(
    "maximum",
    "MaximumBackward0",
    _alike(lambda xp, a, b: xp.maximum(a, b)),
    lambda s, g: g * _share(s.a, s.b, True),
    lambda s, g: g * _share(s.b, s.a, True),
    uses=("ab", "ab"),
)
define(
    "minimum",
    "MinimumBackward0",
    _alike(lambda xp, a, b: xp.minimum(a, b)),
    lambda s, g: g * _share(s.a, s.b, False),
    lambda s, g: g * _share(s.b, s.a, False),
    uses=("ab", "ab"),
)
define(
    "where",
    "WhereBackward0",
    lambda xp, mask, a, b: _alike(lambda xp, a, b: xp.where(mask, a, b))(xp, a, b),
    lambda s, g: dispatch.zeros_like(g),
    lambda s, g: functions.where(s.a, g, 0.0),
    lambda s, g: functions.where(s.a, 0.0, g),
    uses=("", "a", "a"),
)
