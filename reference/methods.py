"""The operations as methods and operators of a tensor: other names for the same functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import (
    arrays,
    conversions,
    dimensions,
    dispatch,
    elementwise,
    functions,
    hooks,
    indexing,
    inplace,
    joining,
    linear,
    passes,
    reductions,
    shapes,
)


class Methods:
    """What a tensor can do; what a tensor is stands in ``tensors``."""

    __slots__ = ()
    __array_ufunc__ = None
    __hash__ = object.__hash__

    if TYPE_CHECKING:
        array: Any

    __neg__ = neg = functions.neg
    __abs__ = abs = functions.abs
    relu = functions.relu
    exp = functions.exp
    log = functions.log
    sin = functions.sin
    cos = functions.cos
    tanh = functions.tanh
    sigmoid = functions.sigmoid
    sqrt = functions.sqrt
    square = functions.square
    reciprocal = functions.reciprocal
    sign = functions.sign
    clone = functions.clone
    __add__ = __radd__ = add = functions.add
    __mul__ = __rmul__ = mul = multiply = functions.mul
    __sub__ = sub = subtract = functions.sub
    __truediv__ = div = divide = functions.div
    __pow__ = pow = functions.pow
    maximum = functions.maximum
    minimum = functions.minimum
    __matmul__ = matmul = linear.matmul
    dot = linear.dot
    mv = linear.mv
    mm = linear.mm
    outer = linear.outer
    norm = linear.norm
    sum = reductions.sum
    mean = reductions.mean
    prod = reductions.prod
    cumsum = reductions.cumsum
    amax = reductions.amax
    amin = reductions.amin
    max = reductions.max
    min = reductions.min
    softmax = reductions.softmax
    log_softmax = reductions.log_softmax
    transpose = swapaxes = dimensions.transpose
    t = dimensions.t
    permute = dimensions.permute
    reshape = shapes.reshape
    view = shapes.view
    flatten = shapes.flatten
    expand = shapes.expand
    unsqueeze = shapes.unsqueeze
    squeeze = shapes.squeeze
    unbind = joining.unbind
    split = joining.split
    flip = dimensions.flip
    contiguous = shapes.contiguous
    index_select = indexing.index_select
    gather = indexing.gather
    select = indexing.select
    __getitem__ = indexing.getitem
    __setitem__ = indexing.setitem
    add_ = __iadd__ = inplace.add_
    sub_ = __isub__ = inplace.sub_
    mul_ = __imul__ = inplace.mul_
    div_ = __itruediv__ = inplace.div_
    pow_ = __ipow__ = inplace.pow_
    neg_ = inplace.neg_
    exp_ = inplace.exp_
    relu_ = inplace.relu_
    sigmoid_ = inplace.sigmoid_
    tanh_ = inplace.tanh_
    zero_ = inplace.zero_
    fill_ = inplace.fill_
    copy_ = inplace.copy_
    to = conversions.to
    float = conversions.single
    double = conversions.double
    half = conversions.half
    long = conversions.long
    bool = conversions.boolean
    cpu = conversions.cpu
    item = conversions.item
    tolist = conversions.tolist
    numpy = conversions.numpy
    register_hook = hooks.register
    register_post_accumulate_grad_hook = hooks.register_post_accumulate

    def __rsub__(self: Any, other: Any) -> Any:
        return functions.sub(other, self)

    def __rtruediv__(self: Any, other: Any) -> Any:
        return functions.div(other, self)

    def __rpow__(self: Any, other: Any) -> Any:
        return functions.pow(other, self)

    def __rmatmul__(self, other: Any) -> Any:
        raise TypeError(f"matmul needs two tensors, not {type(other).__name__} and a tensor")

    def __eq__(self: Any, other: Any) -> Any:
        return elementwise.compare("__eq__", self, other)

    def __ne__(self: Any, other: Any) -> Any:
        return elementwise.compare("__ne__", self, other)

    def __lt__(self: Any, other: Any) -> Any:
        return elementwise.compare("__lt__", self, other)

    def __le__(self: Any, other: Any) -> Any:
        return elementwise.compare("__le__", self, other)

    def __gt__(self: Any, other: Any) -> Any:
        return elementwise.compare("__gt__", self, other)

    def __ge__(self: Any, other: Any) -> Any:
        return elementwise.compare("__ge__", self, other)

    def where(self: Any, condition: Any, other: Any) -> Any:
        """This tensor where ``condition`` holds, ``other`` elsewhere."""
        return functions.where(condition, self, other)

    def numel(self: Any) -> int:
        """The number of elements."""
        return int(self.array.size)

    def size(self: Any, dim: int | None = None) -> Any:
        """The shape, or the length of one dimension."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self: Any) -> int:
        """The number of dimensions."""
        return int(self.array.ndim)

    def is_contiguous(self: Any) -> Any:
        """Whether the elements lie in memory in row-major order."""
        return self.array.flags.c_contiguous

    def data_ptr(self: Any) -> int:
        """The address of the first element."""
        return int(dispatch.address(self.array))

    def __array__(self: Any, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        return np.asarray(self.numpy(), dtype=dtype)

    def backward(
        self: Any,
        gradient: Any = None,
        retain_graph: Any = None,
        create_graph: Any = False,
        inputs: Any = None,
    ) -> None:
        """Add the gradients of this tensor to the leaves it was computed from."""
        passes.backward(self, gradient, retain_graph, create_graph, inputs)

    def __float__(self: Any) -> Any:
        return Methods.item(self) * 1.0

    def __int__(self: Any) -> Any:
        return int(Methods.item(self))

    def __index__(self: Any) -> Any:
        return Methods.item(self).__index__()

    def __bool__(self: Any) -> Any:
        return Methods.item(self) != 0

    def __len__(self) -> int:
        if not self.array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return int(self.array.shape[0])

    def __iter__(self: Any) -> Iterator[Any]:
        if not self.array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(joining.unbind(self))

    def __repr__(self: Any) -> str:
        values = np.array2string(arrays.to_numpy(self.array), separator=", ", prefix="tensor(")
        name = "" if self.grad_fn is None else f", grad_fn={self.grad_fn}"
        flag = ", requires_grad=True" if self.requires_grad and not name else ""
        return f"tensor({values}, dtype={self.dtype.name}{name}{flag})"
