"""The graph of true values: what every tensor holds, and what it was computed from.

Nodes are immutable; in-place writes make new nodes. Derivatives are taken by the oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from conformance import kernels
from conformance.forms import Composite, Op
from conformance.jets import Algebra, Jet, Point, push
from conformance.kernels import Array
from conformance.ops import COMPUTE, OPS, Terms, unfold

_serial = count()


class Node:
    """A value and how it came about.

    ``edges`` are the operands that derivatives pass to: None where an operand is a constant of the
    differentiation, none at all where every operand is. ``inputs`` are all operands as nodes, for
    perturbed re-evaluation. ``exact`` says that the value is free of rounding in every dtype.
    ``through`` says whether derivatives pass by way of ``edges``, as everywhere but in gradients.
    ``terms`` are the values of a composition's terms, kept for its derivatives.
    """

    __slots__ = ("edges", "exact", "id", "inputs", "op", "params", "rank", "terms", "value")

    through = True

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
        self.terms: Terms | None = None

    def evaluate(self, values: Sequence[Array]) -> Array:
        """The value for other operand values, which may have batch axes in front."""
        assert self.op is not None
        return COMPUTE[self.op.name](values, [node.rank for node in self.inputs], self.params)

    def differentiate(
        self, values: Sequence[Array], out: Array, jets: Sequence[Jet | None], algebra: Algebra
    ) -> Jet | None:
        """The jet for the operands' values and jets."""
        assert self.op is not None
        ranks = [node.rank for node in self.inputs]
        terms = self.terms if out is self.value else None
        return push(self.op, Point(values, ranks, self.params, out, terms), jets, algebra)


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


def apply_op(
    op_name: str,
    inputs: Sequence[Node],
    params: tuple[Any, ...],
    edges: Sequence[Node | None] = (),
) -> Node:
    """The node of an operation applied to ``inputs``; derivatives pass only to ``edges``."""
    op, terms = OPS[op_name], None
    xs, ranks = [node.value for node in inputs], [node.rank for node in inputs]
    if isinstance(op.form, Composite):
        terms = unfold(op.form, xs, ranks, params)
        value = terms[-1][0]
    else:
        value = np.asarray(COMPUTE[op_name](xs, ranks, params))
    exact = op.exact
    for x in inputs:
        exact = exact and x.exact
    if exact and op_name in _STAYS_DYADIC:
        exact = _STAYS_DYADIC[op_name](inputs, params)
    node = Node(value, op, params, tuple(inputs), tuple(edges), exact)
    node.terms = terms
    return node


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
    if past_gradients:
        return behind(roots, lambda node: node.edges)
    return behind(roots, lambda node: node.edges if node.through else ())


def behind(roots: Iterable[Node], parents: Callable[[Node], Iterable[Node | None]]) -> list[Node]:
    """The roots, and all nodes that ``parents`` lead to from them, operands first."""
    seen: dict[int, Node] = {}
    pending: list[Node | None] = [*roots]
    while pending:
        node = pending.pop()
        if node is not None and node.id not in seen:
            seen[node.id] = node
            pending.extend(parents(node))
    return [seen[key] for key in sorted(seen)]
