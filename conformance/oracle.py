"""The independent truth about derivatives: a graph of values, differentiated forwards on demand.

Nodes are immutable; in-place writes make new nodes. Derivatives of a root with respect to any set
of sources come from pushing jets through the nodes between them, never from reverse mode, so no
decision of an engine's backward pass is repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import count
from math import prod
from typing import Any, TypeAlias

import numpy as np

from conformance import kernels
from conformance.jets import SIGNED, Algebra, Jet, Operand, place, push, splits
from conformance.kernels import Array
from conformance.ops import OPS, Op, evaluate

_serial = count()


class Node:
    """A value and how it came about.

    ``edges`` are the operands that derivatives pass to: None where an operand is a constant of the
    differentiation. ``inputs`` are all operands as nodes, for perturbed re-evaluation. ``exact``
    says that the value is free of rounding in every dtype.
    """

    __slots__ = ("edges", "exact", "id", "inputs", "op", "params", "rank", "value")

    def __init__(
        self,
        value: Array,
        op: Op | None = None,
        params: tuple[Any, ...] = (),
        inputs: tuple[Node, ...] = (),
        edges: tuple[Node | None, ...] = (),
        exact: bool = True,
    ) -> None:
        self.id = next(_serial)
        self.value = value
        self.rank = value.ndim
        self.op = op
        self.params = params
        self.inputs = inputs
        self.edges = edges
        self.exact = exact

    def evaluate(self, values: Sequence[Array]) -> Array:
        """The value for other operand values, which may have batch axes in front."""
        assert self.op is not None
        return evaluate(self.op, values, [node.rank for node in self.inputs], self.params)

    def differentiate(
        self, values: Sequence[Array], out: Array, jets: Sequence[Jet | None], algebra: Algebra
    ) -> Jet | None:
        """The jet for the operands' values and jets."""
        assert self.op is not None
        operands = [
            Operand(value, node.rank, jet)
            for value, node, jet in zip(values, self.inputs, jets, strict=True)
        ]
        return push(self.op, operands, self.params, out, algebra)


class Overlay(Node):
    """A node whose value was changed behind the graph's back: derivatives pass as before."""

    __slots__ = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0] if self.value is self.inputs[0].value else self.value

    def differentiate(
        self, values: Sequence[Array], out: Array, jets: Sequence[Jet | None], algebra: Algebra
    ) -> Jet | None:
        return jets[0]


class Hidden(Overlay):
    """What a tensor becomes when its memory is written without its history knowing."""

    __slots__ = ()


class Gradient(Node):
    """The vector-Jacobian product of roots with respect to a source, itself differentiable."""

    __slots__ = ("cotangents", "roots", "source")

    def __init__(self, roots: Sequence[Node], cotangents: Sequence[Node], source: Node) -> None:
        self.roots = tuple(roots)
        self.cotangents = tuple(cotangents)
        self.source = source
        pairs = tuple(roots) + tuple(cotangents)
        exact = all(node.exact for node in pairs)
        value = vjp(roots, [node.value for node in cotangents], source)
        assert value is not None
        super().__init__(value, inputs=pairs, edges=pairs, exact=exact)


def apply(
    op_name: str, inputs: Sequence[Node], params: tuple[Any, ...], edges: Iterable[Node | None]
) -> Node:
    """The node of an operation applied to ``inputs``; derivatives pass only to ``edges``."""
    op = OPS[op_name]
    inputs = tuple(inputs)
    value = evaluate(op, [node.value for node in inputs], [node.rank for node in inputs], params)
    exact = op.exact and all(node.exact for node in inputs)
    if exact and op_name in _STAYS_DYADIC:
        exact = _STAYS_DYADIC[op_name](inputs, params)
    return Node(np.asarray(value), op, params, inputs, tuple(edges), exact)


def _dyadic_mean(inputs: Sequence[Node], params: tuple[Any, ...]) -> bool:
    x = inputs[0]
    axes = kernels.reduced_axes(params[0] if params else None, x.rank)
    return _power_of_two(np.prod([x.value.shape[axis] for axis in axes]))


