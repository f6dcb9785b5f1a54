"""Everything that an engine may have a phrase for, and the slots that each phrase fills."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.ops import OPS

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "tensor": ("value", "dtype", "device", "requires_grad"),
    "plain_tensor": ("value", "dtype", "device"),
    "filled": ("shape", "number", "dtype", "device", "requires_grad"),
    "filled_like": ("x", "number"),
    "negated": ("x", "count"),
    "value": ("x",),
    "dtype_of": ("x",),
    "requires_grad": ("x",),
    "is_leaf": ("x",),
    "has_history": ("x",),
    "version": ("x",),
    "set_requires_grad": ("x", "flag"),
    "assign_requires_grad": ("x", "flag"),
    "grad": ("x",),
    "slot_value": ("x",),
    "set_grad": ("x", "value"),
    "clear_grad": ("x",),
    "zero_grad": ("x",),
    "backward": ("root", "cotangent", "retain_graph", "create_graph", "inputs"),
    "backward_keeping_graph": ("root", "cotangent"),
    "backward_all": ("roots", "cotangents", "retain_graph", "create_graph", "inputs"),
    "gradients": (
        "outputs",
        "inputs",
        "cotangents",
        "retain_graph",
        "create_graph",
        "allow_unused",
        "materialize_grads",
    ),
    "detach": ("x",),
    "detach_in_place": ("x",),
    "same_object": ("x", "y"),
    "no_grad": (),
    "enable_grad": (),
    "grad_enabled": (),
    "retain_grad": ("x",),
    "retains_grad": ("x",),
    "hook": ("x", "function"),
    "remove_hook": ("handle",),
    "greater": ("x", "number"),
    "to_number": ("x",),
    "custom": ("name", "inputs"),
    "vjp": ("function", "primals", "cotangent"),
    "jvp": ("function", "primals", "tangents"),
    "jacobian": ("function", "primals"),
    "jacobian_blocks": ("function", "primals"),
    "functional_vjp": ("function", "primals", "cotangent"),
    "functional_jvp": ("function", "primals", "tangents"),
    "hessian": ("function", "primals"),
    "hessian_blocks": ("function", "primals"),
    "stop_gradient": ("x",),
}

IN_PLACE: Mapping[str, tuple[str, ...]] = {
    "add_": ("a", "b"),
    "sub_": ("a", "b"),
    "mul_": ("a", "b"),
    "copy_": ("a", "b"),
    "mul_scalar_": ("a", "number"),
    "add_scalar_": ("a", "number"),
    "neg_": ("a",),
    "zero_": ("a",),
    "exp_": ("a",),
    "put_": ("a", "b", "index"),
    "put_at_": ("a", "b", "positions"),
}

OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "tensor": ("dtype", "device", "requires_grad"),
    "plain_tensor": ("dtype", "device"),
    "filled": ("dtype", "device", "requires_grad"),
    "backward": ("cotangent", "retain_graph", "create_graph", "inputs"),
    "backward_keeping_graph": ("cotangent",),
    "backward_all": ("cotangents", "retain_graph", "create_graph", "inputs"),
    "gradients": (
        "cotangents",
        "retain_graph",
        "create_graph",
        "allow_unused",
        "materialize_grads",
    ),
}
"""Slots that a phrase may leave out: it then says less, and is still right."""

OPERANDS = "abc"
VARIADIC = ("concat", "stack")


_OF_THE_LEDGER = frozenset("put put_at replace overwrite".split())


def sayable() -> tuple[str, ...]:
    """Everything that an engine may have a phrase for; writes are said in place."""
    operations = (name for name in OPS if name not in _OF_THE_LEDGER)
    return (*ACTIONS, *operations, *IN_PLACE)


def slots(name: str) -> tuple[str, ...]:
    """The slots that the phrase of an operation or action may use, in the order they are filled."""
    if name in ACTIONS:
        return ACTIONS[name]
    if name in IN_PLACE:
        return IN_PLACE[name]
    if name in VARIADIC:
        return ("tensors", *OPS[name].params)
    return (*OPERANDS[: arity(name)], *OPS[name].params)


_BINARY = frozenset("add sub mul div pow maximum minimum where dot mv mm matmul put put_at".split())


def arity(name: str) -> int:
    """The number of tensor operands of an operation that has a fixed number of them."""
    return 2 if name in _BINARY else 1


def is_known(name: str) -> bool:
    """Whether the suite ever says this."""
    return name in ACTIONS or name in IN_PLACE or name in OPS
