"""The included reference engine: an executable specification of torch-like autograd.

Define-by-run reverse and forward mode over NumPy arrays (CuPy arrays on ``cuda``). The public face
is spelled as in torch, so one expression runs on both:

    import conformance.reference as engine

    x = engine.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad  # tensor([2., 4.], dtype=float32)
"""
# ruff: noqa: A004 - torch's names, builtins or not

from . import autograd, func, linalg
from .autograd import Function, grad
from .creation import (
    arange,
    from_numpy,
    full,
    full_like,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)
from .dimensions import flip, permute, t, transpose
from .dtypes import DType, float16, float32, float64, int32, int64
from .dtypes import bool_ as bool
from .functions import (
    abs,
    add,
    clone,
    cos,
    div,
    exp,
    log,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    reciprocal,
    relu,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    sub,
    tanh,
    where,
)
from .indexing import gather, index_select
from .joining import cat, split, stack, unbind
from .linear import dot, matmul, mm, mv, norm, outer
from .modes import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .reductions import (
    amax,
    amin,
    cumsum,
    log_softmax,
    max,
    mean,
    min,
    prod,
    softmax,
    sum,
)
from .shapes import flatten, reshape, squeeze, unsqueeze
from .tensors import Tensor

__all__ = [
    "DType",
    "Function",
    "Tensor",
    "abs",
    "add",
    "amax",
    "amin",
    "arange",
    "autograd",
    "bool",
    "cat",
    "clone",
    "cos",
    "cumsum",
    "div",
    "dot",
    "enable_grad",
    "exp",
    "flatten",
    "flip",
    "float16",
    "float32",
    "float64",
    "from_numpy",
    "full",
    "full_like",
    "func",
    "gather",
    "grad",
    "index_select",
    "int32",
    "int64",
    "is_grad_enabled",
    "linalg",
    "log",
    "log_softmax",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mm",
    "mul",
    "mv",
    "neg",
    "no_grad",
    "norm",
    "ones",
    "ones_like",
    "outer",
    "permute",
    "pow",
    "prod",
    "reciprocal",
    "relu",
    "reshape",
    "set_grad_enabled",
    "sigmoid",
    "sign",
    "sin",
    "softmax",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "sub",
    "sum",
    "t",
    "tanh",
    "tensor",
    "transpose",
    "unbind",
    "unsqueeze",
    "where",
    "zeros",
    "zeros_like",
]
