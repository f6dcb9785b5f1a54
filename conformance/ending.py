"""What a program gives: its outputs, and for scalar programs the sum that weighs every entry."""

from __future__ import annotations

from math import prod

from conformance.draft import LEAF_WIDTH, Draft, Recipe, room
from conformance.draw import ByteSource, Scope
from conformance.program import Leaf, Step
from conformance.width import Width, result_width

SIGNIFICAND = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
LARGEST_WEIGHT = Width(size=5.0, grain=0)


def draw_outputs(draft: Draft, source: ByteSource, scope: Scope, recipe: Recipe) -> tuple[int, ...]:
    source.position = 1
    option = source.byte()
    last = _tracked_result(draft, scope, recipe)
    if not recipe.scalar:
        results = range(len(draft.leaves), len(draft.shapes))
        other = results[option // 4 % len(results)]
        return (last, other) if option % 4 == 3 and other != last else (last,)
    return (_weighted_sum(draft, last, scope),)


def _tracked_result(draft: Draft, scope: Scope, recipe: Recipe) -> int:
    """The position of the last tracked result; one is made if there is none."""
    for at in reversed(range(len(draft.leaves), len(draft.shapes))):
        if draft.tracked[at]:
            return at
    op, shapes = "mul", (draft.shapes[0],) * 2
    width = result_width(op, (LEAF_WIDTH,) * 2, shapes, ())
    left_out = recipe.only is not None and op not in recipe.only
    if left_out or width.bits > room(scope, recipe):
        op, width = "add", result_width("add", (LEAF_WIDTH,) * 2, shapes, ())
    return draft.add(Step(op, (0, 0)), draft.shapes[0], width, bare=op == "add")


def _weighted_sum(draft: Draft, last: int, scope: Scope) -> int:
    """A one-element result in which every element has a weight of its own.

    Where their sum may not fit the dtype, only the first three count.
    """
    shape, size = draft.shapes[last], prod(draft.shapes[last])
    if size == 1:
        return last
    weighted = result_width("mul", (draft.widths[last], LARGEST_WEIGHT), (shape,) * 2, ())
    summed = result_width("sum", (weighted,), (shape,), ())
    if summed.bits <= SIGNIFICAND.get(scope.dtype, 8) - 2:
        weights = tuple(float(1 + (i * 2) % 5) * (-1.0 if i % 3 == 2 else 1.0) for i in range(size))
    else:
        weights = (*(1.0, -2.0, -1.0)[:size], *(0.0,) * (size - 3))
        width = draft.widths[last]
        summed = width._replace(size=4 * width.size, path=4 * width.path)
    at = draft.add_leaf(Leaf(shape, weights, requires_grad=False))
    product = draft.add(Step("mul", (last + 1, at)), shape, summed)
    return draft.add(Step("sum", (product,)), (), summed)
