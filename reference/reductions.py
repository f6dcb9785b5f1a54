"""Operations that combine elements along dimensions.

A maximum shared by several elements divides its derivative evenly among them.
https://docs.pytorch.org/docs/stable/generated/torch.amax.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from . import dimensions, dispatch, elementwise, functions, indexing, joining, shapes, tensors
from .errors import NotDifferentiableError, ShapeError
from .rules import define, linear

if TYPE_CHECKING:
    from .tensors import Tensor

Dims: TypeAlias = "int | Sequence[int] | None"


def axes_of(dim: Dims, ndim: int) -> tuple[int, ...]:
    """The dimensions meant by ``dim``, from the front and without repeats; None means all."""
    if dim is None or (not isinstance(dim, int) and len(dim) == 0):
        return tuple(range(ndim))
    given = [dim] if isinstance(dim, int) else list(dim)
    axes = sorted(dimensions.axis(d, ndim) for d in given)
    if len(set(axes)) != len(axes):
        raise ShapeError(f"a dimension appears more than once in {dim}")
    return tuple(axes) if ndim else ()


def restored(g: Tensor, axes: tuple[int, ...], keepdim: bool) -> Tensor:
    """``g`` with the reduced dimensions put back, each of size one."""
    if not keepdim:
        for d in axes:
            g = dispatch.apply_view("unsqueeze", g, d)
    return g


def _spread(s: Any, g: Any) -> Any:
    axes, keepdim, shape = s.params
    if g.ndim:
        g = restored(g, axes, keepdim)
    return shapes.broadcast_to(g, shape)


def _count(axes: tuple[int, ...], shape: tuple[int, ...]) -> int:
    count = 1
    for d in axes:
        count *= shape[d]
    return count


def _mean_spread(s: Any, g: Any) -> Any:
    return _spread(s, g / _count(s.params[0], s.params[2]))


def _sum(xp: Any, a: Any, axes: tuple[int, ...], keepdim: bool, shape: Any) -> Any:
    return xp.add.reduce(a, axis=axes, keepdims=keepdim) if axes else a.copy()


def _mean(xp: Any, a: Any, axes: tuple[int, ...], keepdim: bool, shape: Any) -> Any:
    total = _sum(xp, a, axes, keepdim, shape)
    return xp.divide(total, xp.asarray(_count(axes, shape), dtype=a.dtype))


def _extremum_share(s: Any) -> Any:
    """One at the extreme elements, divided by how many share it."""
    axes, keepdim, _, _ = s.params
    out = restored(s.out.detach(), axes, keepdim).array
    ties = (s.a.array == out).astype(s.a.array.dtype)
    return tensors.Tensor(dispatch.as_array(s.a, ties / ties.sum(axis=axes, keepdims=True)))


def _extremum_vjp(s: Any, g: Any) -> Any:
    return restored(g, s.params[0], s.params[1]) * _extremum_share(s)


def _extremum_jvp(rule: Any, s: Any, operands: Any, tangents: Any) -> Any:
    return sum(tangents[0] * _extremum_share(s), s.params[0], s.params[1])


def _prod_vjp(s: Any, g: Any) -> Any:
    dim, keepdim = s.params
    upstream: Any = restored(g, (dim,), keepdim)
    return upstream * products_of_others(s.a, dim)


def _prod_jvp(rule: Any, s: Any, operands: Any, tangents: Any) -> Any:
    dim, keepdim = s.params
    return sum(tangents[0] * products_of_others(s.a, dim), dim, keepdim)


def _log_softmax_vjp(s: Any, g: Any) -> Any:
    probabilities: Any = functions.exp(s.out)
    return g - probabilities * sum(g, s.params[0], True)


def _log_softmax_jvp(rule: Any, s: Any, operands: Any, tangents: Any) -> Any:
    return tangents[0] - sum(functions.exp(s.out) * tangents[0], s.params[0], True)


def _extremum(xp: Any, a: Any, axes: Any, keepdim: bool, shape: Any, name: str) -> Any:
    return getattr(xp, name).reduce(a, axis=axes, keepdims=keepdim) if axes else a.copy()


define("sum", "SumBackward0", _sum, _spread, jvp=linear)
define("mean", "MeanBackward0", _mean, _mean_spread, jvp=linear)
define("amax", "AmaxBackward0", _extremum, _extremum_vjp, uses=("ao",), jvp=_extremum_jvp)
define(
    "cumsum",
    "CumsumBackward0",
    lambda xp, a, dim: xp.cumsum(a, axis=dim) if a.ndim else a.copy(),
    lambda s, g: _reversed_cumsum(g, s.params[0]),
    jvp=linear,
)
define(
    "prod",
    "ProdBackward0",
    lambda xp, a, dim, keepdim: xp.multiply.reduce(a, axis=dim, keepdims=keepdim),
    _prod_vjp,
    uses=("a",),
    jvp=_prod_jvp,
)
define(
    "softmax",
    "SoftmaxBackward0",
    lambda xp, a, dim: _normalized(xp, xp.exp(a - _top(xp, a, dim)), dim),
    lambda s, g: s.out * (g - sum(g * s.out, s.params[0], True)),
    uses=("o",),
)
define(
    "log_softmax",
    "LogSoftmaxBackward0",
    lambda xp, a, dim: _log_normalized(xp, a - _top(xp, a, dim), dim),
    _log_softmax_vjp,
    uses=("o",),
    jvp=_log_softmax_jvp,
)


def _top(xp: Any, a: Any, dim: int) -> Any:
    return xp.maximum.reduce(a, axis=dim, keepdims=True) if a.size and a.ndim else a


def _normalized(xp: Any, e: Any, dim: int) -> Any:
    return xp.divide(e, xp.add.reduce(e, axis=dim, keepdims=True)) if e.ndim else xp.ones_like(e)


def _log_normalized(xp: Any, a: Any, dim: int) -> Any:
    if not a.ndim:
        return xp.zeros_like(a)
    return a - xp.log(xp.add.reduce(xp.exp(a), axis=dim, keepdims=True))


def _reversed_cumsum(g: Tensor, dim: int) -> Tensor:
    if not g.array.ndim:
        return g
    return dimensions.flip(cumsum(dimensions.flip(g, dim), dim), dim)


def products_of_others(x: Tensor, dim: int) -> Tensor:
    """For each element the product of the others along ``dim``, right also beside zeros."""
    size = x.array.shape[dim]
    if size == 0:
        return dispatch.zeros_like(x)
    parts = []
    for place in range(size):
        before = indexing.narrow(x, dim, 0, place)
        after = indexing.narrow(x, dim, place + 1, size)
        parts.append(dispatch.apply("prod", (joining.cat([before, after], dim),), dim, True))
    return joining.cat(parts, dim)


def sum(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:  # noqa: A001
    """The sum over ``dim``, or over everything."""
    shape = x.array.shape
    return dispatch.apply("sum", (x,), axes_of(dim, len(shape)), keepdim, shape)


def mean(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The mean over ``dim``, or over everything.

    Raises:
        NotDifferentiableError: ``x`` holds integers or booleans.
    """
    if x.array.dtype.kind != "f":
        raise NotDifferentiableError(f"mean() needs a floating point dtype, not {x.dtype}")
    shape = x.array.shape
    return dispatch.apply("mean", (x,), axes_of(dim, len(shape)), keepdim, shape)


