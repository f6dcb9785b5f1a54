"""Derivatives of whole programs, straight from the oracle, for stating what a behavior expects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance import oracle
from conformance.conditioning import Part, Received, pushed
from conformance.kernels import Array
from conformance.nodes import Node, apply_op
from conformance.program import Program


class _Nodes:
    """Runs programs on the oracle's own nodes."""

    def apply(self, op: str, operands: Sequence[Node], params: tuple[Any, ...] = ()) -> Node:
        return apply_op(op, operands, params, operands)


def nodes(program: Program, output: int = 0) -> tuple[list[Node], Node]:
    """The program's leaves and one of its outputs as nodes; all leaves are differentiated."""
    leaves = [Node(leaf.value, exact=program.exact) for leaf in program.leaves]
    return leaves, program.run(_Nodes(), leaves)[output]


def gradients(program: Program, v: Array) -> list[Node | None]:
    """vᵀJ for each leaf, in the leaf's shape; None where the output does not depend on it."""
    leaves, root = nodes(program)
    totals = oracle.flow([root], [v], leaves, {})
    return [
        Received(totals[leaf.id][0], [Part((root,), (v,), leaf)], root.exact)
        if leaf.id in totals
        else None
        for leaf in leaves
    ]


def jacobian(program: Program, position: int = 0, output: int = 0) -> Array:
    """The Jacobian with respect to one leaf: shape is the output's followed by the leaf's."""
    leaves, root = nodes(program, output)
    leaf = leaves[position]
    jet = oracle.jets([root], [leaf])[root.id]
    shape = root.value.shape + leaf.value.shape
    if jet is None:
        return np.zeros(shape)
    return np.asarray(np.moveaxis(jet[0], 0, -1)).reshape(shape)


def hessian(program: Program, first: int = 0, second: int = 0) -> Array:
    """Second derivatives of a one-element output: the first leaf's shape, then the second's."""
    leaves, root = nodes(program)
    sources = [leaves[first]] if first == second else [leaves[first], leaves[second]]
    jet = oracle.jets([root], sources, 2)[root.id]
    m, n = leaves[first].value.size, leaves[second].value.size
    if jet is None:
        return np.zeros(leaves[first].value.shape + leaves[second].value.shape)
    square = jet[1].reshape(jet[1].shape[:2])
    block = square[:m, :n] if first == second else square[:m, m : m + n]
    return block.reshape(leaves[first].value.shape + leaves[second].value.shape)


def tangent(program: Program, tangents: Sequence[Array]) -> Node:
    """J applied to one tangent for each leaf: the output's shape."""
    leaves, root = nodes(program)
    return pushed(root, leaves, tangents)


def vjp_of(y: Any, x: Any, v: Array) -> Array | None:
    """vᵀJ between two tensors of a session, in the shape of ``x``; None if ``y`` is independent."""
    return oracle.vjp([y.entry.node], [v], x.entry.source)


def jacobian_of(y: Any, x: Any) -> Array:
    """The Jacobian between two tensors of a session: shape of ``y``, then shape of ``x``."""
    root, source = y.entry.node, x.entry.source
    jet = oracle.jets([root], [source])[root.id]
    shape = root.value.shape + source.value.shape
    if jet is None:
        return np.zeros(shape)
    return np.asarray(np.moveaxis(jet[0], 0, -1)).reshape(shape)


def output_shape(program: Program) -> tuple[int, ...]:
    """The shape of the program's first output."""
    return tuple(nodes(program)[1].value.shape)
