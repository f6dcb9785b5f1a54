"""The element by element operations under their public names.

https://docs.pytorch.org/docs/stable/torch.html#pointwise-ops
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import dispatch, dtypes, elementwise, tensors

if TYPE_CHECKING:
    from .elementwise import Number
    from .tensors import Tensor


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


def neg(x: Tensor) -> Tensor:
    """``-x``."""
    return dispatch.apply("neg", (x,))


def abs(x: Tensor) -> Tensor:  # noqa: A001
    """The distance from zero."""
    return dispatch.apply("abs", (x,))


def sign(x: Tensor) -> Tensor:
    """-1, 0 or 1; its derivative is zero everywhere."""
    return dispatch.apply("sign", (x,))


def relu(x: Tensor) -> Tensor:
    """``x`` where it is positive, else zero."""
    return dispatch.apply("relu", (x,))


def step(x: Tensor) -> Tensor:
    """One where ``x`` is positive, else zero; its derivative is zero everywhere."""
    return dispatch.apply("step", (x,))


def clone(x: Tensor) -> Tensor:
    """A copy in memory of its own, through which gradients flow."""
    return dispatch.apply("clone", (x,))


def exp(x: Tensor) -> Tensor:
    """e to the power ``x``."""
    return elementwise.unary("exp", x)


def log(x: Tensor) -> Tensor:
    """The natural logarithm."""
    return elementwise.unary("log", x)


def sin(x: Tensor) -> Tensor:
    """The sine."""
    return elementwise.unary("sin", x)


def cos(x: Tensor) -> Tensor:
    """The cosine."""
    return elementwise.unary("cos", x)


def tanh(x: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return elementwise.unary("tanh", x)


def sigmoid(x: Tensor) -> Tensor:
    """The logistic function."""
    return elementwise.unary("sigmoid", x)


def sqrt(x: Tensor) -> Tensor:
    """The square root."""
    return elementwise.unary("sqrt", x)


def reciprocal(x: Tensor) -> Tensor:
    """One over ``x``."""
    return elementwise.unary("reciprocal", x)


def square(x: Tensor) -> Tensor:
    """``x * x``, recorded as a power as torch does."""
    return dispatch.apply("powi", (x,), 2)


def add(a: Tensor | Number, b: Tensor | Number) -> Tensor:
    """``a + b``."""
    return elementwise.binary("add", a, b)


def sub(a: Tensor | Number, b: Tensor | Number) -> Tensor:
    """``a - b``."""
    return elementwise.binary("sub", a, b)


def mul(a: Tensor | Number, b: Tensor | Number) -> Tensor:
    """``a * b``."""
    return elementwise.binary("mul", a, b)


def div(a: Tensor | Number, b: Tensor | Number) -> Tensor:
    """``a / b``; integers become the default float type."""
    return elementwise.binary("div", a, b)


def maximum(a: Tensor, b: Tensor) -> Tensor:
    """The larger of two, element by element."""
    return elementwise.binary("maximum", a, b)


def minimum(a: Tensor, b: Tensor) -> Tensor:
    """The smaller of two, element by element."""
    return elementwise.binary("minimum", a, b)
