"""Products of matrices and vectors, and norms.

https://docs.pytorch.org/docs/stable/generated/torch.matmul.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import dimensions, dispatch, dtypes, elementwise, functions, reductions, shapes
from .errors import ShapeError
from .rules import define, product

if TYPE_CHECKING:
    from .tensors import Tensor


def _transposed(x: Tensor) -> Tensor:
    return dimensions.transpose(x, -1, -2)


def _matmul_wrt_a(s: Any, g: Any) -> Any:
    ndim_a, ndim_b = s.params
    if ndim_b == 1:
        return shapes.unsqueeze(g, -1) * s.b
    if ndim_a == 1:
        return reductions.sum(s.b * shapes.unsqueeze(g, -2), -1)
    return matmul(g, _transposed(s.b))


def _matmul_wrt_b(s: Any, g: Any) -> Any:
    ndim_a, ndim_b = s.params
    if ndim_b == 1:
        return shapes.unsqueeze(g, -1) * s.a
    if ndim_a == 1:
        return shapes.unsqueeze(s.a, -1) * shapes.unsqueeze(g, -2)
    return matmul(_transposed(s.a), g)


def _euclidean_wrt_x(s: Any, g: Any) -> Any:
    axes, keepdim, _ = s.params
    out = reductions.restored(s.out, axes, keepdim)
    upstream = reductions.restored(g, axes, keepdim)
    return s.a * functions.where(out == 0, 0.0, upstream / out)


def _euclidean_jvp(rule: Any, s: Any, operands: Any, tangents: Any) -> Any:
    dot_product = reductions.sum(s.a * tangents[0], s.params[0], s.params[1])
    return functions.where(s.out == 0, 0.0, dot_product / s.out)


define(
    "matmul",
    "MatmulBackward0",
    lambda xp, a, b, ndim_a, ndim_b: xp.matmul(a, b),
    _matmul_wrt_a,
    _matmul_wrt_b,
    uses=("b", "a"),
    jvp=product,
)
define(
    "euclidean",
    "LinalgVectorNormBackward0",
    lambda xp, a, axes, keepdim, shape: xp.sqrt(xp.add.reduce(a * a, axis=axes, keepdims=keepdim)),
    _euclidean_wrt_x,
    uses=("ao",),
    jvp=_euclidean_jvp,
)


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """The matrix product; leading dimensions are batches and broadcast.

    Raises:
        ShapeError: an operand is zero-dimensional, or the inner sizes differ.
    """
    check_matrices(a, b)
    if a.array.dtype != b.array.dtype:
        raise ShapeError(
            f"expected both operands to have the same dtype, not {a.dtype} and {b.dtype}; "
            "convert one with to()"
        )
    return dispatch.apply("matmul", (a, b), a.array.ndim, b.array.ndim)


def check_matrices(a: Tensor, b: Tensor) -> None:
    """Refuse operands that have no matrix product."""
    left, right = a.array.shape, b.array.shape
    if not left or not right:
        raise ShapeError("both arguments to matmul need to be at least 1-dimensional")
    inner = right[-2] if len(right) > 1 else right[0]
    if left[-1] != inner:
        raise ShapeError(f"shapes {left} and {right} cannot be multiplied: {left[-1]} and {inner}")


def _product_of(a: Tensor, b: Tensor, ndims: tuple[int, int], name: str) -> Tensor:
    if (a.array.ndim, b.array.ndim) != ndims:
        raise ShapeError(
            f"{name} expects {ndims[0]}-dimensional and {ndims[1]}-dimensional operands, "
            f"not {a.array.ndim} and {b.array.ndim}; use matmul()"
        )
    return matmul(a, b)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """The inner product of two vectors."""
    return _product_of(a, b, (1, 1), "dot")


def mv(a: Tensor, b: Tensor) -> Tensor:
    """A matrix times a vector."""
    return _product_of(a, b, (2, 1), "mv")


def mm(a: Tensor, b: Tensor) -> Tensor:
    """A matrix times a matrix."""
    return _product_of(a, b, (2, 2), "mm")


def outer(a: Tensor, b: Tensor) -> Tensor:
    """Every element of one vector times every element of the other."""
    if a.array.ndim != 1 or b.array.ndim != 1:
        raise ShapeError("outer expects two vectors")
    return shapes.unsqueeze(a, 1) * b


def vector_norm(
    x: Tensor,
    ord: float = 2,  # noqa: A002
    dim: reductions.Dims = None,
    keepdim: bool = False,
) -> Tensor:
    """The 1-norm or 2-norm over ``dim``, or of all elements; zero has derivative zero.

    Raises:
        ValueError: another order.
    """
    if x.array.dtype.kind != "f":
        x = elementwise.cast(x, dtypes.DEFAULT_FLOAT)
    if ord == 1:
        return reductions.sum(functions.abs(x), dim, keepdim)
    if ord == 2:
        axes = reductions.axes_of(dim, x.array.ndim)
        return dispatch.apply("euclidean", (x,), axes, keepdim, x.array.shape)
    raise ValueError(f"vector_norm offers the orders 1 and 2, not {ord}")


def norm(
    x: Tensor,
    ord: float | str | None = None,  # noqa: A002
    dim: reductions.Dims = None,
    keepdim: bool = False,
) -> Tensor:
    """The Frobenius norm of a matrix, or a vector's norm."""
    return vector_norm(x, 2 if ord in (None, "fro") else float(ord or 0), dim, keepdim)
