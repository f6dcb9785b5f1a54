"""How far rounding can move a result: the scale of the noise-scaled bound.

Values are recomputed several times with every stored result multiplied by ``1 + DELTA * xi``, xi
drawn between -1 and 1 so that no two perturbations cancel in every run, and derivatives pushed
through the perturbed values. The rounding of a backward pass's own products and sums is covered
by the sum of magnitudes over all paths, which no order of summation exceeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from conformance.forms import Composite
from conformance.jets import MAGNITUDE, SIGNED, Algebra, Jet
from conformance.kernels import Array
from conformance.nodes import Node, ancestors, behind
from conformance.ops import unfold
from conformance.oracle import Gradient, jets, seeds

RUNS = 16
DELTA = 2.0**-18


@dataclass(frozen=True, slots=True)
class Part:
    """One backward pass's share of a gradient: Σ vᵀJ of ``roots`` with respect to ``source``."""

    roots: tuple[Node, ...]
    cotangents: tuple[Array, ...]
    source: Node


class Received(Node):
    """What a gradient slot holds: the sum of the parts that backward passes left there."""

    __slots__ = ("parts",)

    def __init__(self, value: Array, parts: Sequence[Part], exact: bool) -> None:
        super().__init__(value, exact=exact)
        self.parts = tuple(parts)


class Pushed(Node):
    """J applied to tangents: what forward mode gives for a root."""

    __slots__ = ("root", "sources", "tangent")

    def __init__(self, value: Array, root: Node, sources: Sequence[Node], tangent: Array) -> None:
        super().__init__(value, exact=root.exact)
        self.root, self.sources, self.tangent = root, tuple(sources), tangent


def pushed(root: Node, sources: Sequence[Node], tangents: Sequence[Array]) -> Node:
    """The tangent of ``root`` for one tangent of each source."""
    flat = np.concatenate([np.reshape(t, -1) for t in tangents])
    jet = jets([root], sources)[root.id]
    if jet is None:
        return Node(np.zeros(root.value.shape))
    return Pushed(np.tensordot(flat, jet[0], axes=1), root, sources, flat)


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
    if isinstance(node, Pushed):
        return _tangent_scale(node)
    noisy = _perturbed([node])[node.id]
    return np.asarray(np.maximum(np.abs(node.value), _spread(noisy, node.value)))


def _spread(noisy: Array, value: Array) -> Array:
    return np.asarray(np.max(np.abs(noisy - value), axis=0, initial=0.0) / DELTA)


def _closure(roots: Sequence[Node]) -> list[Node]:
    """All nodes that the values of ``roots`` were computed from, operands first."""
    return behind(roots, lambda node: node.inputs)


def _perturbed(roots: Sequence[Node]) -> dict[int, Array]:
    """The values, by node id, of all runs at once: shape ``(RUNS, *S)``."""
    noise = np.random.default_rng(0)

    def rounded(value: Array) -> Array:
        return np.asarray(value * (1 + noise.uniform(-DELTA, DELTA, size=value.shape)))

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


def _tangent_scale(node: Pushed) -> Array:
    exact = {n.id: n.value[None] for n in _closure([node.root])}
    noisy = _moved(node, _perturbed([node.root]), SIGNED)
    paths = _moved(node, exact, MAGNITUDE)[0]
    return np.asarray(np.maximum(paths, _spread(noisy, node.value)))


def _moved(node: Pushed, values: dict[int, Array], algebra: Algebra) -> Array:
    """The tangent for each run of ``values``; with magnitudes also those of the directions."""
    jet = _derivatives([node.root], node.sources, values, algebra)[node.root.id]
    assert jet is not None
    return np.asarray(np.tensordot(jet[0], algebra.coefficient(node.tangent), (1, 0)))


def _gradient_scale(part: Part) -> Array:
    exact = {node.id: node.value[None] for node in _closure(part.roots)}
    noisy = _pulled(part, _perturbed(part.roots), SIGNED)
    true = _pulled(part, exact, SIGNED)[0]
    paths = _pulled(part, exact, MAGNITUDE)[0]
    return np.asarray(np.maximum(paths, _spread(noisy, true)))


def _derivatives(
    roots: Sequence[Node],
    sources: Sequence[Node],
    values: dict[int, Array],
    algebra: Algebra,
) -> dict[int, Jet | None]:
    """The jets, by node id, for each run of ``values``."""
    start = {key: [c[None] for c in jet] for key, jet in seeds(sources, 1).items()}
    found: dict[int, Jet | None] = {}
    for node in ancestors(roots):
        passed = [None if edge is None else found[edge.id] for edge in node.edges]
        jet = start.get(node.id)
        if any(p is not None for p in passed):
            operands = [values[n.id] for n in node.inputs]
            pushed = node.differentiate(operands, values[node.id], passed, algebra)
            assert pushed is not None
            jet = pushed if jet is None else [jet[0] + pushed[0]]
        found[node.id] = jet
    return found


def _pulled(part: Part, values: dict[int, Array], algebra: Algebra) -> Array:
    """The gradient for each run of ``values``; with magnitudes also those of the cotangents."""
    found = _derivatives(part.roots, [part.source], values, algebra)
    size = part.source.value.size
    runs = max((v.shape[0] for v in values.values()), default=1)
    total = np.zeros((runs, size))
    for root, v in zip(part.roots, part.cotangents, strict=True):
        jet = found[root.id]
        if jet is not None:
            weights = algebra.coefficient(v).reshape(-1)
            total = total + jet[0].reshape(jet[0].shape[0], size, v.size) @ weights
    return total.reshape(runs, *part.source.value.shape)
