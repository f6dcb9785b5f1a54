"""Reverse mode: one pass from roots with seeds down to leaves or requested inputs.

Cotangents live in a map of the pass, so a pass writes only to leaves and to tensors that retain
their gradient. The order is that of recording, backwards: no recursion, each node once.
https://docs.pytorch.org/docs/stable/notes/autograd.html#how-autograd-encodes-history
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from . import accumulation, graph, hooks, modes

if TYPE_CHECKING:
    from .graph import Edge, Node
    from .tensors import Tensor

Cotangents: TypeAlias = "dict[Node, list[Tensor | None]]"


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass was asked for.

    ``targets`` are the requested inputs' edges, None for every leaf; with ``capture`` leaves are
    not written, the gradients of the targets are only returned.
    """

    roots: list[Edge]
    seeds: list[Tensor]
    retain_graph: bool
    create_graph: bool
    targets: frozenset[Edge] | None = None
    capture: bool = False


def root_edges(roots: list[Tensor]) -> list[Edge]:
    """Where the seeds enter."""
    edges = [graph.edge_to(root) for root in roots]
    return [edge for edge in edges if edge is not None]


def run(request: Pass) -> dict[Edge, Tensor]:
    """Carry the seeds through the graph; the gradients of the targets."""
    before = modes.switch(request.create_graph)
    try:
        return walk(request)
    finally:
        modes.switch(before)


def walk(request: Pass) -> dict[Edge, Tensor]:
    """Visit every needed node once, consumers first."""
    order = topological_order([node for node, _ in request.roots])
    is_wanted = wanted_edges(order, request.targets)
    cotangents: Cotangents = {}
    captured: dict[Edge, Tensor] = {}
    for edge, seed in zip(request.roots, request.seeds, strict=True):
        if is_wanted(edge):
            add(cotangents, edge, seed)
    for node in order:
        gradients = cotangents.pop(node, None)
        if gradients is not None:
            visit(node, gradients, request, is_wanted, cotangents, captured)
    return captured


def topological_order(roots: list[Node]) -> list[Node]:
    """The nodes reachable from ``roots``, every consumer before what it consumed."""
    seen = set(roots)
    stack = list(seen)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge[0] not in seen:
                seen.add(edge[0])
                stack.append(edge[0])
    return sorted(seen, key=lambda node: node.order, reverse=True)


def wanted_edges(order: list[Node], targets: frozenset[Edge] | None) -> Callable[[Edge], bool]:
    """Whether a gradient along an edge is needed: always, or if it leads to a target."""
    if targets is None:
        return lambda edge: True
    leading: set[Node] = {node for node, _ in targets}
    for node in reversed(order):
        if node not in leading and leads_to(node, leading):
            leading.add(node)
    return lambda edge: edge[0] in leading


def leads_to(node: Node, leading: set[Node]) -> bool:
    """Whether an operand of ``node`` is among ``leading``."""
    return any(edge is not None and edge[0] in leading for edge in node.edges)


def visit(
    node: Node,
    gradients: list[Tensor | None],
    request: Pass,
    is_wanted: Callable[[Edge], bool],
    cotangents: Cotangents,
    captured: dict[Edge, Tensor],
) -> None:
    """Hooks, then what is kept or returned, then the operands' contributions."""
    for index, gradient in enumerate(gradients):
        if gradient is None:
            continue
        registry = hooks.hooks_of(node, index)
        if registry:
            gradient = gradients[index] = hooks.run(registry, gradient)
        if node.retainers is not None and not request.capture:
            retainer = hooks.retainer(node, index)
            if retainer is not None:
                accumulation.keep(retainer, gradient)
        if request.targets is not None and (node, index) in request.targets:
            captured[node, index] = gradient
    if type(node) is graph.AccumulateGrad:
        (total,) = gradients
        if total is not None and not request.capture:
            accumulation.arrive(node.variable, total)
        return
    if request.targets is not None and not any(e is not None and is_wanted(e) for e in node.edges):
        return
    for edge, contribution in node.propagate(gradients, is_wanted):
        add(cotangents, edge, accumulation.conform(contribution, edge))
    if not request.retain_graph:
        graph.release(node)


def add(cotangents: Cotangents, edge: Edge, contribution: Tensor) -> None:
    """Sum a contribution into the map, never into a tensor someone else may hold."""
    node, index = edge
    slots = cotangents.get(node)
    if slots is None:
        slots = cotangents[node] = [None] * len(node.outputs)
    held = slots[index]
    slots[index] = contribution if held is None else accumulation.combine(held, contribution)
