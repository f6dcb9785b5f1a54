"""The operation table: what each operation computes, how it differentiates and what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from conformance import index_kernels as ik
from conformance import kernels as k
from conformance import write_kernels as w
from conformance.forms import (
    Bilinear,
    Choice,
    Composite,
    Elementwise,
    Form,
    Linear,
    Op,
    Term,
    choice,
    composite,
    elementwise,
    linear,
)
from conformance.kernels import Array, Arrays, Kernel, Ranks


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _power(x: Array, y: Array, order: int, exponent: float) -> list[Array]:
    factors = np.cumprod([exponent - i for i in range(order)])
    return [
        factor * x ** (exponent - i) if factor else np.zeros_like(x)
        for i, factor in enumerate(factors, start=1)
    ]


def _sigmoid_derivatives(x: Array, y: Array, order: int) -> list[Array]:
    s = y * (1 - y)
    return [s, s * (1 - 2 * y), s * (1 - 6 * s)][:order]


def _tanh_derivatives(x: Array, y: Array, order: int) -> list[Array]:
    s = 1 - y * y
    return [s, -2 * y * s, s * (6 * y * y - 2)][:order]


def _reciprocal_derivatives(x: Array, y: Array, order: int) -> list[Array]:
    return [-(y**2), 2 * y**3, -6 * y**4][:order]


def _larger(a: Array, b: Array) -> list[Array]:
    first = (a > b) + 0.5 * (a == b)
    return [first, 1 - first]


def _smaller(a: Array, b: Array) -> list[Array]:
    return _larger(b, a)


def _softmax(dim: int) -> list[Term]:
    return [
        ("exp", (0,), ()),
        ("sum_axis", (1,), (dim, True)),
        ("reciprocal", (2,), ()),
        ("mul", (1, 3), ()),
    ]


def _log_softmax(dim: int) -> list[Term]:
    return [
        ("exp", (0,), ()),
        ("sum_axis", (1,), (dim, True)),
        ("log", (2,), ()),
        ("sub", (0, 3), ()),
    ]


def _norm(order: int, dim: int | None = None, keepdim: bool = False) -> list[Term]:
    if order == 1:
        return [("abs", (0,), ()), ("sum_axis", (1,), (dim, keepdim))]
    return [
        ("pow_scalar", (0,), (2,)),
        ("sum_axis", (1,), (dim, keepdim)),
        ("sqrt", (2,), ()),
    ]


def _view(name: str, kernel: Kernel, *params: str) -> Op:
    return linear(name, kernel, *params, view=True, passes_on=True)


_TABLE = (
    linear("add", k.add, transparent=True),
    linear("sub", k.subtract, magnitude=k.add, transparent=True),
    Op("mul", Bilinear(k.multiply), keeps=("a", "b")),
    linear("neg", k.negate, magnitude=k.identity),
    linear("add_scalar", k.identity, "number", transparent=True),
    linear("mul_scalar", k.scale, "number", magnitude=k.scale_magnitude, may_keep=True),
    linear("rsub_scalar", k.negate, "number", magnitude=k.identity),
    linear("div_scalar", k.divide_by, "number", magnitude=k.divide_by_magnitude, may_keep=True),
    elementwise("pow_scalar", lambda x, n: x**n, _power, "exponent", keeps=("a",)),
    choice("abs", np.abs, lambda x: [np.sign(x)], np.abs),
    choice("relu", lambda x: np.maximum(x, 0.0), lambda x: [x > 0], np.abs),
    choice("maximum", np.maximum, _larger, lambda a, b: np.abs(a - b)),
    choice("minimum", np.minimum, _smaller, lambda a, b: np.abs(a - b)),
    linear("sum", k.total, passes_on=True),
    linear("sum_axis", k.total, "dim", "keepdim", passes_on=True),
    linear("mean", k.average, passes_on=True),
    linear("mean_axis", k.average, "dim", "keepdim", passes_on=True),
    linear("cumsum", k.cumulate, "dim", passes_on=True),
    Op("dot", Bilinear(k.matmul), keeps=("a", "b")),
    Op("mv", Bilinear(k.matmul), keeps=("a", "b")),
    Op("mm", Bilinear(k.matmul), keeps=("a", "b")),
    Op("matmul", Bilinear(k.matmul), keeps=("a", "b")),
    _view("transpose", k.transpose, "dim0", "dim1"),
    _view("permute", k.permute, "dims"),
    linear("reshape", k.reshape, "shape", passes_on=True),
    _view("expand", k.expand, "shape"),
    _view("unsqueeze", k.unsqueeze, "dim"),
    _view("squeeze", k.squeeze, "dim"),
    _view("select", ik.select, "index"),
    linear("unbind", ik.unbind, "dim", "pick", view=True, passes_on=True),
    linear("take", ik.take, "positions", may_keep=True),
    linear("index_select", ik.index_select, "dim", "positions", may_keep=True),
    linear("gather", ik.gather, "dim", "positions", may_keep=True),
    linear("where", k.where, "mask", may_keep=True),
    linear("concat", k.concatenate, "dim", passes_on=True),
    linear("stack", k.stack, "dim", passes_on=True),
    linear("clone", k.identity, passes_on=True),
    linear("cast", k.identity, "dtype", passes_on=True),
    linear("put", w.put, "index", may_keep=True),
    linear("put_at", w.put_at, "positions", may_keep=True),
    linear("replace", w.replace, "path", may_keep=True),
    linear("overwrite", w.overwrite, may_keep=True),
    elementwise("exp", np.exp, lambda x, y, n: [y] * n, keeps=("out",), exact=False),
    elementwise(
        "log", np.log, lambda x, y, n: [1 / x, -1 / x**2, 2 / x**3][:n], keeps=("a",), exact=False
    ),
    elementwise(
        "sin", np.sin, lambda x, y, n: [np.cos(x), -y, -np.cos(x)][:n], keeps=("a",), exact=False
    ),
    elementwise(
        "cos", np.cos, lambda x, y, n: [-np.sin(x), -y, np.sin(x)][:n], keeps=("a",), exact=False
    ),
    elementwise("tanh", np.tanh, _tanh_derivatives, keeps=("out",), exact=False),
    elementwise("sigmoid", _sigmoid, _sigmoid_derivatives, keeps=("out",), exact=False),
    elementwise(
        "sqrt",
        np.sqrt,
        lambda x, y, n: [0.5 / y, -0.25 / y**3, 0.375 / y**5][:n],
        keeps=("out",),
        exact=False,
    ),
    elementwise(
        "reciprocal", lambda x: 1 / x, _reciprocal_derivatives, keeps=("out",), exact=False
    ),
    composite("div", lambda: [("reciprocal", (1,), ()), ("mul", (0, 2), ())], keeps=("a", "b")),
    composite(
        "pow",
        lambda: [("log", (0,), ()), ("mul", (1, 2), ()), ("exp", (3,), ())],
        keeps=("a", "b"),
    ),
    composite("softmax", _softmax, "dim", keeps=("out",)),
    composite("log_softmax", _log_softmax, "dim", keeps=("out",)),
    composite("norm_l1", lambda: _norm(1), keeps=("a",), exact=True),
    composite("norm_l2", lambda: _norm(2), keeps=("a",)),
    composite("norm_fro", lambda: _norm(2), keeps=("a",)),
    composite("norm_axis", _norm, "order", "dim", "keepdim", keeps=("a",)),
)

OPS: dict[str, Op] = {op.name: op for op in _TABLE}

Params: TypeAlias = tuple[Any, ...]
Terms: TypeAlias = list[tuple[Array, int]]
Compute: TypeAlias = Callable[[Arrays, Ranks, Params], Array]

_SHIFTED: dict[str, Compute] = {
    "add_scalar": lambda xs, ranks, params: xs[0] + params[0],
    "rsub_scalar": lambda xs, ranks, params: params[0] - xs[0],
}


def _by_kernel(form: Any) -> Compute:
    kernel = form.kernel
    return lambda xs, ranks, params: kernel(xs, ranks, *params)


def _by_element(form: Any) -> Compute:
    function = form.function
    return lambda xs, ranks, params: function(*xs, *params)


def _by_choice(form: Any) -> Compute:
    function = form.function
    return lambda xs, ranks, params: function(*k.lifted(xs, ranks))


def _by_terms(form: Any) -> Compute:
    return lambda xs, ranks, params: unfold(form, xs, ranks, params)[-1][0]


_COMPUTES: dict[type[Form], Callable[[Any], Compute]] = {
    Linear: _by_kernel,
    Bilinear: _by_kernel,
    Elementwise: _by_element,
    Choice: _by_choice,
    Composite: _by_terms,
}

COMPUTE: dict[str, Compute] = {
    op.name: _SHIFTED.get(op.name) or _COMPUTES[type(op.form)](op.form) for op in _TABLE
}


def evaluate(op: Op, xs: Arrays, ranks: Ranks, params: Params) -> Array:
    """The operation's value in float64 on arrays with batch axes before their core axes.

    Args:
        op: the operation.
        xs: one array of shape ``(*batch, *core)`` for each operand.
        ranks: the number of core axes of each operand.
        params: the operation's static arguments, in the order of ``op.params``.
    """
    return COMPUTE[op.name](xs, ranks, params)


def unfold(
    form: Composite,
    xs: Arrays,
    ranks: Ranks,
    params: Params,
    rounded: Callable[[Array], Array] = np.asarray,
) -> Terms:
    """The values and ranks of all terms of a composition, its operands first.

    ``rounded`` is what storing a term makes of it.
    """
    batch = max(x.ndim - rank for x, rank in zip(xs, ranks, strict=True))
    values = list(zip(xs, ranks, strict=True))
    for name, positions, term_params in form.terms(*params):
        operands = [values[i] for i in positions]
        out = COMPUTE[name]([x for x, _ in operands], [r for _, r in operands], term_params)
        values.append((rounded(out), out.ndim - batch))
    return values
