"""Derivatives of whole programs, straight from the oracle, for stating what a behavior expects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance import oracle
from conformance.conditioning import Part, Received
from conformance.kernels import Array
from conformance.oracle import Node
from conformance.program import Program


class _Nodes:
    """Runs programs on the oracle's own nodes."""

    def apply(self, op: str, operands: Sequence[Node], params: tuple[Any, ...] = ()) -> Node:
        return oracle.apply(op, operands, params, operands)


def nodes(program: Program) -> tuple[list[Node], Node]:
    """The program's leaves and first output as nodes; all leaves are differentiated."""
    leaves = [Node(leaf.value) for leaf in program.leaves]
    return leaves, program.run(_Nodes(), leaves)[0]


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


def jacobian(program: Program, position: int = 0) -> Array:
    """The Jacobian with respect to one leaf: shape is the output's followed by the leaf's."""
    leaves, root = nodes(program)
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


def tangent(program: Program, tangents: Sequence[Array]) -> Array:
    """J applied to one tangent for each leaf: the output's shape."""
    leaves, root = nodes(program)
    total = np.zeros(root.value.shape)
    for position, (leaf, t) in enumerate(zip(leaves, tangents, strict=True)):
        rank = leaf.value.ndim
        total = total + np.tensordot(jacobian(program, position), t, axes=rank)
    return total


def jacobian_of(y: Any, x: Any) -> Array:
    """The Jacobian between two tensors of a session: shape of ``y``, then shape of ``x``."""
    root, source = y.entry.node, x.entry.source
    jet = oracle.jets([root], [source])[root.id]
    shape = root.value.shape + source.value.shape
    if jet is None:
        return np.zeros(shape)
    return np.asarray(np.moveaxis(jet[0], 0, -1)).reshape(shape)
