"""The phrasebook of engines that differentiate functions of NumPy-like arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy

from conformance.adapter import Adapter
from conformance.operators import OPERATORS

OPS: Mapping[str, str] = {
    **OPERATORS,
    "abs": "engine.abs(a)",
    "relu": "engine.where(a > 0, a, 0.0)",
    "exp": "engine.exp(a)",
    "log": "engine.log(a)",
    "sin": "engine.sin(a)",
    "cos": "engine.cos(a)",
    "tanh": "engine.tanh(a)",
    "sigmoid": "1 / (1 + engine.exp(-a))",
    "sqrt": "engine.sqrt(a)",
    "reciprocal": "1 / a",
    "maximum": "engine.maximum(a, b)",
    "minimum": "engine.minimum(a, b)",
    "where": "engine.where(engine.array(mask), a, b)",
    "sum": "engine.sum(a)",
    "sum_axis": "engine.sum(a, axis=dim, keepdims=keepdim)",
    "mean": "engine.mean(a)",
    "mean_axis": "engine.mean(a, axis=dim, keepdims=keepdim)",
    "cumsum": "engine.cumsum(a, axis=dim)",
    "dot": "engine.dot(a, b)",
    "mv": "engine.dot(a, b)",
    "mm": "engine.dot(a, b)",
    "matmul": "engine.matmul(a, b)",
    "softmax": "engine.exp(a) / engine.sum(engine.exp(a), axis=dim, keepdims=True)",
    "log_softmax": "a - engine.log(engine.sum(engine.exp(a), axis=dim, keepdims=True))",
    "norm_l1": "engine.sum(engine.abs(a))",
    "norm_l2": "engine.sqrt(engine.sum(a ** 2))",
    "norm_fro": "engine.linalg.norm(a)",
    "norm_axis": "engine.linalg.norm(a, order, axis=dim, keepdims=keepdim)",
    "transpose": "engine.swapaxes(a, dim0, dim1)",
    "permute": "engine.transpose(a, dims)",
    "reshape": "engine.reshape(a, shape)",
    "expand": "engine.broadcast_to(a, shape)",
    "unsqueeze": "engine.expand_dims(a, dim)",
    "squeeze": "engine.squeeze(a, dim)",
    "select": "a[index]",
    "unbind": "engine.moveaxis(a, dim, 0)[pick]",
    "take": "a[engine.array(positions)]",
    "index_select": "engine.moveaxis(engine.moveaxis(a, dim, 0)[engine.array(positions)], 0, dim)",
    "gather": "engine.take_along_axis(a, engine.array(positions), axis=dim)",
    "concat": "engine.concatenate(tensors, axis=dim)",
    "stack": "engine.stack(tensors, axis=dim)",
    "clone": "engine.copy(a)",
    "cast": "a.astype(dtype)",
}

ACTIONS: Mapping[str, str] = {
    "tensor": "engine.array(value, dtype=dtype)",
    "value": "np.asarray(x)",
    "dtype_of": "x.dtype",
    "greater": "x > number",
    "to_number": "float(x)",
}


class FunctionalLike(Adapter):
    """Base of adapters for functional engines; phrases call the engine's array module ``engine``.

    An adapter adds ``vjp``, ``jvp``, ``jacobian`` and ``hessian`` to :data:`ACTIONS`, as far as its
    engine has them. ``vjp`` gives one gradient for each primal, ``jvp`` the value and the tangent,
    ``jacobian`` one block for an array and a sequence of blocks for a tuple of arrays.

    Attributes:
        module: an expression for the module that mirrors NumPy's.
    """

    module: ClassVar[str]

    ops: ClassVar[Mapping[str, str]] = OPS
    actions: ClassVar[Mapping[str, str]] = ACTIONS
    dtypes: ClassVar[Mapping[str, str]] = {
        name: f"engine.{name}" for name in ("float64", "float32")
    }

    def prepare(self) -> None:
        """Give phrases the engine's arrays, and NumPy's, under the names they use."""
        self.namespace["engine"] = eval(self.module, self.namespace)
        self.namespace["np"] = numpy
