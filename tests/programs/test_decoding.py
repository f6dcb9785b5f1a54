"""Decoding: every string of bytes is a program, and simpler bytes are simpler programs."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.decoder import NO_STEP, decode_program
from conformance.draft import LEAF_BYTES, STEP_BYTES, Recipe
from conformance.draw import ByteSource, Scope
from conformance.ending import SIGNIFICAND
from conformance.forms import Choice
from conformance.moves import EXACT_OPS, SMOOTH_OPS
from conformance.ops import OPS, evaluate
from conformance.program import Leaf, Program, Step

ALL = frozenset(OPS)
SCOPE = Scope(ALL, 3, "float32")
RECIPES = {
    "exact": Recipe(),
    "unguarded": Recipe(guarded=False),
    "smooth": Recipe(smooth=True, steps=5),
    "scalar": Recipe(scalar=True, steps=5),
    "narrow": Recipe(only=frozenset({"add", "mul", "sum"}), leaves=2, bits=6.0),
    "matrices": Recipe(shapes=((2, 2), (2, 3), (3, 1))),
}
LONGEST = max(recipe.width for recipe in RECIPES.values())
thorough = settings(max_examples=150, deadline=None, database=None, derandomize=True)
each_recipe = pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))


def decode(data: bytes, recipe: Recipe, scope: Scope = SCOPE) -> Program:
    return decode_program(ByteSource(data), scope, recipe)


def many(recipe: Recipe, count: int, scope: Scope = SCOPE) -> list[Program]:
    stream = Random(4)
    return [decode(stream.randbytes(recipe.width), recipe, scope) for _ in range(count)]


def shapes_of(program: Program) -> list[tuple[int, ...]]:
    """The shapes of all leaves and results, as the table's kernels compute them."""

    class Shapes:
        def __init__(self) -> None:
            self.arrays: list[Any] = []

        def apply(self, op: str, operands: Any, params: tuple[Any, ...] = ()) -> Any:
            out = np.asarray(evaluate(OPS[op], operands, [x.ndim for x in operands], params))
            self.arrays.append(out)
            return out

    engine = Shapes()
    leaves = [leaf.value for leaf in program.leaves]
    program.run(engine, leaves)
    return [x.shape for x in (*leaves, *engine.arrays)]


@each_recipe
@given(data=st.binary(max_size=LONGEST))
@thorough
def test_every_string_of_bytes_is_a_program(recipe: Recipe, data: bytes) -> None:
    program = decode(data, recipe)

    assert 1 <= len(program.leaves) <= recipe.leaves + recipe.scalar
    assert program.leaves[0].requires_grad
    assert program.steps
    positions = range(len(program.leaves), len(program.leaves) + len(program.steps))
    for position, step in zip(positions, program.steps, strict=True):
        assert all(0 <= operand < position for operand in step.operands)
        assert len(step.params) == len(OPS[step.op].params)
    assert all(0 <= output <= positions[-1] for output in program.outputs)
    shapes = shapes_of(program)
    assert all(len(shape) <= 3 and np.prod(shape) <= 24 for shape in shapes)
    if recipe.scalar:
        assert np.prod(shapes[program.outputs[0]]) <= 1


@each_recipe
def test_zeros_are_the_simplest_program(recipe: Recipe) -> None:
    program = decode(bytes(recipe.width), recipe)
    shape = recipe.shapes[0]
    assert program.leaves[0] == Leaf(shape, (1.0,) * int(np.prod(shape)))
    if not recipe.scalar or shape == ():
        assert program.steps == (Step("mul", (0, 0)),)
        assert len(program.leaves) == 1
        assert program.outputs == (1,)


def own_steps(program: Program) -> list[Step]:
    """The steps without the one that is made where no result would be tracked."""
    tracked = [leaf.requires_grad for leaf in program.leaves]
    for step in program.steps:
        tracked.append(any(tracked[i] for i in step.operands))
    made = sum(tracked[len(program.leaves) :]) == 1 and program.steps[-1].operands == (0, 0)
    return list(program.steps[: -1 if made else None])


@each_recipe
@given(data=st.data())
@thorough
def test_zeroing_a_record_removes_its_step(recipe: Recipe, data: st.DataObject) -> None:
    """Nothing that came before the record changes, and no step of its own is left."""
    if recipe.scalar:
        return
    source = data.draw(st.binary(min_size=recipe.width, max_size=recipe.width))
    number = data.draw(st.integers(0, recipe.steps - 1))
    first = 2 + recipe.leaves * LEAF_BYTES
    starts = [first + i * STEP_BYTES for i in range(recipe.steps)]
    start, tail = starts[number], first + recipe.steps * STEP_BYTES
    zeroed = source[:start] + bytes(STEP_BYTES) + source[start + STEP_BYTES :]
    cut = source[:start] + bytes(tail - start) + source[tail:]

    full, without, before = (decode(bytes_, recipe) for bytes_ in (source, zeroed, cut))

    kept = own_steps(before)
    assert list(full.steps[: len(kept)]) == kept
    assert list(without.steps[: len(kept)]) == kept
    assert full.leaves == without.leaves == before.leaves
    written = [at for at in starts if source[at] >= NO_STEP]
    assert len(own_steps(full)) <= len(written)
    assert len(own_steps(without)) <= len(set(written) - {start})


