"""What the ledger holds of each tensor: its memory, its history, and its autograd fields.

Views and in-place writes are followed by giving each memory a version and each history a current
node; a view rebuilds its own node when its history has moved on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from conformance.kernels import Array
from conformance.nodes import Hidden, Node, apply_op

Path = tuple[tuple[str, tuple[Any, ...]], ...]


class Storage:
    """Memory: the current values of its base, if they are known, and how often it was written."""

    __slots__ = ("known", "value", "version")

    def __init__(self, value: Array) -> None:
        self.value = value
        self.version = 0
        self.known = True


class History:
    """What a base and its views share: a storage and the node that holds the base's derivatives."""

    __slots__ = ("node", "seen", "storage", "tracked", "writes")

    def __init__(self, storage: Storage, node: Node, tracked: bool) -> None:
        self.storage = storage
        self.node = node
        self.tracked = tracked
        self.seen = storage.version
        self.writes = 0

    def current(self) -> Node:
        """The base's node, with the storage's values even if they changed by another way."""
        if self.seen != self.storage.version:
            old = self.node
            node = Hidden(self.storage.value, inputs=(old,), edges=(old,), exact=old.exact)
            self.node, self.seen = node, self.storage.version
            self.writes += 1
        return self.node


class Unknown(Enum):
    """A gradient slot that a failed backward pass may or may not have reached."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


class Entry:
    """One tensor: a history, the path of views from its base, and its autograd fields.

    An ``optional`` gradient is zero, and missing in engines that see no dependence.
    """

    __slots__ = (
        "dtype", "flags_known", "grad", "history", "leaf", "node_", "optional", "origin", "path",
        "retains", "seen", "tracked",
    )  # fmt: skip

    def __init__(self, history: History, path: Path, node: Node, tracked: bool, dtype: str) -> None:
        self.history = history
        self.path = path
        self.node_ = node
        self.origin = node
        self.seen = history.writes
        self.tracked = tracked
        self.leaf = True
        self.dtype = dtype
        self.grad: Entry | Unknown | None = None
        self.retains = False
        self.flags_known = True
        self.optional = False

    @property
    def node(self) -> Node:
        """The node that holds this tensor's present value and derivatives."""
        history = self.history
        if history.seen != history.storage.version or self.seen != history.writes:
            self._follow(history.current())
        return self.node_

    def _follow(self, base: Node) -> None:
        """Bring the entry up to date with its history."""
        if self.seen == self.history.writes:
            return
        for name, params in self.path:
            base = apply_op(name, (base,), params, (base,))
        self.node_, self.seen = base, self.history.writes
        if self.history.tracked and not self.tracked:
            self.tracked, self.leaf = True, False

    @property
    def source(self) -> Node:
        """The node that derivatives with respect to this tensor refer to."""
        node = self.node
        if self.leaf:
            return self.origin
        while isinstance(node, Hidden):
            node = node.inputs[0]
        return node

    @property
    def value(self) -> Array:
        """The present values, in float64, of the tensor's shape."""
        return self.node.value

    @property
    def requires_grad(self) -> bool:
        """Whether the tensor is tracked, also because its base was written with tracked values."""
        return self.node is not None and self.tracked

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor has no producer."""
        return self.node is not None and self.leaf


def result(node: Node, tracked: bool, dtype: str) -> Entry:
    """What an operation gives on memory of its own: a leaf unless it is tracked."""
    entry = Entry(History(Storage(node.value), node, tracked), (), node, tracked, dtype)
    entry.leaf = not tracked
    return entry


class Kept(NamedTuple):
    """A value kept for the backward pass: where, at which version, and whether surely."""

    storage: Storage
    version: int
    surely: bool


@dataclass(slots=True, eq=False)
class HookRecord:
    """A registered hook: what the engine gave it, and what it should have been given.

    The hook multiplies gradients by ``factor``, or leaves them alone if that is None, and adds
    ``offset``. ``certain`` is false once a pass failed that may or may not have reached it.
    """

    factor: float | None
    offset: float = 0.0
    calls: list[Array] = field(default_factory=list)
    expected: list[Node] = field(default_factory=list)
    certain: bool = True

    def transform(self, gradient: Array) -> Array:
        """What the hook makes of a gradient."""
        return (gradient if self.factor is None else gradient * self.factor) + self.offset
