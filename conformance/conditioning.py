"""How far rounding can move a result: the scale of the noise-scaled bound.

Values are recomputed several times with every stored result multiplied by ``1 + DELTA * xi``, xi
random signs, and derivatives pushed through the perturbed values. The rounding of a backward
pass's own products and sums is covered by the sum of magnitudes over all paths, which no order of
summation exceeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from conformance.jets import MAGNITUDE, SIGNED, Algebra, Jet
from conformance.kernels import Array
from conformance.ops import Composite, unfold
from conformance.oracle import Gradient, Node, ancestors, seeds

RUNS = 6
DELTA = 2.0**-18


@dataclass(frozen=True, slots=True)
class Part:
    """One backward pass's contribution to a gradient: Σ vᵀJ of ``roots`` with respect to ``source``."""

    roots: tuple[Node, ...]
    cotangents: tuple[Array, ...]
    source: Node


class Received(Node):
    """What a gradient slot holds: the sum of the parts that backward passes left there."""

    __slots__ = ("parts",)

    def __init__(self, value: Array, parts: Sequence[Part], exact: bool) -> None:
        super().__init__(value, exact=exact)
        self.parts = tuple(parts)


def scale(node: Node) -> Array | None:
    """The scale of a value or gradient, of its own shape; None where it cannot be told.

    An engine's result in a dtype of unit roundoff u is right when it is within ``K * u * scale``.
    """
    if any(isinstance(n, Gradient) for n in _closure([node])):
        return None
    if isinstance(node, Received):
        total = np.abs(node.value)
        for part in node.parts:
            if any(isinstance(n, Gradient) for n in _closure(part.roots)):
                return None
            total = np.maximum(total, 0) + _gradient_scale(part)
        return np.asarray(total)
    noisy = _perturbed([node])[node.id]
    return np.asarray(np.maximum(np.abs(node.value), _spread(noisy, node.value)))


def _spread(noisy: Array, value: Array) -> Array:
    return np.asarray(np.max(np.abs(noisy - value), axis=0, initial=0.0) / DELTA)


def _closure(roots: Sequence[Node]) -> list[Node]:
    """All nodes that the values of ``roots`` were computed from, operands first."""
    seen: dict[int, Node] = {}
    pending = list(roots)
    while pending:
        node = pending.pop()
        if node.id not in seen:
            seen[node.id] = node
            pending.extend(node.inputs)
    return [seen[key] for key in sorted(seen)]


def _perturbed(roots: Sequence[Node]) -> dict[int, Array]:
    """The values, by node id, of all runs at once: shape ``(RUNS, *S)``."""
    signs = np.random.default_rng(0)

    def rounded(value: Array) -> Array:
        return np.asarray(value * (1 + signs.choice((-DELTA, DELTA), size=value.shape)))

    values: dict[int, Array] = {}
    for node in _closure(roots):
        if not node.inputs:
            values[node.id] = np.broadcast_to(node.value, (RUNS, *node.value.shape))
            continue
        value = _evaluate(node, [values[n.id] for n in node.inputs], rounded)
        values[node.id] = rounded(np.broadcast_to(value, (RUNS, *node.value.shape)))
    return values


def _evaluate(node: Node, xs: list[Array], rounded: Callable[[Array], Array]) -> Array:
    if node.op is None or not isinstance(node.op.form, Composite):
        return node.evaluate(xs)
    ranks = [n.rank for n in node.inputs]
    return unfold(node.op.form, xs, ranks, node.params, rounded)[-1][0]


def _gradient_scale(part: Part) -> Array:
    values = _perturbed(part.roots)
    noisy = _first_order(part, values, SIGNED)
    exact = {node.id: node.value[None] for node in _closure(part.roots)}
    true = _first_order(part, exact, SIGNED)[0]
    paths = _first_order(part, exact, MAGNITUDE)[0]
    return np.asarray(np.maximum(paths, _spread(noisy, true)))


def _first_order(part: Part, values: dict[int, Array], algebra: Algebra) -> Array:
    """The gradient for each run of ``values``; with magnitudes also those of the cotangents."""
    start = {key: [c[None] for c in jet] for key, jet in seeds([part.source], 1).items()}
    found: dict[int, Jet | None] = {}
    for node in ancestors(part.roots):
        passed = [None if edge is None else found[edge.id] for edge in node.edges]
        jet = start.get(node.id)
        if any(p is not None for p in passed):
            operands = [values[n.id] for n in node.inputs]
            pushed = node.differentiate(operands, values[node.id], passed, algebra)
            assert pushed is not None
            jet = pushed if jet is None else [jet[0] + pushed[0]]
        found[node.id] = jet
    size = part.source.value.size
    runs = max((v.shape[0] for v in values.values()), default=1)
    total = np.zeros((runs, size))
    for root, v in zip(part.roots, part.cotangents, strict=True):
        jet = found[root.id]
        if jet is not None:
            weights = algebra.coefficient(v).reshape(-1)
            total = total + jet[0].reshape(jet[0].shape[0], size, v.size) @ weights
    return total.reshape(runs, *part.source.value.shape)
