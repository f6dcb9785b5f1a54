"""From bytes to programs.

A program's bytes are a header, three records for leaves, one record for each step and a pool of
numbers. A record that starts with a small byte is no step at all, so that shrinking towards 0
removes steps one by one and makes those that stay simpler.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from conformance.draw import ByteSource, Scope
from conformance.forms import Choice
from conformance.kernels import Array
from conformance.moves import BROADCASTING, EXACT_OPS, MOVES, SMOOTH_MOVES, SMOOTH_OPS
from conformance.ops import OPS, evaluate
from conformance.program import Leaf, Program, Step
from conformance.width import Width, result_width

Shape = tuple[int, ...]

STEP_BYTES = 6
LEAF_BYTES = 2
POOL_BYTES = 20
MAX_LEAVES = 3
NO_STEP = 96

SHAPES: tuple[Shape, ...] = (
    (), (2,), (3,), (2, 3), (1,), (2, 2), (3, 1), (1, 3), (2, 1, 2), (2, 2, 2), (1, 1), (0,),
    (0, 3),
)  # fmt: skip
EXACT_NUMBERS = (1.0, 2.0, -1.0, 3.0, 0.5, -2.0, 1.5, -3.0, 4.0, -0.5, 0.0)
SMOOTH_NUMBERS = (1.0, 0.5, 1.5, -1.0, 0.75, 2.0, -0.5, 0.3125, 1.125, -1.75, 0.625, 1.375)
LEAF_WIDTH = Width(size=4.0, grain=1)
BITS = {"float64": 16, "float32": 16, "float16": 5, "bfloat16": 3}
SIGNIFICAND = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
LARGEST_WEIGHT = Width(size=5.0, grain=0)

_DOMAINS: dict[str, tuple[float, float]] = {
    "exp": (-3.0, 3.0),
    "log": (0.2, 50.0),
    "sqrt": (0.2, 50.0),
    "sin": (-8.0, 8.0),
    "cos": (-8.0, 8.0),
    "tanh": (-3.0, 3.0),
    "sigmoid": (-4.0, 4.0),
    "softmax": (-4.0, 4.0),
    "log_softmax": (-4.0, 4.0),
}
_AWAY_FROM_ZERO = {"reciprocal": 0, "div": 1, "norm_l2": 0, "norm_fro": 0, "norm_axis": 0}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What kind of program to decode: how many leaves and steps, and which operations."""

    steps: int = 5
    leaves: int = MAX_LEAVES
    smooth: bool = False
    bits: float = 0.0
    guarded: bool = True
    exclude: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    scalar: bool = False
    shapes: tuple[Shape, ...] = SHAPES

    @property
    def width(self) -> int:
        """The number of bytes that a program of this kind is decoded from."""
        return 2 + self.leaves * LEAF_BYTES + self.steps * STEP_BYTES + POOL_BYTES


@dataclass(slots=True)
class Draft:
    """A program while it grows: shapes, widths, and values where a choice depends on them.

    A ``bare`` value hands the very cotangent it gets on to a tracked leaf.
    """

    leaves: list[Leaf]
    steps: list[Step] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    widths: list[Width] = field(default_factory=list)
    bare: list[bool] = field(default_factory=list)
    tracked: list[bool] = field(default_factory=list)
    values: dict[int, Array] = field(default_factory=dict)

    def value(self, at: int) -> Array:
        """The value at a position, in float64."""
        if at not in self.values:
            if at < len(self.leaves):
                self.values[at] = self.leaves[at].value
            else:
                step = self.steps[at - len(self.leaves)]
                self.values[at] = self.result(step.op, step.operands, step.params)
        return self.values[at]

    def result(self, op: str, operands: Sequence[int], params: tuple[Any, ...]) -> Array:
        """What an operation on these positions gives."""
        xs = [self.value(i) for i in operands]
        return np.asarray(evaluate(OPS[op], xs, [x.ndim for x in xs], params))

    def add(self, step: Step, shape: Shape, width: Width, *, bare: bool = False) -> int:
        """Append a step; returns its position."""
        self.bare.append(bare)
        self.tracked.append(any(self.tracked[i] for i in step.operands))
        self.steps.append(step)
        self.shapes.append(shape)
        self.widths.append(width)
        return len(self.shapes) - 1


def decode_program(source: ByteSource, scope: Scope, recipe: Recipe) -> Program:
    """The program that the bytes stand for; every string of bytes stands for one."""
    ops = usable_ops(scope.ops, recipe.smooth, recipe.exclude, recipe.only)
    draft = _draw_leaves(source, scope, recipe)
    body = ByteSource(source.data)
    start = 2 + recipe.leaves * LEAF_BYTES
    for number in range(recipe.steps):
        body.position = start + number * STEP_BYTES
        _draw_step(draft, body, ops, scope, recipe)
    outputs = _draw_outputs(draft, source, scope, recipe)
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
    partners = _partners(op, tuple(draft.shapes), first)
    if partners is None:
        return (first,)
    if not partners:
        return None
    other = partners[second % len(partners)]
    return (other, first) if second & 1 and op in BROADCASTING else (first, other)


@lru_cache(maxsize=65536)
def _partners(op: str, shapes: tuple[Shape, ...], first: int) -> tuple[int, ...] | None:
    """The positions that fit as second operand, latest first; None for one-operand operations."""
    a = shapes[first]
    fits = fits_second(op)
    if fits is None:
        return None
    return tuple(i for i in reversed(range(len(shapes))) if fits(a, shapes[i]))


