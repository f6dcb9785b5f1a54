"""The plain state that autograd promises: who is tracked, what is kept, freed, written and stored.

The ledger predicts every field that a session can observe.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum
from typing import Any

from conformance.conditioning import Received
from conformance.entries import UNKNOWN, Entry, History, HookRecord, Kept, Storage, result
from conformance.forms import Bilinear
from conformance.jets import Jet
from conformance.kernels import Array
from conformance.nodes import Hidden, Node, Overlay, apply_op
from conformance.ops import OPS


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
        tracked, edges = self._recorded(operands)
        node = apply_op(op_name, [operand.node for operand in operands], params, edges)
        if OPS[op_name].view:
            source = operands[0]
            entry = Entry(source.history, (*source.path, (op_name, params)), node, tracked, dtype)
            entry.leaf = not tracked
        else:
            entry = result(node, tracked, dtype)
        if tracked:
            self._keep(op_name, node, operands, entry.history.storage)
        return entry

    def _recorded(self, operands: Sequence[Entry]) -> tuple[bool, list[Node | None]]:
        """Whether an operation is recorded now, and the operands that derivatives pass to."""
        if self.recording:
            edges = [x.node if x.requires_grad else None for x in operands]
            if any(edge is not None for edge in edges):
                return True, edges
        return False, []

    def write_op(self, op_name: str, entries: Sequence[Entry], params: tuple[Any, ...]) -> None:
        """An in-place operation on the first entry."""
        target = entries[0]
        name, given = _OUT_OF_PLACE[op_name], params
        if op_name == "zero_":
            given = (0.0,)
        tracked, edges = self._recorded(entries)
        node = apply_op(name, [entry.node for entry in entries], given, edges)
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
        if op_name == "pow_scalar":
            keeps = node.params[0] >= 2
        else:
            keeps = bool(op.keeps) and (all(tracked) or not both)
        if keeps:
            self.surely_keeps.add(node.id)
        kept = [Kept(out, out.version, False)]
        for i, operand in enumerate(operands):
            surely = both and "ab"[i] in op.keeps and any(tracked[:i] + tracked[i + 1 :])
            storage = operand.history.storage
            kept.append(Kept(storage, storage.version, surely))
        self.kept[node.id] = kept

    def write(self, target: Entry, node: Node, tracked: bool) -> None:
        """Put ``node``'s value into ``target``'s memory, and into its history when tracked."""
        history = target.history
        base = history.current()
        if target.path:
            edges = (base if history.tracked else None, node if tracked else None)
            new = apply_op("replace", (base, node), (target.path,), edges)
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

    def visited(self, reach: Sequence[Node], targets: Sequence[Node] | None) -> list[Node]:
        """The nodes among ``reach``, operands first, that a backward pass runs.

        Those are all that have history, or those on the way to ``targets``.
        """
        if targets is None:
            return [node for node in reach if any(edge is not None for edge in node.edges)]
        leads = {target.id for target in targets}
        visited = []
        for node in reach:
            if any(edge is not None and edge.id in leads for edge in node.edges):
                leads.add(node.id)
                visited.append(node)
        return visited

    def outcome(self, visited: Sequence[Node], certain: Collection[int]) -> Outcome:
        """What running these nodes is bound to do; those not ``certain`` may be left out."""
        outcome = Outcome.SUCCEEDS
        for node in visited:
            sure = node.id in certain
            if sure and node.id in self.broken:
                return Outcome.BROKEN
            if node.id in self.freed:
                if sure and node.id in self.surely_keeps:
                    return Outcome.FREED
                if node.id in self.kept or not node.through:
                    outcome = Outcome.EITHER
            for kept in self.kept.get(node.id, ()):
                if kept.storage.version != kept.version:
                    if sure and kept.surely:
                        return Outcome.MODIFIED
                    outcome = Outcome.EITHER
        return outcome

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
            total = apply_op("add", (slot.node, gradient), (), (slot.node, gradient))
            entry.grad = self._gradient_entry(total, True, entry.dtype)
            return
        self.write(slot, _added(slot.node, gradient), tracked=False)

    def _gradient_entry(self, gradient: Node, tracked: bool, dtype: str) -> Entry:
        entry = result(gradient, tracked, dtype)
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
