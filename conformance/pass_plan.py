"""What a backward pass is bound to do, told before it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from conformance import oracle
from conformance.conditioning import Part, Received
from conformance.entries import Entry, HookRecord
from conformance.kernels import Array
from conformance.ledger import Ledger, Outcome
from conformance.nodes import Node, ancestors
from conformance.oracle import Gradient
from conformance.pass_phrases import Request


@dataclass(frozen=True, slots=True)
class Pass:
    """A backward pass about to run: its roots, cotangents, and what the ledger says of it.

    ``reach`` are all nodes behind the roots and ``visited`` those that it runs, operands first;
    ``certain`` names the nodes that every engine reaches.
    """

    roots: tuple[Entry, ...]
    cotangents: tuple[Node, ...]
    targets: tuple[Entry, ...] | None
    reach: Sequence[Node]
    visited: Sequence[Node]
    certain: frozenset[int]
    outcome: Outcome
    keeps_graph: bool
    create_graph: bool

    @property
    def exact(self) -> bool:
        """Whether nothing is rounded on the way, in any dtype."""
        return all(r.source.exact for r in self.roots) and all(v.exact for v in self.cotangents)

    def optional(self, source: Node, gradient: Array) -> bool:
        """Whether an engine may as well see no dependence: a zero from behind a gradient."""
        return source.id not in self.certain and not gradient.any()

    def gradient(self, entry: Entry, value: Array) -> Node:
        """The node of a gradient with this value, differentiable if the pass is."""
        roots = tuple(root.source for root in self.roots)
        if self.create_graph:
            return Gradient(roots, self.cotangents, entry.source)
        vs = tuple(v.value for v in self.cotangents)
        return Received(value, (Part(roots, vs, entry.source),), self.exact)


def foresee(ledger: Ledger, asked: Request) -> Pass:
    """What the ledger says of a backward pass before it runs."""
    vs = tuple(
        Node(np.ones(root.shape)) if v is None else v.entry.node
        for root, v in zip(asked.roots, asked.cotangents or [None] * len(asked.roots), strict=True)
    )
    entries = tuple(root.entry for root in asked.roots)
    targets = None if asked.inputs is None else tuple(x.entry for x in asked.inputs)
    ends = [entry.node for entry in entries]
    reach = ancestors(ends)
    direct = reach if all(n.through for n in reach) else ancestors(ends, past_gradients=False)
    visited = ledger.visited(reach, None if targets is None else [x.source for x in targets])
    certain = frozenset([node.id for node in direct])
    outcome = ledger.outcome(visited, certain)
    return Pass(
        entries, vs, targets, reach, visited, certain, outcome, asked.keeps_graph,
        asked.create_graph,
    )  # fmt: skip


def flow(ledger: Ledger, plan: Pass, entries: Sequence[Entry]) -> dict[int, tuple[Array, Array]]:
    """The gradients before and after hooks, by source; every hook on the way is noted as called."""
    hooks = {key: records for key, records in ledger.hooks.items() if records}
    targets = [entry.source for entry in entries]
    if plan.targets is not None and hooks:
        on_the_way = {node.id for node in (*plan.visited, *targets)}
        hooks = {key: records for key, records in hooks.items() if key in on_the_way}
    if plan.create_graph and hooks:
        raise NotImplementedError("derivatives of what hooks make of a gradient are not predicted")
    totals = oracle.flow(
        [root.source for root in plan.roots],
        [v.value for v in plan.cotangents],
        targets,
        {key: _compose(records) for key, records in hooks.items()},
        reach=plan.reach,
        memory=ledger.jets,
    )
    for key, records in hooks.items():
        if key in totals:
            value = totals[key][0]
            for record in records:
                record.certain = record.certain and (key in plan.certain or bool(value.any()))
                record.expected.append(Node(value, exact=plan.exact))
                value = record.transform(value)
    return totals


def _compose(records: Sequence[HookRecord]) -> Callable[[Array], Array]:
    def apply_all(gradient: Array) -> Array:
        for record in records:
            gradient = record.transform(gradient)
        return gradient

    return apply_all