def fits_second(op: str) -> Callable[[Shape, Shape], bool] | None:
    """Whether a shape fits as second operand beside a first; None for one-operand operations."""
    return _FITS.get(op)


def _broadcasts(a: Shape, b: Shape) -> bool:
    pairs = zip(reversed(a), reversed(b), strict=False)
    return all(x == y or 1 in (x, y) for x, y in pairs) and _grown(a, b) <= 24


def _grown(a: Shape, b: Shape) -> int:
    return prod(np.broadcast_shapes(a, b))


def _multiplies(a: Shape, b: Shape) -> bool:
    if not a or not b:
        return False
    if a[-1] != (b[-2] if len(b) > 1 else b[0]):
        return False
    return len(a) < 3 or len(b) < 3 or _broadcasts(a[:-2], b[:-2])


def _joins(a: Shape, b: Shape) -> bool:
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) <= 1


_FITS = {
    **dict.fromkeys(BROADCASTING, _broadcasts),
    "dot": lambda a, b: len(a) == 1 and a == b,
    "mv": lambda a, b: len(a) == 2 and len(b) == 1 and a[1] == b[0],
    "mm": lambda a, b: len(a) == 2 and len(b) == 2 and a[1] == b[0],
    "matmul": _multiplies,
    "concat": lambda a, b: bool(a) and _joins(a, b) and prod(a) + prod(b) <= 24,
    "stack": lambda a, b: a == b and prod(a) <= 12,
}


def try_step(
    draft: Draft,
    source: ByteSource,
    op: str,
    operands: tuple[int, ...],
    scope: Scope,
    recipe: Recipe,
) -> bool:
    """Append the operation with drawn arguments, if that keeps to the recipe."""
    bare = any(draft.bare[i] for i in operands)
    if recipe.guarded and OPS[op].passes_on and bare:
        return False
    shapes = tuple(draft.shapes[i] for i in operands)
    move = (SMOOTH_MOVES if recipe.smooth else MOVES)[op]
    params = move(shapes, source)
    if params is None:
        return False
    width = result_width(op, tuple(draft.widths[i] for i in operands), shapes, params)
    if not recipe.smooth and width.bits > _room(scope, recipe):
        return False
    if not _well_inside(draft, op, operands, params, recipe.smooth):
        return False
    shape = _shape(op, shapes, params)
    if len(shape) > min(scope.max_ndim, 3) or prod(shape) > 24:
        return False
    draft.add(Step(op, operands, params), shape, width, bare=bare and OPS[op].transparent)
    return True


def _room(scope: Scope, recipe: Recipe) -> float:
    """The largest significant width of any number."""
    offered = BITS.get(scope.dtype, 3)
    return min(recipe.bits, offered) if recipe.bits else offered


def _well_inside(
    draft: Draft, op: str, operands: Sequence[int], params: tuple[Any, ...], smooth: bool
) -> bool:
    """Whether every element is inside the operation's domain and away from its kinks."""
    if not _off_kinks(draft, op, operands, 0.05 if smooth else 1e-9):
        return False
    return not smooth or _in_domain(draft, op, operands, params)


def _off_kinks(draft: Draft, op: str, operands: Sequence[int], distance: float) -> bool:
    form = OPS["abs" if op == "norm_l1" else op].form
    if not isinstance(form, Choice) or (len(operands) == 2 and operands[0] == operands[1]):
        return True
    gap = form.gap(*(draft.value(i) for i in operands))
    return bool(np.all(gap >= distance))


def _in_domain(draft: Draft, op: str, operands: Sequence[int], params: tuple[Any, ...]) -> bool:
    xs = [draft.value(i) for i in operands]
    low, high = _DOMAINS.get(op, (-50.0, 50.0))
    if not np.all((xs[0] >= low) & (xs[0] <= high)):
        return False
    if op == "pow" and not all(np.all((x >= 0.2) & (x <= 2.0)) for x in xs):
        return False
    if op in _AWAY_FROM_ZERO and np.any(np.abs(xs[_AWAY_FROM_ZERO[op]]) < 0.25):
        return False
    return bool(np.all(np.abs(draft.result(op, operands, params)) <= 50.0))


def _shape(op: str, shapes: tuple[Shape, ...], params: tuple[Any, ...]) -> Shape:
    # Slices are hashable from Python 3.12 on only, their text always is.
    key = (op, shapes, str(params) if op == "select" else params)
    shape = _SHAPES.get(key)
    if shape is None:
        xs = [np.ones(s) for s in shapes]
        shape = tuple(np.shape(evaluate(OPS[op], xs, [x.ndim for x in xs], params)))
        _SHAPES[key] = shape
    return shape


_SHAPES: dict[tuple[Any, ...], Shape] = {}


def _draw_outputs(
    draft: Draft, source: ByteSource, scope: Scope, recipe: Recipe
) -> tuple[int, ...]:
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
    if left_out or width.bits > _room(scope, recipe):
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
    at = len(draft.leaves)
    draft.leaves.append(Leaf(shape, weights, requires_grad=False))
    draft.steps = [
        Step(s.op, tuple(i if i < at else i + 1 for i in s.operands), s.params) for s in draft.steps
    ]
    draft.shapes.insert(at, shape)
    draft.widths.insert(at, LEAF_WIDTH)
    draft.bare.insert(at, False)
    draft.tracked.insert(at, False)
    draft.values.clear()
    product = draft.add(Step("mul", (last + 1, at)), shape, summed)
    return draft.add(Step("sum", (product,)), (), summed)
