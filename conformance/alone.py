"""One operation on its own, on operands of any shape and layout that it takes.

Long programs meet each operation rarely, and each of its cases more rarely still; here every
operation is as likely as any other, and those with many cases more likely.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from conformance.decoder import EXACT_NUMBERS, SMOOTH_NUMBERS, usable_ops
from conformance.draft import LEAF_WIDTH, Draft, Recipe, Shape, try_step
from conformance.draw import ByteSource, Scope
from conformance.moves import BROADCASTING, SMOOTH_OPS
from conformance.pairing import fits_second
from conformance.program import Leaf, Program, Step

BY_RANK: tuple[tuple[Shape, ...], ...] = (
    ((),),
    ((2,), (3,), (1,), (4,), (3,), (0,)),
    (
        (2, 3), (3, 3), (2, 2), (3, 1), (1, 3), (3, 2), (3, 3), (4, 2), (2, 2), (1, 1), (0, 3),
        (2, 0),
    ),
    ((2, 2, 2), (2, 1, 2), (2, 3, 4), (1, 2, 1), (2, 2, 3), (1, 2, 3), (2, 3, 1), (3, 3, 2)),
)  # fmt: skip
CHOICES = 11
RANKS = (1, 2, 3, 2, 0, 2, 3, 1)
NUMBERS = 16
WIDTH = CHOICES + NUMBERS
MANY_CASES = (
    *("matmul",) * 7, *("sum_axis",) * 6, *("index_select",) * 6, *("permute",) * 4,
    *("mean_axis",) * 3, *("select",) * 3, *("gather",) * 3, *("reshape",) * 3, *("pow",) * 2,
    *("div",) * 2, *("expand",) * 2, *("concat",) * 2, *("cumsum",) * 2, "where", "transpose",
    "unbind",
)  # fmt: skip
POSITIVE = frozenset(("log", "sqrt", "pow"))


def decode_alone(source: ByteSource, scope: Scope, bits: float, twice: bool) -> Program:
    """A program of one operation; now and then its result is seen transposed.

    Where ``twice``, it has one tensor for both of its operands. An engine that has no operation to
    try gets a product, which it has no phrase for.
    """
    exact = usable_ops(scope.ops, False, frozenset(), None)
    smooth = tuple(op for op in SMOOTH_OPS if op in scope.ops)
    ops = (*exact, *smooth, *(op for op in MANY_CASES if op in scope.ops))
    if twice:
        ops = tuple(op for op in ops if fits_second(op) is not None)
    if not ops:
        return _product(twice)
    op = ops[source.byte() % len(ops)]
    rank, start = RANKS[source.byte() % len(RANKS)], source.byte()
    choices, numbers = source.take(CHOICES - 3), source.take(NUMBERS)
    shapes = [shape for group in BY_RANK[: scope.max_ndim + 1] for shape in group]
    group = BY_RANK[min(rank, scope.max_ndim)]
    at = start % len(group)
    for shape in (*group[at:], *group[:at], *shapes):
        choices.position = 0
        draft = _draft(op, shape, () if twice else shapes, choices, numbers, scope, bits)
        if draft is not None:
            _turn(draft, choices, scope)
            return Program(
                tuple(draft.leaves), tuple(draft.steps), (len(draft.shapes) - 1,), op in exact
            )
    return _product(twice)


def _product(twice: bool) -> Program:
    """The product of two numbers, or of one with itself."""
    leaf = Leaf((), (2.0,))
    if twice:
        return Program((leaf,), (Step("mul", (0, 0)),), (1,))
    return Program((leaf, leaf), (Step("mul", (0, 1)),), (2,))


def _draft(
    op: str,
    shape: Shape,
    shapes: Sequence[Shape],
    choices: ByteSource,
    numbers: ByteSource,
    scope: Scope,
    bits: float,
) -> Draft | None:
    """The operation on an operand of this shape and one of the others, itself if there are none.

    None if the operation takes no such operands.
    """
    traits, pick = choices.byte(), choices.byte()
    operands: tuple[int, ...] = (0,)
    wanted = [shape]
    fits = fits_second(op)
    if fits is not None:
        partners = [other for other in (shape, *shapes) if fits(shape, other)]
        if not partners:
            return None
        if op == "matmul":  # a missing transposition shows by the shape unless it is square
            partners += [b for b in partners if len(b) > 1 and b[-1] == b[-2] > 1] * 3
        operands = (0, 1) if shapes else (0, 0)
        if shapes:
            wanted.append(partners[pick // 2 % len(partners)])
        if op in BROADCASTING and traits & 64:
            operands = operands[::-1]
    smooth = op in SMOOTH_OPS
    leaves = _leaves(op, wanted, traits, numbers, smooth, scope)
    tracked = [leaf.requires_grad for leaf in leaves]
    draft = Draft(leaves, [], wanted, [LEAF_WIDTH] * len(leaves), tracked, tracked[:])
    recipe = Recipe(smooth=smooth, guarded=False, bits=0.0 if smooth else bits)
    return draft if try_step(draft, choices, op, operands, scope, recipe) else None


def _leaves(
    op: str, shapes: Sequence[Shape], traits: int, numbers: ByteSource, smooth: bool, scope: Scope
) -> list[Leaf]:
    """Leaves of these shapes; at least one is tracked, and each may lie in memory backwards."""
    offered = SMOOTH_NUMBERS if smooth else EXACT_NUMBERS
    constant = traits % 8 if scope.untracked and len(shapes) == 2 else len(shapes)
    pool = numbers.data.ljust(NUMBERS, b"\0")
    leaves, drawn = [], 0
    for place, shape in enumerate(shapes):
        at = range(drawn, drawn + prod(shape))
        drawn += prod(shape)
        values = [offered[(pool[i % NUMBERS] + i // NUMBERS) % len(offered)] for i in at]
        if op in POSITIVE:
            values = [abs(value) for value in values]
        strided = bool(traits >> (3 + place) & 1)
        leaves.append(Leaf(shape, tuple(values), place != constant, strided))
    return leaves


def _turn(draft: Draft, choices: ByteSource, scope: Scope) -> None:
    """Show the result with its axes in reverse, so that its cotangent is laid out otherwise."""
    shape = draft.shapes[-1]
    if len(shape) < 2 or "permute" not in scope.ops or choices.data[-1:] < b"\x80":
        return
    backwards = tuple(reversed(range(len(shape))))
    last = len(draft.shapes) - 1
    draft.add(Step("permute", (last,), (backwards,)), shape[::-1], draft.widths[-1])
