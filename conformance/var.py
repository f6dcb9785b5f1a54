"""Tensors as behaviors see them: operators are recorded, run on the engine and predicted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapter import Unsupported
from conformance.entries import Entry
from conformance.kernels import Array

if TYPE_CHECKING:
    from conformance.hooking import Registration
    from conformance.session import Session


class Var:
    """An engine's tensor with what the ledger says of it; the API follows torch's.

    Attributes:
        handle: the engine's own object.
        entry: the ledger's account of it.
        watched: whether the frame condition follows it.
    """

    __slots__ = ("entry", "handle", "index", "session", "watched")

    def __init__(self, session: Session, handle: Any, entry: Entry) -> None:
        self.session = session
        self.handle = handle
        self.entry = entry
        self.index = len(session.vars)
        self.watched = True

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape."""
        return self.entry.value.shape

    @property
    def true_value(self) -> Array:
        """The values the tensor should have, in float64."""
        return self.entry.value

    def __add__(self, other: Var | float) -> Var:
        return self._binary("add", other)

    def __sub__(self, other: Var | float) -> Var:
        return self._binary("sub", other)

    def __mul__(self, other: Var | float) -> Var:
        return self._binary("mul", other)

    def __truediv__(self, other: Var | float) -> Var:
        return self._binary("div", other)

    def __matmul__(self, other: Var) -> Var:
        return self._binary("matmul", other)

    def __rsub__(self, other: float) -> Var:
        return self.session.apply("rsub_scalar", [self], (other,))

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Var:
        return self.session.apply("neg", [self])

    def __pow__(self, exponent: int) -> Var:
        return self.session.apply("pow_scalar", [self], (exponent,))

    def __getitem__(self, index: Any) -> Var:
        return self.session.apply("select", [self], (_tuple(index),))

    def __setitem__(self, index: Any, value: Var) -> None:
        self.session.write("put_", self, value, (_tuple(index),))

    def sum(self, dim: int | None = None, keepdim: bool = False) -> Var:
        """The sum over all axes or one."""
        return self._reduce("sum", dim, keepdim)

    def mean(self, dim: int | None = None, keepdim: bool = False) -> Var:
        """The mean over all axes or one."""
        return self._reduce("mean", dim, keepdim)

    def apply(self, op: str, *params: Any) -> Var:
        """Any one-operand operation of the table."""
        return self.session.apply(op, [self], params)

    def item(self) -> float:
        """The one element as a Python number."""
        return self.session.number(self)

    def detach(self) -> Var:
        """The same memory without history."""
        return self.session.detach(self)

    def detach_(self) -> Var:
        """Cut this very tensor off its history; gives what the engine gave."""
        return self.session.detach_in_place(self)

    def requires_grad_(self, flag: bool = True) -> Var:
        """Switch tracking on or off; returns this same tensor."""
        return self.session.set_requires_grad(self, flag)

    def backward(
        self,
        cotangent: Var | None = None,
        *,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: list[Var] | None = None,
    ) -> None:
        """A backward pass from this tensor."""
        implied = cotangent is None or isinstance(cotangent, Ones)
        cotangents = None if implied else [cotangent]
        self.session.backward(
            [self],
            cotangents,
            retain_graph=retain_graph,
            create_graph=create_graph,
            inputs=inputs,
        )

    @property
    def grad(self) -> Var | None:
        """The gradient slot's tensor, which the frame condition then follows; None if empty."""
        return self.session.read_grad(self)

    @grad.setter
    def grad(self, value: Var | None) -> None:
        self.session.assign_grad(self, value)

    def zero_grad(self) -> None:
        """Fill the stored gradient with zeros, in place."""
        self.session.zero_grad(self)

    def retain_grad(self) -> None:
        """Ask for the gradient of an intermediate to be stored."""
        self.session.retain_grad(self)

    def add_(self, other: Var) -> Var:
        """Add in place."""
        self.session.write("add_", self, other)
        return self

    def mul_(self, other: Var | float) -> Var:
        """Multiply in place."""
        if isinstance(other, Var):
            self.session.write("mul_", self, other)
        else:
            self.session.write("mul_scalar_", self, None, (other,))
        return self

    def zero_(self) -> Var:
        """Fill with zeros in place."""
        self.session.write("zero_", self, None)
        return self

    def copy_(self, other: Var) -> Var:
        """Take on the values of another tensor in place."""
        self.session.write("copy_", self, other)
        return self

    def register_hook(
        self,
        factor: float | None = None,
        offset: float = 0.0,
        during: Callable[[], None] | None = None,
        error: type[Exception] | None = None,
    ) -> Registration:
        """Hook the gradient: make it ``factor * g + offset``, only look, or raise an error once."""
        return self.session.hook(self, factor, offset, during, error)

    def _binary(self, op: str, other: Var | float) -> Var:
        if isinstance(other, Var):
            return self.session.apply(op, [self, other])
        if op == "sub":
            return self.session.apply("add_scalar", [self], (-other,))
        return self.session.apply(f"{op}_scalar", [self], (other,))

    def _reduce(self, op: str, dim: int | None, keepdim: bool) -> Var:
        if dim is None:
            return self.session.apply(op, [self])
        return self.session.apply(f"{op}_axis", [self], (dim, keepdim))


class Ones(Var):
    """The cotangent that a backward pass starts from by itself; the engine has no tensor for it."""

    __slots__ = ()

    def __init__(self, root: Var) -> None:
        self.session = root.session
        self.entry = root.session.ledger.new(np.ones(root.shape), False, root.entry.dtype)
        self.index = -1

    def __getattr__(self, name: str) -> Any:
        if name == "handle":
            raise Unsupported("untracked tensors")
        raise AttributeError(name)


def _tuple(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)
