"""The element by element operations under their public names.

https://docs.pytorch.org/docs/stable/torch.html#pointwise-ops
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from . import dispatch, dtypes, elementwise, tensors

if TYPE_CHECKING:
    from .elementwise import Number
    from .tensors import Tensor

Unary: TypeAlias = "Callable[[Tensor], Tensor]"
Binary: TypeAlias = "Callable[[Tensor | Number, Tensor | Number], Tensor]"


def where(condition: Tensor, a: Tensor | Number, b: Tensor | Number) -> Tensor:
    """``a`` where ``condition`` holds and ``b`` elsewhere.

    Raises:
        TypeError: the condition is not a bool tensor.
    """
    if not isinstance(condition, tensors.Tensor) or condition.array.dtype != dtypes.BOOL:
        raise TypeError("where expects its condition to be a bool tensor; compare first")
    like = a if isinstance(a, tensors.Tensor) else b
    if not isinstance(like, tensors.Tensor):
        like = dispatch.constant(0.0, condition, dtypes.DEFAULT_FLOAT)
    pair = (dispatch.as_operand(a, like), dispatch.as_operand(b, like))
    return dispatch.apply("where", (condition, *pair))


def pow(a: Tensor | Number, b: Tensor | Number) -> Tensor:  # noqa: A001
    """``a`` to the power ``b``, either of them a number."""
    if isinstance(b, bool | int | float):
        if not isinstance(a, tensors.Tensor):
            raise TypeError("pow needs a tensor")
        return dispatch.apply("powi", (a,), b)
    return elementwise.binary("pow", a, b)


def _named(function: Callable[..., Any], key: str, meaning: str) -> Callable[..., Any]:
    """The function under the name of its operation, and with its meaning to be read."""
    function.__name__ = function.__qualname__ = key
    function.__doc__ = meaning
    return function


def _unary(key: str, meaning: str) -> Unary:
    """An operation that keeps the type of its operand."""
    return _named(lambda x: dispatch.apply(key, (x,)), key, meaning)


def _smooth(key: str, meaning: str) -> Unary:
    """An operation whose results are never integers."""
    return _named(lambda x: elementwise.unary(key, x), key, meaning)


def _binary(key: str, meaning: str) -> Binary:
    """An operation on two operands, at least one of them a tensor."""
    return _named(lambda a, b: elementwise.binary(key, a, b), key, meaning)


neg: Unary = _unary("neg", "``-x``.")
abs: Unary = _unary("abs", "The distance from zero.")  # noqa: A001
sign: Unary = _unary("sign", "-1, 0 or 1; its derivative is zero everywhere.")
relu: Unary = _unary("relu", "``x`` where it is positive, else zero.")
step: Unary = _unary(
    "step", "One where ``x`` is positive, else zero; its derivative is zero everywhere."
)
clone: Unary = _unary("clone", "A copy in memory of its own, through which gradients flow.")
exp: Unary = _smooth("exp", "e to the power ``x``.")
log: Unary = _smooth("log", "The natural logarithm.")
sin: Unary = _smooth("sin", "The sine.")
cos: Unary = _smooth("cos", "The cosine.")
tanh: Unary = _smooth("tanh", "The hyperbolic tangent.")
sigmoid: Unary = _smooth("sigmoid", "The logistic function.")
sqrt: Unary = _smooth("sqrt", "The square root.")
reciprocal: Unary = _smooth("reciprocal", "One over ``x``.")
add: Binary = _binary("add", "``a + b``.")
sub: Binary = _binary("sub", "``a - b``.")
mul: Binary = _binary("mul", "``a * b``.")
div: Binary = _binary("div", "``a / b``; integers become the default float type.")
maximum: Binary = _binary("maximum", "The larger of two, element by element.")
minimum: Binary = _binary("minimum", "The smaller of two, element by element.")


def square(x: Tensor) -> Tensor:
    """``x * x``, recorded as a power as torch does."""
    return dispatch.apply("powi", (x,), 2)
