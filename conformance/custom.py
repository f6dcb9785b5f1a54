"""What the custom functions of the adapters' definitions compute, and how they differentiate.

Their formulas are on purpose not always the true derivative, so that only an engine that follows
the user's backward gets them right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.entries import Entry, Kept, result
from conformance.ledger import Ledger
from conformance.nodes import Node, Overlay, apply_op

Edge = Node | None


def _power(x: Node, edge: Edge) -> Node:
    return apply_op("pow_scalar", (x,), (3,), (edge,))


def _scaled(x: Node, edge: Edge, value: float, slope: float) -> Node:
    through = apply_op("mul_scalar", (x,), (slope,), (edge,))
    return Overlay(x.value * value, inputs=(through,), edges=(through,), exact=x.exact)


def _product(x: Node, y: Node, to_x: Edge, to_y: Edge) -> Node:
    return apply_op("mul", (x, y), (), (to_x, to_y))


def _flagged(x: Sequence[Node], edges: Sequence[Edge]) -> Node:
    """A sum whose gradients tell which of the inputs are tracked."""
    code = sum(2**i for i, edge in enumerate(edges) if edge is not None)
    parts = [apply_op("mul_scalar", (n,), (code,), (e,)) for n, e in zip(x, edges, strict=True)]
    edged = tuple(p if e is not None else None for p, e in zip(parts, edges, strict=True))
    total = apply_op("add", parts, (), edged)
    value = x[0].value + x[1].value
    return Overlay(value, inputs=(total,), edges=(total,), exact=total.exact)


Model = Callable[[Sequence[Node], Sequence[Edge], Sequence[float]], list[Node]]

_MODELS: dict[str, Model] = {
    "Cube": lambda x, e, c: [_power(x[0], e[0])],
    "Sevenfold": lambda x, e, c: [_scaled(x[0], e[0], 2, 7)],
    "Product": lambda x, e, c: [_product(x[0], x[1], e[0], e[1])],
    "FirstOnly": lambda x, e, c: [_product(x[0], x[1], e[0], None)],
    "TooFew": lambda x, e, c: [apply_op("add", x, (), e)],
    "Scaled": lambda x, e, c: [_scaled(x[0], e[0], c[0], c[0])],
    "SplitSigns": lambda x, e, c: [_scaled(x[0], e[0], 2, 2), _scaled(x[0], e[0], 3, 3)],
    "WithMask": lambda x, e, c: [_scaled(x[0], e[0], 2, 2), Node(x[0].value)],
    "Unrecorded": lambda x, e, c: [_scaled(x[0], e[0], 2, 2)],
    "Rerecorded": lambda x, e, c: [_scaled(x[0], e[0], 2, 7)],
    "Exponential": lambda x, e, c: [apply_op("exp", x, (), e)],
    "TooMany": lambda x, e, c: [_scaled(x[0], e[0], 2, 2)],
    "TrailingNone": lambda x, e, c: [_scaled(x[0], e[0], 2, 2)],
    "FactorGradient": lambda x, e, c: [_scaled(x[0], e[0], c[0], c[0])],
    "NumberGradient": lambda x, e, c: [_scaled(x[0], e[0], 2, 2)],
    "Failing": lambda x, e, c: [_scaled(x[0], e[0], 2, 2)],
    "Flagged": lambda x, e, c: [_flagged(x, e)],
}

FUNCTIONS = tuple(_MODELS)

_SAVES = {"Cube": (0,), "Product": (0, 1), "FirstOnly": (1,)}
_KEEPS_RESULT = ("Exponential",)
_BROKEN = ("TooFew", "TooMany", "FactorGradient", "NumberGradient", "Failing")
_UNTRACKED_OUTPUTS = {"WithMask": (1,)}


def custom_nodes(
    ledger: Ledger, name: str, inputs: Sequence[Entry], constants: Sequence[float]
) -> list[Entry]:
    """The entries of a custom function's outputs, fresh tensors all of them."""
    tracked = ledger.recording and any(entry.tracked for entry in inputs)
    nodes = [entry.node for entry in inputs]
    edges = [n if tracked and e.tracked else None for n, e in zip(nodes, inputs, strict=True)]
    entries = []
    for at, node in enumerate(_MODELS[name](nodes, edges, constants)):
        recorded = tracked and at not in _UNTRACKED_OUTPUTS.get(name, ())
        entry = result(node, recorded, inputs[0].dtype)
        entries.append(entry)
        if recorded and name in _BROKEN:
            ledger.broken.add(node.id)
        if recorded and name in _KEEPS_RESULT:
            ledger.kept[node.id] = [Kept(entry.history.storage, 0, surely=True)]
            ledger.surely_keeps.add(node.id)
        if recorded and name in _SAVES:
            storages = [inputs[i].history.storage for i in _SAVES[name]]
            ledger.kept[node.id] = [Kept(s, s.version, surely=True) for s in storages]
            ledger.surely_keeps.add(node.id)
    return entries
