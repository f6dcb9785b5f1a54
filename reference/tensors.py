"""The tensor: an array, its place in the graph, and its gradient slot.

Memory, version and view relation are kept apart: views and detached aliases share the memory and
the version, views alone share the history of their base.
https://docs.pytorch.org/docs/stable/tensor_view.html
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from . import arrays, dtypes, graph, hooks, views
from .dtypes import DType
from .errors import (
    GradientMismatchError,
    LeafStateError,
    NotDifferentiableError,
    UntrackedInputError,
)
from .methods import Methods


class Version:
    """How often a piece of memory was modified in place."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class View:
    """How a tensor is seen through its base: the base and the chain of view operations.

    ``chain`` is a linked list ``(rest, key, params)``, the last operation first. ``seen`` is the
    number of rewrites of the base's history that the tensor's own history reflects.
    """

    __slots__ = ("base", "chain", "seen")

    def __init__(self, base: Tensor, chain: tuple[Any, ...] | None, seen: int) -> None:
        self.base = base
        self.chain = chain
        self.seen = seen


class Tensor(Methods):
    """An n-dimensional array that can be differentiated."""

    __slots__ = (
        "__weakref__",
        "array",
        "entrance",
        "flag",
        "gradient",
        "hooks",
        "index",
        "node",
        "post_hooks",
        "retained",
        "rewrites",
        "sealed",
        "tangent",
        "version",
        "view_of",
    )

    def __init__(self, data: Any) -> None:
        self.array = data
        self.version = Version()
        self.flag = False
        self.node: graph.Node | None = None
        self.index = 0
        self.view_of: View | None = None
        self.rewrites = 0
        self.gradient: Tensor | None = None
        self.retained = False
        self.sealed = False
        self.entrance: weakref.ref[graph.AccumulateGrad] | None = None
        self.hooks: dict[int, graph.Hook] | None = None
        self.post_hooks: dict[int, Callable[[Tensor], None]] | None = None
        self.tangent: tuple[Any, Tensor] | None = None

    def current_node(self) -> graph.Node | None:
        """The producer, renewed first where the base's history was rewritten since."""
        if self.view_of is not None and self.view_of.seen != self.view_of.base.rewrites:
            views.regenerate(self)
        return self.node

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each dimension."""
        return self.array.shape

    @property
    def dtype(self) -> DType:
        """The element type."""
        return dtypes.OF_NUMPY[self.array.dtype]

    @property
    def device(self) -> arrays.Device:
        """Where the memory lives."""
        return arrays.device_of(self.array)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    @property
    def _version(self) -> int:
        return self.version.count

    @property
    def grad_fn(self) -> graph.Node | None:
        """The node that produced the tensor, or None for a leaf."""
        return self.current_node()

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation produced the tensor."""
        return self.current_node() is None

    @property
    def requires_grad(self) -> bool:
        """Whether operations on the tensor are recorded."""
        return self.flag or self.current_node() is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise NotDifferentiableError("requires_grad must be a bool: True or False")
        if self.current_node() is not None:
            raise LeafStateError(
                "you can only change requires_grad flags of leaf variables; "
                "use detach() to get a leaf with the same values"
            )
        check_trackable(self, value)
        self.flag = value

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Switch tracking of a leaf; asking it of an intermediate that is tracked is harmless."""
        if not isinstance(requires_grad, bool):
            raise TypeError("requires_grad must be a bool: True or False")
        if not (requires_grad and self.current_node() is not None):
            self.requires_grad = requires_grad
        return self

    @property
    def grad(self) -> Tensor | None:
        """The gradient accumulated so far."""
        return self.gradient

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        check_gradient(self, value)
        self.gradient = value

    @grad.deleter
    def grad(self) -> None:
        self.gradient = None

    def retain_grad(self) -> None:
        """Ask backward to fill ``grad`` of this intermediate too.

        Raises:
            UntrackedInputError: the tensor is not tracked.
        """
        node = self.current_node()
        if node is None:
            if not self.flag:
                raise UntrackedInputError(
                    "can't retain_grad on Tensor that has requires_grad=False; "
                    "call requires_grad_() first"
                )
            return
        self.retained = True
        hooks.retain(node, self.index, self)

    @property
    def retains_grad(self) -> bool:
        """Whether ``grad`` of this intermediate will be filled."""
        return self.retained and self.current_node() is not None

    def detach(self) -> Tensor:
        """The same memory without history: an untracked leaf."""
        result = Tensor(self.array)
        result.version = self.version
        return result

    def detach_(self) -> Tensor:
        """Drop this tensor's own history."""
        if self.view_of is not None:
            raise LeafStateError("can't detach views in-place; use detach() instead")
        self.node, self.index, self.flag, self.retained = None, 0, False, False
        self.rewrites += 1
        return self


def check_trackable(tensor: Tensor, wanted: bool) -> None:
    """Refuse to track integers and booleans."""
    if wanted and not graph.fits(tensor.array.dtype):
        raise NotDifferentiableError(
            f"only floating point tensors can require gradients, not {tensor.dtype}; "
            "convert it with to(float64) first"
        )


def check_gradient(tensor: Tensor, value: Any) -> None:
    """Refuse a gradient that does not fit the tensor it is assigned to."""
    if value is None:
        return
    if not isinstance(value, Tensor):
        raise TypeError(f"a gradient must be a tensor or None, not {type(value).__name__}")
    if value is tensor:
        raise GradientMismatchError("a tensor cannot be its own gradient; assign a clone()")
    for what in ("shape", "dtype", "device"):
        mine, given = getattr(tensor, what), getattr(value, what)
        if mine != given:
            raise GradientMismatchError(
                f"assigned grad has {what} {given}, but the tensor has {what} {mine}; "
                f"assign a gradient of the tensor's own {what}"
            )
