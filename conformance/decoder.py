"""From bytes to programs.

A program's bytes are a header, three records for leaves, one record for each step and a pool of
numbers. A record that starts with a small byte is no step at all, so that shrinking towards 0
removes steps one by one and makes those that stay simpler.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod

from conformance.draft import (
    LEAF_BYTES,
    LEAF_WIDTH,
    POOL_BYTES,
    STEP_BYTES,
    Draft,
    Recipe,
    Shape,
    try_step,
)
from conformance.draw import ByteSource, Scope
from conformance.ending import draw_outputs
from conformance.moves import BROADCASTING, EXACT_OPS, SMOOTH_OPS
from conformance.pairing import partners
from conformance.program import Leaf, Program

NO_STEP = 96

EXACT_NUMBERS = (1.0, 2.0, -1.0, 3.0, 0.5, -2.0, 1.5, -3.0, 4.0, -0.5, 0.0)
SMOOTH_NUMBERS = (1.0, 0.5, 1.5, -1.0, 0.75, 2.0, -0.5, 0.3125, 1.125, -1.75, 0.625, 1.375)


def decode_program(source: ByteSource, scope: Scope, recipe: Recipe) -> Program:
    """The program that the bytes stand for; every string of bytes stands for one."""
    ops = usable_ops(scope.ops, recipe.smooth, recipe.exclude, recipe.only)
    draft = _draw_leaves(source, scope, recipe)
    body = ByteSource(source.data)
    start = 2 + recipe.leaves * LEAF_BYTES
    for number in range(recipe.steps):
        body.position = start + number * STEP_BYTES
        _draw_step(draft, body, ops, scope, recipe)
    outputs = draw_outputs(draft, source, scope, recipe)
    exact = not any(step.op in _INEXACT for step in draft.steps) and not recipe.smooth
    return Program(tuple(draft.leaves), tuple(draft.steps), outputs, exact)


_INEXACT = frozenset(SMOOTH_OPS)


@lru_cache
def usable_ops(
    offered: frozenset[str], smooth: bool, exclude: frozenset[str], only: frozenset[str] | None
) -> tuple[str, ...]:
    """The names of the operations to draw from, the simplest first."""
    names = [name for pair in zip(SMOOTH_OPS * 3, EXACT_OPS, strict=False) for name in pair]
    ordered = names if smooth else EXACT_OPS
    return tuple(
        name
        for name in ordered
        if name in offered and name not in exclude and (only is None or name in only)
    )


def _draw_leaves(source: ByteSource, scope: Scope, recipe: Recipe) -> Draft:
    source.position = 0
    count = 1 + source.below(recipe.leaves)
    source.byte()
    shapes = [shape for shape in recipe.shapes if len(shape) <= scope.max_ndim]
    base = source.choose(shapes)
    pool = source.data[-POOL_BYTES:].ljust(POOL_BYTES, b"\0")
    numbers = SMOOTH_NUMBERS if recipe.smooth else EXACT_NUMBERS
    leaves: list[Leaf] = []
    drawn = 0
    for number in range(count):
        source.position = 2 + number * LEAF_BYTES
        shape = base if number == 0 else _related(base, source.byte(), shapes)
        source.position = 3 + number * LEAF_BYTES
        traits = source.byte()
        size = prod(shape)
        picked = tuple(
            numbers[(pool[(drawn + i) % POOL_BYTES] + i // POOL_BYTES) % len(numbers)]
            for i in range(size)
        )
        drawn += size
        tracked = number == 0 or traits % 4 != 3 or not scope.untracked
        leaves.append(Leaf(shape, picked, tracked, traits % 8 == 4))
    return Draft(
        leaves,
        shapes=[leaf.shape for leaf in leaves],
        widths=[LEAF_WIDTH] * count,
        bare=[leaf.requires_grad for leaf in leaves],
        tracked=[leaf.requires_grad for leaf in leaves],
    )


def _related(base: Shape, byte: int, shapes: Sequence[Shape]) -> Shape:
    """A shape that broadcasts against ``base``, or now and then any shape."""
    option = byte % 6
    if option <= 1 or not base:
        return base
    if option == 2:
        return base[1:]
    if option == 3:
        axis = (byte // 6) % len(base)
        return (*base[:axis], 1, *base[axis + 1 :])
    if option == 4:
        return base[::-1]
    return shapes[(byte // 6) % len(shapes)]


def _draw_step(
    draft: Draft, source: ByteSource, ops: Sequence[str], scope: Scope, recipe: Recipe
) -> None:
    choice = source.byte() - NO_STEP
    if choice < 0 or not ops:
        return
    count = len(draft.shapes)
    first = count - 1 - source.below(min(count, 4))
    second = source.byte()
    start = source.position
    for attempt in range(4):
        op = ops[(choice + attempt * 7) % len(ops)]
        operands = _operands(draft, op, first, second)
        source.position = start
        if operands is not None and try_step(draft, source, op, operands, scope, recipe):
            return


def _operands(draft: Draft, op: str, first: int, second: int) -> tuple[int, ...] | None:
    fitting = partners(op, tuple(draft.shapes), first)
    if fitting is None:
        return (first,)
    if not fitting:
        return None
    other = fitting[second % len(fitting)]
    return (other, first) if second & 1 and op in BROADCASTING else (first, other)
