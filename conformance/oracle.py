"""The independent truth about derivatives: a graph of values, differentiated forwards on demand.

Derivatives of a root with respect to any set of sources come from pushing jets through the nodes
between them, never from reverse mode, so no decision of an engine's backward pass is repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from math import prod
from typing import TypeAlias

import numpy as np

from conformance.jets import SIGNED, Jet, place, splits
from conformance.kernels import Array
from conformance.nodes import Node, ancestors


class Gradient(Node):
    """The vector-Jacobian product of roots with respect to a source, itself differentiable."""

    __slots__ = ("cotangents", "roots", "source")

    through = False

    def __init__(self, roots: Sequence[Node], cotangents: Sequence[Node], source: Node) -> None:
        self.roots = tuple(roots)
        self.cotangents = tuple(cotangents)
        self.source = source
        pairs = tuple(roots) + tuple(cotangents)
        exact = all(node.exact for node in pairs)
        value = vjp(roots, [node.value for node in cotangents], source)
        assert value is not None
        super().__init__(value, inputs=pairs, edges=pairs, exact=exact)


def jets(
    roots: Sequence[Node],
    sources: Sequence[Node],
    order: int = 1,
    *,
    cuts: Collection[int] = (),
    reach: Sequence[Node] | None = None,
    found: dict[int, Jet | None] | None = None,
) -> dict[int, Jet | None]:
    """The jets, by node id, of all nodes between ``sources`` and ``roots``.

    The directions are the elements of the sources, one after the other: coefficient 1 of a node of
    shape S has shape ``(N, *S)`` where N is the sources' total number of elements. Nodes whose id
    is among ``cuts`` pass on their own directions only.
    """
    found = {} if found is None else found
    start = seeds(sources, order)
    for node in ancestors(roots) if reach is None else reach:
        if node.id not in found:
            jet = start.get(node.id)
            if node.edges and node.id not in cuts:
                jet = _add(jet, _jet(node, found, sources, order))
            found[node.id] = jet
    return found


def _jet(
    node: Node, found: Mapping[int, Jet | None], sources: Sequence[Node], order: int
) -> Jet | None:
    """What passes through a node from its edges."""
    if isinstance(node, Gradient):
        return _gradient_jet(node, sources, order)
    passed = [None if edge is None else found[edge.id] for edge in node.edges]
    for jet in passed:
        if jet is not None:
            return node.differentiate([n.value for n in node.inputs], node.value, passed, SIGNED)
    return None


def seeds(sources: Sequence[Node], order: int) -> dict[int, Jet]:
    """The jets that sources start with: each element moves along a direction of its own."""
    jets_of = _unit_jets(tuple(source.value.shape for source in sources), order)
    return {source.id: jet for source, jet in zip(sources, jets_of, strict=True)}


@lru_cache(maxsize=4096)
def _unit_jets(shapes: tuple[tuple[int, ...], ...], order: int) -> list[Jet]:
    sizes = [prod(shape) for shape in shapes]
    directions = sum(sizes)
    unit = np.eye(directions)
    made, start = [], 0
    for shape, size in zip(shapes, sizes, strict=True):
        first = unit[:, start : start + size].reshape((directions, *shape))
        higher = [np.zeros((directions,) * m + shape) for m in range(2, order + 1)]
        made.append([first, *higher])
        start += size
    return made


def _add(a: Jet | None, b: Jet | None) -> Jet | None:
    if a is None or b is None:
        return a if b is None else b
    return [x + y for x, y in zip(a, b, strict=True)]


def _gradient_jet(node: Gradient, sources: Sequence[Node], order: int) -> Jet | None:
    """Differentiates a product vᵀJ: the roots' next order, contracted with the cotangents."""
    everything = [node.source, *(s for s in sources if s is not node.source)]
    size = node.source.value.size
    starts = np.cumsum([0] + [s.value.size for s in everything])
    rows = np.concatenate(
        [np.arange(starts[i], starts[i + 1]) for s in sources for i in [everything.index(s)]]
        or [np.zeros(0, dtype=int)]
    ).astype(int)
    upper = jets(node.roots, everything, order + 1)
    outer = jets(node.cotangents, sources, order)
    if not _depends(node, sources):
        return None
    result = [np.zeros((len(rows),) * m + node.value.shape) for m in range(1, order + 1)]
    for root, cotangent in zip(node.roots, node.cotangents, strict=True):
        root_jet, cotangent_jet = upper[root.id], outer[cotangent.id]
        if root_jet is None:
            continue
        for m in range(1, order + 1):
            for left, right in splits(m):
                if right and cotangent_jet is None:
                    continue
                lower = root_jet[len(left)][:size]
                lower = lower[np.ix_(np.arange(size), *[rows] * len(left))] if left else lower
                v = cotangent_jet[len(right) - 1] if right and cotangent_jet else cotangent.value
                result[m - 1] += _contract(lower, v, root.rank, left, right, m).reshape(
                    result[m - 1].shape
                )
    return result