def cumsum(x: Tensor, dim: int) -> Tensor:
    """The running sum along ``dim``."""
    return dispatch.apply("cumsum", (x,), dimensions.axis(dim, x.array.ndim))


def prod(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The product along ``dim``, or of everything."""
    if dim is None:
        return dispatch.apply("prod", (shapes.reshape(x, -1),), 0, False)
    if x.array.ndim == 0:
        return functions.clone(x)
    return dispatch.apply("prod", (x,), dimensions.axis(dim, x.array.ndim), keepdim)


def _reduced_extremum(x: Tensor, dim: Dims, keepdim: bool, name: str) -> Tensor:
    shape = x.array.shape
    axes = axes_of(dim, len(shape))
    if _count(axes, shape) == 0:
        raise IndexError(f"the {name} over no elements has no value; name a dimension with some")
    return dispatch.apply("amax", (x,), axes, keepdim, shape, name)


def amax(x: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The largest element over ``dim``."""
    return _reduced_extremum(x, dim, keepdim, "maximum")


def amin(x: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The smallest element over ``dim``."""
    return _reduced_extremum(x, dim, keepdim, "minimum")


def max(x: Tensor, other: Tensor | None = None) -> Tensor:  # noqa: A001
    """The largest element of all, or the larger of two tensors' elements."""
    return amax(x) if other is None else functions.maximum(x, other)


def min(x: Tensor, other: Tensor | None = None) -> Tensor:  # noqa: A001
    """The smallest element of all, or the smaller of two tensors' elements."""
    return amin(x) if other is None else functions.minimum(x, other)


def softmax(x: Tensor, dim: int) -> Tensor:
    """The exponentials along ``dim``, scaled to sum to one."""
    return dispatch.apply("softmax", (elementwise.as_float(x),), dimensions.axis(dim, x.array.ndim))


def log_softmax(x: Tensor, dim: int) -> Tensor:
    """The logarithm of ``softmax``."""
    return dispatch.apply(
        "log_softmax", (elementwise.as_float(x),), dimensions.axis(dim, x.array.ndim)
    )
