"""The phrasebook of engines whose API follows torch's; a new adapter changes what differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from conformance.adapter import Adapter
from conformance.operators import OPERATORS
from conformance.torch_like_functions import DEFINITIONS

OPS: Mapping[str, str] = {
    **OPERATORS,
    "abs": "a.abs()",
    "relu": "a.relu()",
    "exp": "a.exp()",
    "log": "a.log()",
    "sin": "a.sin()",
    "cos": "a.cos()",
    "tanh": "a.tanh()",
    "sigmoid": "a.sigmoid()",
    "sqrt": "a.sqrt()",
    "reciprocal": "a.reciprocal()",
    "maximum": "engine.maximum(a, b)",
    "minimum": "engine.minimum(a, b)",
    "where": "engine.where(engine.tensor(mask, device=device), a, b)",
    "sum": "a.sum()",
    "sum_axis": "a.sum(dim=dim, keepdim=keepdim)",
    "mean": "a.mean()",
    "mean_axis": "a.mean(dim=dim, keepdim=keepdim)",
    "cumsum": "a.cumsum(dim)",
    "dot": "engine.dot(a, b)",
    "mv": "engine.mv(a, b)",
    "mm": "engine.mm(a, b)",
    "matmul": "a @ b",
    "softmax": "a.softmax(dim)",
    "log_softmax": "a.log_softmax(dim)",
    "norm_l1": "engine.linalg.vector_norm(a, 1)",
    "norm_l2": "engine.linalg.vector_norm(a)",
    "norm_fro": "engine.linalg.norm(a)",
    "norm_axis": "engine.linalg.vector_norm(a, order, dim=dim, keepdim=keepdim)",
    "transpose": "a.transpose(dim0, dim1)",
    "permute": "a.permute(dims)",
    "reshape": "a.reshape(shape)",
    "expand": "a.expand(shape)",
    "unsqueeze": "a.unsqueeze(dim)",
    "squeeze": "a.squeeze(dim)",
    "select": "a[index]",
    "unbind": "a.unbind(dim)[pick]",
    "take": "a[list(positions)]",
    "index_select": "a.index_select(dim, engine.tensor(positions, device=device))",
    "gather": "a.gather(dim, engine.tensor(positions, device=device))",
    "concat": "engine.cat(tensors, dim)",
    "stack": "engine.stack(tensors, dim)",
    "clone": "a.clone()",
    "cast": "a.to(dtype)",
    "add_": "a.add_(b)",
    "sub_": "a.sub_(b)",
    "mul_": "a.mul_(b)",
    "copy_": "a.copy_(b)",
    "mul_scalar_": "a.mul_(number)",
    "add_scalar_": "a.add_(number)",
    "neg_": "a.neg_()",
    "zero_": "a.zero_()",
    "exp_": "a.exp_()",
    "put_": "a[index] = b",
    "put_at_": "a[list(positions)] = b",
}

ACTIONS: Mapping[str, str] = {
    "tensor": "engine.tensor(value, dtype=dtype, device=device, requires_grad=requires_grad)",
    "value": "x.detach().cpu().numpy()",
    "dtype_of": "x.dtype",
    "requires_grad": "x.requires_grad",
    "is_leaf": "x.is_leaf",
    "has_history": "x.grad_fn is not None",
    "version": "x._version",
    "set_requires_grad": "x.requires_grad_(flag)",
    "assign_requires_grad": "x.requires_grad = flag",
    "filled": "engine.full(shape, number, dtype=dtype, device=device, requires_grad=requires_grad)",
    "filled_like": "engine.full_like(x, number)",
    "grad": "x.grad",
    "slot_value": "x.grad.detach().cpu().numpy()",
    "set_grad": "x.grad = value",
    "clear_grad": "x.grad = None",
    "zero_grad": "x.grad.zero_()",
    "backward": "root.backward(cotangent, retain_graph=retain_graph, "
    "create_graph=create_graph, inputs=inputs)",
    "backward_all": "engine.autograd.backward(roots, cotangents, retain_graph=retain_graph, "
    "create_graph=create_graph, inputs=inputs)",
    "gradients": "engine.autograd.grad(outputs, inputs, cotangents, retain_graph=retain_graph, "
    "create_graph=create_graph, allow_unused=allow_unused, materialize_grads=materialize_grads)",
    "detach": "x.detach()",
    "detach_in_place": "x.detach_()",
    "same_object": "x is y",
    "no_grad": "engine.no_grad()",
    "enable_grad": "engine.enable_grad()",
    "grad_enabled": "engine.is_grad_enabled()",
    "retain_grad": "x.retain_grad()",
    "retains_grad": "x.retains_grad",
    "hook": "x.register_hook(function)",
    "remove_hook": "handle.remove()",
    "greater": "x > number",
    "to_number": "x.item()",
    "custom": "name.apply(*inputs)",
    "jvp": "forward_mode(function, primals, tangents)",
    "jacobian": "engine.autograd.functional.jacobian(function, primals)",
    "jacobian_blocks": "engine.autograd.functional.jacobian(function, primals)",
    "functional_vjp": "engine.autograd.functional.vjp(function, primals, cotangent)",
    "functional_jvp": "engine.autograd.functional.jvp(function, primals, tangents)",
    "hessian": "engine.autograd.functional.hessian(function, primals)",
    "hessian_blocks": "engine.autograd.functional.hessian(function, primals)",
}


class TorchLike(Adapter):
    """Base of adapters for torch-like engines; phrases call the engine's module ``engine``.

    Attributes:
        module: an expression for the module that holds the engine's functions.
    """

    module: ClassVar[str]

    ops: ClassVar[Mapping[str, str]] = OPS
    actions: ClassVar[Mapping[str, str]] = ACTIONS
    definitions: ClassVar[Mapping[str, str]] = DEFINITIONS
    dtypes: ClassVar[Mapping[str, str]] = {
        name: f"engine.{name}" for name in ("float64", "float32", "float16")
    }
    discrete_dtypes: ClassVar[Mapping[str, str]] = {
        name: f"engine.{name}" for name in ("int64", "int32", "bool")
    }
    refusal: ClassVar[str] = "RuntimeError"

    def prepare(self) -> None:
        """Give phrases the engine's module under the name they use."""
        self.namespace["engine"] = eval(self.module, self.namespace)
