"""The plain state that autograd promises: who is tracked, what is kept, freed, written and stored.

The ledger predicts every field a session can observe. Views and in-place writes are followed by
giving each memory a version and each history a current node; a view rebuilds its own node when
its history has moved on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from conformance import oracle
from conformance.conditioning import Received
from conformance.jets import Jet
from conformance.kernels import Array
from conformance.ops import OPS, Bilinear
from conformance.oracle import Hidden, Node, Overlay

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
        base = self.history.current()
        if self.seen != self.history.writes:
            node = base
            for name, params in self.path:
                node = oracle.apply(name, (node,), params, (node,))
            self.node_, self.seen = node, self.history.writes
            if self.history.tracked and not self.tracked:
                self.tracked, self.leaf = True, False
        return self.node_

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


@dataclass(frozen=True, slots=True)
class Kept:
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


class Outcome(Enum):
    """What a backward pass is bound to do."""

    SUCCEEDS = "succeeds"
    FREED = "raises because the graph was freed"
    MODIFIED = "raises because a kept value was modified"
    BROKEN = "raises because a custom function's backward does"
    EITHER = "raises or gives the right gradient"


class Ledger:
    """All entries' shared state: what nodes keep, which are freed, and the grad mode."""

    def __init__(self) -> None:
        self.recording = True
        self.kept: dict[int, list[Kept]] = {}
        self.surely_keeps: set[int] = set()
        self.freed: set[int] = set()
        self.broken: set[int] = set()
        self.hooks: dict[int, list[HookRecord]] = {}
        self.jets: dict[tuple[int, ...], dict[int, Jet | None]] = {}

    def new(self, value: Array, requires_grad: bool, dtype: str, node: Node | None = None) -> Entry:
        """A fresh tensor without history, or with the given node as its history."""
        node = node or Node(value)
        return Entry(History(Storage(value), node, requires_grad), (), node, requires_grad, dtype)

    def apply(
        self, op_name: str, operands: Sequence[Entry], params: tuple[Any, ...], dtype: str
    ) -> Entry:
        """The result of an operation: a view's entry shares its operand's history."""
        nodes = tuple(operand.node for operand in operands)
        tracked = self.recording and any(operand.tracked for operand in operands)
        edges = tuple(
            node if tracked and operand.tracked else None
            for node, operand in zip(nodes, operands, strict=True)
        )
        node = oracle.apply(op_name, nodes, params, edges)
        op = OPS[op_name]
        if op.view:
            source = operands[0]
            entry = Entry(source.history, (*source.path, (op_name, params)), node, tracked, dtype)
        else:
            entry = Entry(History(Storage(node.value), node, tracked), (), node, tracked, dtype)
        entry.leaf = not tracked
        if tracked:
            self._keep(op_name, node, operands, entry.history.storage)
        return entry

    def write_op(self, op_name: str, entries: Sequence[Entry], params: tuple[Any, ...]) -> None:
        """An in-place operation on the first entry."""
        target = entries[0]
        name, given = _OUT_OF_PLACE[op_name], params
        if op_name == "zero_":
            given = (0.0,)
        inputs = tuple(entry.node for entry in entries)
        tracked = self.recording and any(entry.tracked for entry in entries)
        edges = [n if tracked and e.tracked else None for n, e in zip(inputs, entries, strict=True)]
        node = oracle.apply(name, inputs, given, edges)
        before = [entry.history.storage.version for entry in entries]
        self.write(target, node, tracked)
        if not tracked:
            return
        storage = target.history.storage
        kept = [Kept(storage, storage.version, surely=False)]
        for entry, version in zip(entries[1:], before[1:], strict=True):
            kept.append(Kept(entry.history.storage, version, surely=False))
        if OPS[name].keeps or OPS[name].may_keep:
            self.kept[node.id] = kept
        if name == "mul" and all(entry.tracked for entry in entries):
            self.surely_keeps.add(node.id)

    def _keep(self, op_name: str, node: Node, operands: Sequence[Entry], out: Storage) -> None:
        op = OPS[op_name]
        if not op.keeps and not op.may_keep:
            return
        tracked = [operand.tracked for operand in operands]
        both = isinstance(op.form, Bilinear)
        if op.keeps and (all(tracked) or not both) and op_name != "pow_scalar":
            self.surely_keeps.add(node.id)
        if op_name == "pow_scalar" and node.params[0] >= 2:
            self.surely_keeps.add(node.id)
        kept = []
        for i, operand in enumerate(operands):
            surely = both and "ab"[i] in op.keeps and any(tracked[:i] + tracked[i + 1 :])
            storage = operand.history.storage
            kept.append(Kept(storage, storage.version, surely))
        kept.append(Kept(out, out.version, False))
        self.kept[node.id] = kept

    def write(self, target: Entry, node: Node, tracked: bool) -> None:
        """Put ``node``'s value into ``target``'s memory, and into its history when tracked."""
        history = target.history
        base = history.current()
        if target.path:
            edges = (base if history.tracked else None, node if tracked else None)
            new = oracle.apply("replace", (base, node), (target.path,), edges)
            self.kept[new.id] = []
        else:
            new = node
        if not tracked and history.tracked:
            new = Hidden(new.value, inputs=(base,), edges=(base,), exact=new.exact)
        history.storage.value = new.value
        history.storage.version += 1
        history.node, history.seen = new, history.storage.version
        history.writes += 1
        if tracked:
            history.tracked = True
            target.tracked, target.leaf = True, False

    def track(self, entry: Entry, flag: bool) -> None:
        """Switch a leaf's tracking; a leaf that is a view of untracked memory stands on its own."""
        if entry.path and not entry.history.tracked:
            node = entry.node
            entry.history, entry.path = History(Storage(node.value), node, flag), ()
            entry.seen = 0
        entry.tracked = entry.history.tracked = flag

    def detach(self, source: Entry) -> Entry:
        """An untracked tensor on the same memory."""
        node = source.node
        base = source.history.current()
        cut = Overlay(base.value, inputs=(base,), exact=base.exact)
        history = History(source.history.storage, cut, tracked=False)
        shown = Overlay(node.value, inputs=(node,), exact=node.exact)
        return Entry(history, source.path, shown, False, source.dtype)

    def detach_in_place(self, entry: Entry) -> None:
        """Make a tensor an untracked leaf; nodes that keep it may refuse to run from now on."""
        storage = entry.history.storage
        for key, values in self.kept.items():
            if any(kept.storage is storage for kept in values):
                self.freed.add(key)
                self.surely_keeps.discard(key)
        cut = self.detach(entry)
        entry.history, entry.node_, entry.origin = cut.history, cut.node_, cut.origin
        entry.seen = cut.seen
        entry.tracked, entry.leaf, entry.retains = False, True, False

    def visited(self, roots: Iterable[Entry], targets: Sequence[Node] | None) -> list[Node]:
        """The nodes a backward pass runs: all with history, or those on the way to ``targets``."""
        reach = oracle.ancestors([root.node for root in roots])
        if targets is None:
            return [node for node in reach if any(edge is not None for edge in node.edges)]
        wanted = {target.id for target in targets}
        leads: set[int] = set()
        for node in reach:
            if any(e is not None and (e.id in leads or e.id in wanted) for e in node.edges):
                leads.add(node.id)
        return [node for node in reach if node.id in leads]

    def outcome(self, visited: Sequence[Node], certain: Collection[int]) -> Outcome:
        """What running these nodes is bound to do; those not ``certain`` may be left out."""
        result = Outcome.SUCCEEDS
        for node in visited:
            sure = node.id in certain
            if sure and node.id in self.broken:
                return Outcome.BROKEN
            if node.id in self.freed:
                if sure and node.id in self.surely_keeps:
                    return Outcome.FREED
                if node.id in self.kept or isinstance(node, oracle.Gradient):
                    result = Outcome.EITHER
            for kept in self.kept.get(node.id, ()):
                if kept.storage.version != kept.version:
                    if sure and kept.surely:
                        return Outcome.MODIFIED
                    result = Outcome.EITHER
        return result

    def free(self, visited: Sequence[Node], certain: Collection[int]) -> None:
        """Let go of what nodes keep; those not ``certain`` may still have it."""
        self.freed.update(node.id for node in visited)
        self.surely_keeps.difference_update(node.id for node in visited if node.id not in certain)

    def accumulate(
        self, entry: Entry, gradient: Node, tracked: bool, *, optional: bool = False
    ) -> None:
        """Add a gradient to a slot; it is tracked when the pass built a graph."""
        slot = entry.grad
        if slot is UNKNOWN:
            return
        if slot is None:
            entry.grad = self._gradient_entry(gradient, tracked, entry.dtype)
            entry.grad.optional = optional
            return
        assert isinstance(slot, Entry)
        slot.optional = slot.optional and optional
        if tracked or slot.tracked:
            total = oracle.apply("add", (slot.node, gradient), (), (slot.node, gradient))
            entry.grad = self._gradient_entry(total, True, entry.dtype)
            return
        self.write(slot, _added(slot.node, gradient), tracked=False)

    def _gradient_entry(self, gradient: Node, tracked: bool, dtype: str) -> Entry:
        history = History(Storage(gradient.value), gradient, tracked)
        entry = Entry(history, (), gradient, tracked, dtype)
        entry.leaf = not tracked
        entry.flags_known = not tracked
        return entry


def _added(held: Node, gradient: Node) -> Node:
    parts = [*getattr(held, "parts", ()), *getattr(gradient, "parts", ())]
    return Received(held.value + gradient.value, parts, held.exact and gradient.exact)


_OUT_OF_PLACE = {
    "add_": "add",
    "sub_": "sub",
    "mul_": "mul",
    "copy_": "overwrite",
    "mul_scalar_": "mul_scalar",
    "add_scalar_": "add_scalar",
    "neg_": "neg",
    "zero_": "mul_scalar",
    "exp_": "exp",
    "put_": "put",
    "put_at_": "put_at",
}