def _depends(node: Gradient, sources: Sequence[Node]) -> bool:
    wanted = {source.id for source in sources}
    return any(n.id in wanted for n in ancestors([node]))


def _contract(
    lower: Array, v: Array, rank: int, left: tuple[int, ...], right: tuple[int, ...], order: int
) -> Array:
    rows = np.moveaxis(lower, 0, lower.ndim - rank - 1) if left else lower
    a = place(rows, rank + 1, left, order)
    b = place(v, rank, right, order)
    b = b.reshape((*b.shape[: b.ndim - rank], 1, *b.shape[b.ndim - rank :]))
    return np.asarray((a * b).sum(axis=tuple(range(-rank, 0)) if rank else ()))


def vjp(roots: Sequence[Node], cotangents: Sequence[Array], source: Node) -> Array | None:
    """Σ vᵀJ over ``roots``, in the shape of ``source``; None if no root depends on it."""
    if source.id not in {node.id for node in ancestors(roots)}:
        return None
    return flow(roots, cotangents, [source], {})[source.id][0]


Hook: TypeAlias = Callable[[Array], Array]


def flow(
    roots: Sequence[Node],
    cotangents: Sequence[Array],
    targets: Sequence[Node],
    hooks: Mapping[int, Hook],
    *,
    reach: Sequence[Node] | None = None,
    memory: dict[tuple[int, ...], dict[int, Jet | None]] | None = None,
) -> dict[int, tuple[Array, Array]]:
    """The total gradient reaching each target, before and after the target's own hook.

    Hooks, by node id, replace the gradient that goes on to a node's producer. Between hooked nodes
    derivatives come from forward mode; only the hooked nodes themselves go in backward order.
    ``reach`` are all nodes behind the roots, if they are known; ``memory`` keeps jets, by their
    sources' ids, for later calls.

    Returns:
        For each target that the roots depend on, by node id: the gradient summed over all uses,
        and what the hook made of it. Both have the target's shape.
    """
    reach = ancestors(roots) if reach is None else reach
    nodes = {node.id: node for node in reach}
    hooked = [nodes[key] for key in hooks if key in nodes]
    points = {node.id: node for node in (*targets, *hooked) if node.id in nodes}
    if not points:
        return {}
    sources = list(points.values())
    known = None
    if memory is not None and not hooked:
        known = memory.setdefault(tuple(points), {})
    found = jets(roots, sources, cuts=[node.id for node in hooked], reach=reach, found=known)
    sent = [(found[root.id], v) for root, v in zip(roots, cotangents, strict=True)]
    sizes = [source.value.size for source in sources]
    starts = dict(zip(points, accumulate([0, *sizes[:-1]]), strict=True))
    if not hooked:
        return _unhooked(sources, starts, sent)
    result: dict[int, tuple[Array, Array]] = {}
    for key in sorted(points, reverse=True):
        node = points[key]
        stretch = slice(starts[key], starts[key] + node.value.size)
        total = _pull([(jet[0][stretch], v) for jet, v in sent if jet is not None], node)
        after = hooks[key](total) if key in hooks else total
        result[key] = (total, after)
        if key in hooks:
            sent.append((_jet(node, found, sources, 1), after))
    return result


def _unhooked(
    sources: Sequence[Node], starts: Mapping[int, int], sent: Sequence[tuple[Jet | None, Array]]
) -> dict[int, tuple[Array, Array]]:
    """All sources' gradients at once, where no hook comes between them and the roots."""
    rows = sum(source.value.size for source in sources)
    total = np.zeros(rows)
    for jet, v in sent:
        if jet is not None:
            total = total + jet[0].reshape(rows, v.size) @ v.reshape(-1)
    result = {}
    for source in sources:
        at, value = starts[source.id], source.value
        gradient = total[at : at + value.size].reshape(value.shape)
        result[source.id] = (gradient, gradient)
    return result


def _pull(received: Sequence[tuple[Array, Array]], node: Node) -> Array:
    """Σ vᵀJ in the shape of a node, from rows of its own directions."""
    size = node.value.size
    total = np.zeros(size)
    for rows, v in received:
        total = total + rows.reshape(size, v.size) @ v.reshape(-1)
    return total.reshape(node.value.shape)