def test_dropping_steps_from_the_end_keeps_those_before() -> None:
    recipe = RECIPES["exact"]
    stream = Random(8)
    for _ in range(200):
        data = stream.randbytes(recipe.width)
        start = 2 + recipe.leaves * LEAF_BYTES
        counts = []
        for steps in range(recipe.steps + 1):
            kept = start + steps * STEP_BYTES
            rest = bytes((recipe.steps - steps) * STEP_BYTES)
            counts.append(len(decode(data[:kept] + rest + data[kept + len(rest) :], recipe).steps))
        assert counts[0] == 1
        assert all(b - a in (0, 1) for a, b in pairwise(counts[1:]))


@each_recipe
def test_programs_are_frozen_data_that_reads_back(recipe: Recipe) -> None:
    names = {"Program": Program, "Leaf": Leaf, "Step": Step}
    for program in many(recipe, 150):
        assert eval(repr(program), names) == program
        assert decode(b"", recipe) == decode(b"", recipe)
        with pytest.raises(dataclasses.FrozenInstanceError):
            program.outputs = (0,)  # type: ignore[misc]


def test_only_offered_operations_and_ranks_are_used() -> None:
    scope = Scope(frozenset({"add", "mul", "relu", "exp", "sum"}), 1, "float64")
    for recipe in (Recipe(), Recipe(smooth=True)):
        for program in many(recipe, 300, scope):
            assert {step.op for step in program.steps} <= scope.ops
            assert all(len(shape) <= 1 for shape in shapes_of(program))


def test_engines_that_track_everything_get_tracked_leaves_only() -> None:
    scope = Scope(ALL, 0, "float64", untracked=False)
    for recipe in (Recipe(), Recipe(scalar=True), Recipe(smooth=True)):
        for program in many(recipe, 200, scope):
            assert all(leaf.requires_grad for leaf in program.leaves)
    kinds = {leaf.requires_grad for program in many(Recipe(), 200) for leaf in program.leaves}
    assert kinds == {True, False}


def test_every_operation_is_drawn() -> None:
    exact = {step.op for program in many(Recipe(guarded=False), 3000) for step in program.steps}
    smooth = {
        step.op
        for program in many(Recipe(smooth=True, guarded=False), 3000)
        for step in program.steps
    }
    assert exact == set(EXACT_OPS)
    assert smooth >= set(SMOOTH_OPS)


def test_choices_stay_off_their_kinks() -> None:
    for recipe, distance in ((Recipe(), 1e-9), (Recipe(smooth=True), 0.05)):
        for program in many(recipe, 400):
            values = _values(program)
            for step in program.steps:
                form = OPS["abs" if step.op == "norm_l1" else step.op].form
                if isinstance(form, Choice) and len(set(step.operands)) == len(step.operands):
                    gap = form.gap(*(values[i] for i in step.operands))
                    assert np.all(gap >= distance)


def _values(program: Program) -> list[Any]:
    values = [leaf.value for leaf in program.leaves]
    for step in program.steps:
        xs = [values[i] for i in step.operands]
        values.append(np.asarray(evaluate(OPS[step.op], xs, [x.ndim for x in xs], step.params)))
    return values


def test_guarded_programs_hand_no_memory_on_to_tracked_leaves() -> None:
    for program in many(Recipe(), 400):
        bare = [leaf.requires_grad for leaf in program.leaves]
        for step in program.steps:
            op = OPS[step.op]
            reached = any(bare[i] for i in step.operands)
            assert not (op.passes_on and reached)
            bare.append(op.transparent and reached)


def test_the_first_output_depends_on_a_tracked_leaf() -> None:
    for recipe in RECIPES.values():
        for program in many(recipe, 150):
            tracked = [leaf.requires_grad for leaf in program.leaves]
            for step in program.steps:
                tracked.append(any(tracked[i] for i in step.operands))
            assert tracked[program.outputs[0]]
            assert program.outputs[0] in program.used


def test_weights_of_scalar_programs_tell_entries_apart() -> None:
    """The gradient with respect to the weighted result is never the same for neighbours."""
    for program in many(RECIPES["scalar"], 200):
        weights = program.leaves[-1]
        if weights.requires_grad or len(program.steps) < 2 or len(weights.numbers) < 2:
            continue
        assert all(a != b for a, b in pairwise(weights.numbers))


@pytest.mark.parametrize("dtype", SIGNIFICAND)
def test_values_of_exact_programs_survive_the_dtype(dtype: str) -> None:
    import torch

    for program in many(RECIPES["scalar"], 200, Scope(ALL, 3, dtype)):
        for value in _values(program):
            held = torch.tensor(value).to(getattr(torch, dtype)).to(torch.float64).numpy()
            np.testing.assert_array_equal(held, value)
