"""The noise-scaled bound: no false alarms on a right engine, and sharp eyes for wrong ones."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from conformance.adapters.torch import Torch
from drawn import drawn_pairs
from test_hooked_flow import every_node, scaled_by

from conformance import oracle, truth
from conformance.conditioning import Part, Received, scale
from conformance.functional import Raw
from conformance.judge import UNIT, judge
from conformance.nodes import Node, ancestors, apply_op
from conformance.strategies import smooth_programs

DEFECT = {"float32": 1e-3, "float64": 1e-9}


@pytest.fixture(scope="module")
def torch() -> Torch:
    return Torch()


@pytest.mark.parametrize("dtype", DEFECT)
def test_torch_raises_no_false_alarm(torch: Torch, dtype: str) -> None:
    engine, raw = torch.namespace["torch"], Raw(torch)
    for program, cotangents in drawn_pairs(smooth_programs(), 500, seed=41, dtype=dtype):
        leaves = [
            engine.tensor(leaf.value, dtype=torch.dtype_objects[dtype], requires_grad=True)
            for leaf in program.leaves
        ]
        y = program.run(raw, leaves)[0]
        v = cotangents(tuple(y.shape))
        y.backward(engine.tensor(v, dtype=y.dtype))

        assert judge(y.detach().numpy(), truth.nodes(program)[1], dtype).right, program
        for leaf, expected in zip(leaves, truth.gradients(program, v), strict=True):
            if expected is not None and leaf.grad is not None:
                assert judge(leaf.grad.numpy(), expected, dtype).right, program


@pytest.mark.parametrize("dtype", DEFECT)
def test_a_wrong_derivative_of_one_operation_is_caught(dtype: str) -> None:
    """One step's cotangent is slightly off; counted where that shows in the gradient at all."""
    caught = counted = 0
    for program, cotangents in drawn_pairs(smooth_programs(), 600, seed=42, dtype=dtype):
        nodes, root = every_node(program)
        v = cotangents(root.value.shape)
        reached = {node.id for node in ancestors([root])}
        steps = [node for node in nodes[len(program.leaves) :] if node.id in reached]
        wrong = steps[len(program.steps) % len(steps)]
        hook = {wrong.id: partial(scaled_by, 1 + DEFECT[dtype])}
        leaves = nodes[: len(program.leaves)]
        totals = oracle.flow([root], [v], leaves, hook)
        for leaf, right in zip(leaves, truth.gradients(program, v), strict=True):
            if right is None:
                continue
            off = totals[leaf.id][0]
            largest = np.max(np.abs(right.value), initial=0.0)
            moved = np.max(np.abs(off - right.value), initial=0.0)
            if moved <= 1e-3 * DEFECT[dtype] * largest:
                continue
            counted += 1
            caught += not judge(off, right, dtype).right
    assert counted > 300
    assert caught >= 0.98 * counted, f"{caught} of {counted}"


@pytest.mark.parametrize("dtype", DEFECT)
def test_most_single_entries_can_be_judged(dtype: str) -> None:
    """An entry is judgeable if twice the bound is less than the defect."""
    caught = judgeable = entries = 0
    for program, cotangents in drawn_pairs(smooth_programs(), 300, seed=43, dtype=dtype):
        v = cotangents(truth.nodes(program)[1].value.shape)
        for right in truth.gradients(program, v):
            if right is None:
                continue
            scaled = scale(right)
            assert scaled is not None
            for index in np.argwhere(right.value):
                at = tuple(index)
                entries += 1
                if 128 * UNIT[dtype] * scaled[at] > DEFECT[dtype] * abs(right.value[at]):
                    continue
                judgeable += 1
                off = right.value.copy()
                off[at] *= 1 + DEFECT[dtype]
                caught += not judge(off, right, dtype).right
    assert judgeable >= 0.9 * entries
    assert caught >= 0.98 * judgeable


def test_the_scale_covers_cancellation() -> None:
    x = Node(np.array([1.0, 3.0]))
    third = apply_op("div_scalar", [x], (-3.0,), [x])
    root = apply_op("sub", [third, third], (), [third, third])
    gradient = Received(np.zeros(2), [Part((root,), (np.ones(2),), x)], exact=False)
    np.testing.assert_allclose(scale(gradient), 2 / 3)


def test_exact_nodes_are_compared_bit_for_bit() -> None:
    x = Node(np.array([0.5]))
    assert judge(np.array([0.5]), x, "float32").right
    assert not judge(np.array([0.5 + 2.0**-50]), x, "float64").right


def test_a_wrong_shape_is_wrong_whatever_the_numbers() -> None:
    verdict = judge(np.zeros((1, 2)), Node(np.zeros(2)), "float64")
    assert not verdict.right
    assert "shape" in verdict.remark


def test_nan_is_never_within_the_bound() -> None:
    x = Node(np.array([2.0]))
    root = apply_op("exp", [x], (), [x])
    assert not judge(np.array([np.nan]), root, "float32").right
