"""The recorded graph: nodes that point from a result to what it was computed from.

A node keeps exactly the values its rule declares, each with the version it had, so that releasing
them and noticing a later modification are both explicit.
https://docs.pytorch.org/docs/stable/notes/autograd.html#how-autograd-encodes-history
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from . import dtypes, tensors
from .errors import GraphFreedError, ModifiedSavedTensorError

if TYPE_CHECKING:
    from .rules import Rule
    from .tensors import Tensor, Version

Edge: TypeAlias = "tuple[Node, int]"
Hook: TypeAlias = "Callable[[Tensor], Tensor | None]"

_sequence = itertools.count()


class Node:
    """One recorded operation, or one leaf's entrance.

    ``edges`` lead, operand by operand, to the nodes that produced the operands (None for an
    untracked one). ``order`` grows with time, so an operand's node has a smaller one.
    """

    __slots__ = ("__weakref__", "edges", "hooks", "order", "outputs", "retainers", "saved")

    def __init__(
        self, edges: tuple[Edge | None, ...], outputs: tuple[tuple[tuple[int, ...], Any, Any], ...]
    ) -> None:
        self.edges = edges
        self.outputs = outputs
        self.saved: tuple[Any, ...] | None = ()
        self.hooks: dict[int, dict[int, Hook]] | None = None
        self.retainers: dict[int, weakref.ref[Tensor]] | None = None
        self.order = next(_sequence)

    def name(self) -> str:
        """The operation's name as torch spells it, e.g. ``MulBackward0``."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The edges, an untracked operand shown as ``(None, 0)``."""
        return tuple(edge if edge is not None else (None, 0) for edge in self.edges)

    def propagate(
        self, cotangents: list[Tensor | None], wanted: Callable[[Edge], bool]
    ) -> list[tuple[Edge, Tensor]]:
        """The contributions to the operands that are wanted, given the outputs' cotangents."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{self.name()}>"


class Operation(Node):
    """A node made by an entry of the rule table."""

    __slots__ = ("params", "rule")

    def __init__(
        self,
        rule: Rule,
        edges: tuple[Edge | None, ...],
        params: tuple[Any, ...],
        out: Any,
    ) -> None:
        self.edges = edges
        self.outputs = ((out.shape, out.dtype, type(out)),)
        self.saved = ()
        self.hooks = None
        self.retainers = None
        self.order = next(_sequence)
        self.rule = rule
        self.params = params

    def name(self) -> str:
        return self.rule.name

    def propagate(
        self, cotangents: list[Tensor | None], wanted: Callable[[Edge], bool]
    ) -> list[tuple[Edge, Tensor]]:
        (cotangent,) = cotangents
        assert cotangent is not None
        point = self.rule.point(unpack(self), self.params)
        cotangent_of = self.rule.cotangent
        return [
            (edge, cotangent_of(operand, point, cotangent))
            for operand, edge in enumerate(self.edges)
            if edge is not None and wanted(edge)
        ]


class AccumulateGrad(Node):
    """The entrance of a leaf: what arrives here is added to the leaf's ``grad``."""

    __slots__ = ("variable",)

    def __init__(self, variable: Tensor) -> None:
        data = variable.array
        super().__init__((), ((data.shape, data.dtype, type(data)),))
        self.variable = variable

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"


class SavedInput:
    """An operand kept for backward: the tensor itself and the version it had."""

    __slots__ = ("expected", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.expected = tensor.version.count

    def unpack(self, node: Node) -> Tensor:
        """The tensor, if it still has the kept version."""
        check_version(node, self.tensor.version, self.expected)
        return self.tensor


class SavedOutput:
    """A result kept by its own node: its memory, not the tensor, which would be a cycle."""

    __slots__ = ("array", "expected", "index", "tangent", "version")

    def __init__(self, tensor: Tensor, index: int = 0) -> None:
        self.array = tensor.array
        self.version: Version = tensor.version
        self.expected = tensor.version.count
        self.index = index
        self.tangent = tensor.tangent

    def unpack(self, node: Node) -> Tensor:
        """A tensor with the kept values and this node as its history."""
        check_version(node, self.version, self.expected)
        result = tensors.Tensor(self.array)
        result.version = self.version
        result.node, result.index, result.tangent = node, self.index, self.tangent
        return result


def check_version(node: Node, version: Version, expected: int) -> None:
    """Refuse a saved value that was modified after it was saved.

    Raises:
        ModifiedSavedTensorError: the version moved on.
    """
    if version.count != expected:
        raise ModifiedSavedTensorError(
            f"a tensor that {node.name()} needs for its gradient has been modified by an in-place "
            f"operation: it is at version {version.count}; expected version {expected} instead. "
            "Use the out-of-place operation, or modify a clone()"
        )


def unpack(node: Node) -> tuple[Tensor | None, ...]:
    """The values ``node`` saved.

    Raises:
        GraphFreedError: an earlier pass released them.
        ModifiedSavedTensorError: one of them was modified in place since.
    """
    if node.saved is None:
        raise GraphFreedError(
            f"trying to go backward through {node.name()} a second time, after its saved values "
            "were freed; pass retain_graph=True to the first backward() or grad()"
        )
    return tuple([None if kept is None else kept.unpack(node) for kept in node.saved])


def release(node: Node) -> None:
    """Drop the saved values of ``node``; a node that saved nothing stays usable."""
    if node.saved:
        node.saved = None


def accumulator(leaf: Tensor) -> AccumulateGrad:
    """The one entrance of ``leaf``, made on first use and kept alive by the graph."""
    node = leaf.entrance() if leaf.entrance is not None else None
    if node is None:
        node = AccumulateGrad(leaf)
        leaf.entrance = weakref.ref(node)
    return node


def edge_to(tensor: Tensor) -> Edge | None:
    """Where a gradient of ``tensor`` goes: its producer, its own entrance, or nowhere."""
    node = tensor.node if tensor.view_of is None else tensor.current_node()
    if node is not None:
        return (node, tensor.index)
    return (accumulator(tensor), 0) if tensor.flag else None


def edges_to(operands: tuple[Tensor, ...]) -> tuple[Edge | None, ...] | None:
    """The edges of an operation's operands, or None where no operand is tracked."""
    edges = tuple([edge_to(tensor) for tensor in operands])
    return edges if any(edges) else None


def fits(dtype: Any) -> bool:
    """Whether results of this element type can be tracked."""
    return bool(dtype.kind == "f") and dtype in dtypes.OF_NUMPY