def _power_of_two(number: float) -> bool:
    return bool(number) and float(np.frexp(abs(number))[0]) == 0.5


_STAYS_DYADIC: Mapping[str, Callable[[Sequence[Node], tuple[Any, ...]], bool]] = {
    "div_scalar": lambda inputs, params: _power_of_two(params[0]),
    "pow_scalar": lambda inputs, params: params[0] >= 0 and params[0] == int(params[0]),
    "mean": _dyadic_mean,
    "mean_axis": _dyadic_mean,
}


def ancestors(roots: Iterable[Node], *, past_gradients: bool = True) -> list[Node]:
    """All nodes that derivatives of ``roots`` reach, the roots included, operands first.

    Without ``past_gradients`` a gradient is an end: which of the nodes behind it another
    differentiation runs is for the engine to say.
    """
    seen: dict[int, Node] = {}
    pending = list(roots)
    while pending:
        node = pending.pop()
        if node.id not in seen:
            seen[node.id] = node
            if past_gradients or not isinstance(node, Gradient):
                pending.extend(edge for edge in node.edges if edge is not None)
    return [seen[key] for key in sorted(seen)]


def jets(
    roots: Sequence[Node],
    sources: Sequence[Node],
    order: int = 1,
    *,
    cuts: Collection[int] = (),
    algebra: Algebra = SIGNED,
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
        if node.id in found:
            continue
        passed = None if node.id in cuts else _jet(node, found, sources, order, algebra)
        found[node.id] = _add(start.get(node.id), passed)
    return found


def _jet(
    node: Node,
    found: dict[int, Jet | None],
    sources: Sequence[Node],
    order: int,
    algebra: Algebra,
) -> Jet | None:
    if isinstance(node, Gradient):
        return _gradient_jet(node, sources, order)
    passed = [None if edge is None else found[edge.id] for edge in node.edges]
    if all(jet is None for jet in passed):
        return None
    return node.differentiate([n.value for n in node.inputs], node.value, passed, algebra)


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
    memory: dict[tuple[int, ...], dict[int, Jet | None]] | None = None,
) -> dict[int, tuple[Array, Array]]:
    """The total gradient reaching each target, before and after the target's own hook.

    Hooks, by node id, replace the gradient that goes on to a node's producer. Between hooked nodes
    derivatives come from forward mode; only the hooked nodes themselves go in backward order.
    ``memory`` keeps jets, by their sources' ids, for later calls.

    Returns:
        For each target that the roots depend on, by node id: the gradient summed over all uses,
        and what the hook made of it. Both have the target's shape.
    """
    ordered_reach = ancestors(roots)
    reach = {node.id: node for node in ordered_reach}
    hooked = [reach[key] for key in hooks if key in reach]
    points = {node.id: node for node in (*targets, *hooked) if node.id in reach}
    ordered = [points[key] for key in sorted(points, reverse=True)]
    if not ordered:
        return {}
    sources = list(points.values())
    starts = np.cumsum([0, *(node.value.size for node in sources)])
    start = {node.id: int(at) for node, at in zip(sources, starts, strict=False)}
    known = None
    if memory is not None and not hooked:
        known = memory.setdefault(tuple(node.id for node in sources), {})
    cuts = {node.id for node in hooked}
    found = jets(roots, sources, cuts=cuts, reach=ordered_reach, found=known)
    sent = [(found[root.id], v) for root, v in zip(roots, cotangents, strict=True)]
    result: dict[int, tuple[Array, Array]] = {}
    for node in ordered:
        size = node.value.size
        received = [_pull(jet, v, start[node.id], size) for jet, v in sent if jet is not None]
        total = sum(received, np.zeros(size)).reshape(node.value.shape)
        after = hooks[node.id](total) if node.id in hooks else total
        result[node.id] = (total, after)
        if node.id in hooks:
            sent.append((_jet(node, found, sources, 1, SIGNED), after))
    return result


def _pull(jet: Jet, v: Array, start: int, size: int) -> Array:
    return np.asarray(jet[0][start : start + size].reshape(size, v.size) @ v.reshape(-1))
