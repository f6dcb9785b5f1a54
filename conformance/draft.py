"""A program while it grows: which step may follow the ones before.

Exact programs keep every number within the bits of the dtype; smooth ones keep away from kinks,
from the edges of domains and from ill-conditioned points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from conformance.draw import ByteSource, Scope
from conformance.forms import Choice
from conformance.kernels import Array
from conformance.moves import MOVES, SMOOTH_MOVES
from conformance.ops import OPS, evaluate
from conformance.program import Leaf, Step
from conformance.width import Width, result_width

Shape = tuple[int, ...]

MAX_LEAVES = 3
STEP_BYTES = 6
LEAF_BYTES = 2
POOL_BYTES = 20
SHAPES: tuple[Shape, ...] = (
    (), (2,), (3,), (2, 3), (1,), (2, 2), (3, 1), (1, 3), (2, 1, 2), (2, 2, 2), (1, 1), (0,),
    (0, 3),
)  # fmt: skip
LEAF_WIDTH = Width(size=4.0, grain=1)
BITS = {"float64": 16, "float32": 16, "float16": 5, "bfloat16": 3}

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

    def add_leaf(self, leaf: Leaf) -> int:
        """Insert one more leaf behind the others; returns its position."""
        at = len(self.leaves)
        self.leaves.append(leaf)
        self.steps = [
            Step(s.op, tuple(i + (i >= at) for i in s.operands), s.params) for s in self.steps
        ]
        self.shapes.insert(at, leaf.shape)
        self.widths.insert(at, LEAF_WIDTH)
        self.bare.insert(at, leaf.requires_grad)
        self.tracked.insert(at, leaf.requires_grad)
        self.values.clear()
        return at

    def add(self, step: Step, shape: Shape, width: Width, *, bare: bool = False) -> int:
        """Append a step; returns its position."""
        self.bare.append(bare)
        self.tracked.append(any(self.tracked[i] for i in step.operands))
        self.steps.append(step)
        self.shapes.append(shape)
        self.widths.append(width)
        return len(self.shapes) - 1


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
    if not recipe.smooth and width.bits > room(scope, recipe):
        return False
    if not _well_inside(draft, op, operands, params, recipe.smooth):
        return False
    shape = _shape(op, shapes, params)
    if len(shape) > min(scope.max_ndim, 3) or prod(shape) > 24:
        return False
    draft.add(Step(op, operands, params), shape, width, bare=bare and OPS[op].transparent)
    return True


def room(scope: Scope, recipe: Recipe) -> float:
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
