"""Derivatives of whole programs, against central differences of what they are derivatives of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from drawn import drawn, drawn_pairs

from conformance import oracle, truth
from conformance.kernels import Array
from conformance.nodes import Node, ancestors, apply_op
from conformance.oracle import Gradient
from conformance.program import Program
from conformance.strategies import smooth_programs

STEP = 2.0**-14
PROGRAMS = 150


def moved(program: Program, at: int, element: int, by: float) -> Program:
    """The program with one element of a leaf moved."""
    leaf = program.leaves[at]
    numbers = list(leaf.numbers)
    numbers[element] += by
    leaves = list(program.leaves)
    leaves[at] = replace(leaf, numbers=tuple(numbers))
    return replace(program, leaves=tuple(leaves))


def central(function: Callable[[Program], Array], program: Program, at: int) -> Array:
    """The derivative of ``function`` by each element of a leaf, in new first axes."""
    rows = []
    for element in range(len(program.leaves[at].numbers)):
        near, far = (
            (function(moved(program, at, element, h)) - function(moved(program, at, element, -h)))
            / (2 * h)
            for h in (STEP, 2 * STEP)
        )
        rows.append(near + (near - far) / 3)
    shape = program.leaves[at].shape
    value = function(program)
    return np.array(rows).reshape(shape + value.shape) if rows else np.zeros(shape + value.shape)


def assert_close(actual: Array, expected: Array) -> None:
    """Equal within what differences of this step can tell."""
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6 * (1 + _largest(expected)))


def _largest(array: Array) -> float:
    return float(np.max(np.abs(array), initial=0.0))


def _jacobian(program: Program, at: int) -> Array:
    """The oracle's Jacobian, with the leaf's axes first."""
    jacobian, rank = truth.jacobian(program, at), len(program.leaves[at].shape)
    outer = jacobian.ndim - rank
    return jacobian.transpose(*range(outer, jacobian.ndim), *range(outer))


def test_jacobians() -> None:
    for program in drawn(smooth_programs(), PROGRAMS, seed=31):
        for at in range(len(program.leaves)):
            differences = central(lambda p: truth.nodes(p)[1].value, program, at)
            assert_close(_jacobian(program, at), differences)


def _second(program: Program, first: int, second: int) -> Array:
    """The second derivatives of the first output by two leaves, both leaves' axes first."""
    leaves, root = truth.nodes(program)
    sources = [leaves[first]] if first == second else [leaves[first], leaves[second]]
    jet = oracle.jets([root], sources, 2)[root.id]
    m, n = leaves[first].value.size, leaves[second].value.size
    shape = leaves[first].value.shape + leaves[second].value.shape + root.value.shape
    if jet is None:
        return np.zeros(shape)
    block = jet[1][:m, :n] if first == second else jet[1][:m, m : m + n]
    return np.asarray(block).reshape(shape)


def test_second_derivatives_of_jets() -> None:
    for program in drawn(smooth_programs(leaves=2), PROGRAMS, seed=32):
        for first in range(len(program.leaves)):
            for second in range(len(program.leaves)):
                differences = central(lambda p, at=second: _jacobian(p, at), program, first)
                assert_close(_second(program, first, second), differences)


def _gradient_node(program: Program, v: Array, at: int) -> tuple[list[Node], Node | None]:
    leaves, root = truth.nodes(program)
    if leaves[at].id not in {node.id for node in ancestors([root])}:
        return leaves, None
    return leaves, Gradient([root], [Node(v)], leaves[at])


def test_gradients_are_differentiable_nodes() -> None:
    for program, cotangents in drawn_pairs(smooth_programs(leaves=2), PROGRAMS, seed=33):
        v = cotangents(truth.nodes(program)[1].value.shape)
        leaves, gradient = _gradient_node(program, v, 0)
        if gradient is None:
            continue
        for at, leaf in enumerate(leaves):
            differences = central(partial(_value, v), program, at)
            jet = oracle.jets([gradient], [leaf])[gradient.id]
            if jet is None:
                assert _largest(differences) < 1e-9
                continue
            assert_close(jet[0].reshape(differences.shape), differences)


def _value(v: Array, program: Program) -> Array:
    _, gradient = _gradient_node(program, v, 0)
    assert gradient is not None
    return gradient.value


def test_functions_of_gradients_are_differentiated_through_them() -> None:
    for program, cotangents in drawn_pairs(smooth_programs(leaves=1), PROGRAMS, seed=34):
        v = cotangents(truth.nodes(program)[1].value.shape)

        def penalized(p: Program, v: Array = v) -> tuple[Node, Node]:
            (leaf,), gradient = _gradient_node(p, v, 0)
            assert gradient is not None
            square = apply_op("mul", [gradient, leaf], (), [gradient, leaf])
            return leaf, apply_op("sum", [square], (), [square])

        leaf, root = penalized(program)
        found: Any = oracle.vjp([root], [np.array(1.0)], leaf)
        assert_close(found, central(lambda p: penalized(p)[1].value, program, 0))
