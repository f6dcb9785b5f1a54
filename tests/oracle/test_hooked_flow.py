"""Flow through hooks: what each node receives and sends on, against reverse mode by brute force."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from drawn import drawn_pairs
from scalars import Run

from conformance import oracle
from conformance.kernels import Array
from conformance.nodes import Node, apply_op
from conformance.program import Program
from conformance.strategies import programs

FACTORS = (2.0, -1.0, 0.5, 3.0)


class _Recorder:
    """Applies operations to nodes and keeps every result."""

    def __init__(self, leaves: list[Node]) -> None:
        self.nodes = list(leaves)

    def apply(self, op: str, operands: list[Node], params: tuple[object, ...] = ()) -> Node:
        self.nodes.append(apply_op(op, operands, params, operands))
        return self.nodes[-1]


def every_node(program: Program) -> tuple[list[Node], Node]:
    """The nodes of all leaves and steps, and the first output's."""
    recorder = _Recorder([Node(leaf.value) for leaf in program.leaves])
    root = program.run(recorder, list(recorder.nodes))[0]
    return recorder.nodes, root


def scaled_by(factor: float, gradient: Array) -> Array:
    return gradient * factor


@pytest.mark.parametrize("spacing", [1, 2, 3])
def test_hooked_nodes_send_on_what_the_hook_gives(spacing: int) -> None:
    for program, cotangents in drawn_pairs(programs(leading_views=True), 150, seed=21):
        nodes, root = every_node(program)
        factors = {at: FACTORS[at % 4] for at in range(0, len(nodes), spacing)}
        hooks = {nodes[at].id: partial(scaled_by, factor) for at, factor in factors.items()}
        v = cotangents(root.value.shape)

        totals = oracle.flow([root], [v], nodes, hooks)

        run = Run(program)
        run.backward(v, factors)
        for at, node in enumerate(nodes):
            if node.id in totals:
                before, after = totals[node.id]
                np.testing.assert_array_equal(before, run.cotangent(at))
                np.testing.assert_array_equal(after, run.sent(at))


def test_hooks_that_change_nothing_change_nothing() -> None:
    for program, cotangents in drawn_pairs(programs(), 100, seed=22):
        nodes, root = every_node(program)
        v = cotangents(root.value.shape)
        plain = oracle.flow([root], [v], nodes, {})
        watched = oracle.flow([root], [v], nodes, {node.id: np.asarray for node in nodes})
        assert plain.keys() == watched.keys()
        for key, (total, _) in plain.items():
            np.testing.assert_array_equal(watched[key][0], total)


def test_a_hook_sees_the_sum_over_all_uses_once() -> None:
    x = Node(np.array([1.0, 2.0]))
    h = apply_op("mul_scalar", [x], (3.0,), [x])
    left = apply_op("mul", [h, h], (), [h, h])
    root = apply_op("add", [left, h], (), [left, h])
    seen: list[Array] = []

    def hook(gradient: Array) -> Array:
        seen.append(gradient)
        return gradient * 10

    totals = oracle.flow([root], [np.ones(2)], [x, h], {h.id: hook})

    np.testing.assert_array_equal(seen, [2 * h.value + 1])
    np.testing.assert_array_equal(totals[x.id][0], 30 * (2 * h.value + 1))


def test_nodes_off_the_path_are_left_out() -> None:
    x, y = Node(np.array(2.0)), Node(np.array(3.0))
    root = apply_op("neg", [x], (), [x])
    totals = oracle.flow([root], [np.array(1.0)], [x, y], {y.id: np.asarray})
    assert set(totals) == {x.id}


def test_cotangents_of_several_roots_add_up() -> None:
    x = Node(np.array([1.0, -2.0]))
    a = apply_op("mul", [x, x], (), [x, x])
    b = apply_op("sum", [a], (), [a])
    total = oracle.flow([a, b], [np.array([1.0, 5.0]), np.array(3.0)], [x], {})[x.id][0]
    np.testing.assert_array_equal(total, np.array([4.0, 8.0]) * 2 * x.value)
