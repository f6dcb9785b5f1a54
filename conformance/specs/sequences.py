"""Any sequence: whatever a program does, in whatever order, the same rules hold throughout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from conformance.behavior import CORE, behavior, note
from conformance.entries import UNKNOWN
from conformance.frame import check_frame
from conformance.ops import OPS
from conformance.strategies import raw

RECORD = 5
LONGEST = 12
SHAPES = ((2,), (2, 2), ())
NUMBERS = (1.0, 2.0, -1.0, 0.5, 3.0, -2.0)
LARGEST = 8.0


@dataclass
class Playground:
    """The tensors a sequence may use, and what must not be done to them for exactness.

    ``bare`` tensors hand their cotangent's memory on to a leaf; ``fixed`` ones are not written.
    """

    session: object
    pool: list = field(default_factory=list)
    bare: set = field(default_factory=set)
    fixed: set = field(default_factory=set)
    products: int = 0

    def pick(self, source, wanted: Callable[[object], bool] = lambda x: True):
        """A tensor that is as wanted, the latest for byte 0; None if there is none."""
        fitting = [x for x in reversed(self.pool) if wanted(x)]
        number = source.byte()
        return fitting[number % len(fitting)] if fitting else None

    def keep(self, x, bare: bool = False):
        """Make a tensor available to later steps."""
        self.pool.append(x)
        if bare:
            self.bare.add(x.index)

    def is_bare(self, *operands) -> bool:
        return any(x.index in self.bare for x in operands)


def make_leaf(ground, source):
    shape = source.choose(SHAPES)
    values = np.array([source.choose(NUMBERS) + i % 2 for i in range(int(np.prod(shape)))])
    tracked = source.byte() % 4 != 3
    ground.keep(ground.session.tensor(values.reshape(shape), requires_grad=tracked), bare=tracked)


def compute(ground, source):
    x = ground.pick(source, small)
    other = ground.pick(source, lambda y: small(y) and x is not None and compatible(x, y))
    op = source.choose(("add", "mul", "sub", "neg", "mul_scalar", "relu", "sum"))
    if x is None or op not in ground.session.adapter.ops:
        return
    if op == "relu" and not np.all(x.true_value):
        return
    if op == "sum" and ground.is_bare(x):
        return
    binary = op in ("add", "mul", "sub")
    ground.products += op == "mul"
    if ground.products > 3:
        return
    operands = [x, other] if binary else [x]
    params = (2.0,) if op == "mul_scalar" else ()
    bare = OPS[op].transparent and ground.is_bare(*operands)
    ground.keep(ground.session.apply(op, operands, params), bare)


def view(ground, source):
    # Writing a view that was made with recording off is engine-specific.
    recording = ground.session.ledger.recording
    x = ground.pick(source, lambda x: recording and len(x.shape) > 0 and x.shape[0] > 0)
    op = source.choose(("select", "transpose"))
    if x is None or ground.is_bare(x) or op not in ground.session.adapter.ops:
        return
    if op == "transpose" and len(x.shape) < 2:
        return
    params = ((source.choose((0, slice(1, None))),),) if op == "select" else (0, 1)
    ground.keep(ground.session.apply(op, [x], params))


def write_in_place(ground, source):
    x = ground.pick(source, lambda x: may_write(ground, x))
    op = source.choose(("mul_scalar_", "add_", "copy_", "zero_", "add_scalar_"))
    operand = ground.pick(source, lambda y: fits(y, x) and small(y))
    if x is None or op not in ground.session.adapter.ops or not small(x):
        return
    if op in ("add_", "copy_") and operand is None:
        return
    params = (2.0,) if op == "mul_scalar_" else (1.0,) if op == "add_scalar_" else ()
    ground.session.write(op, x, operand if op in ("add_", "copy_") else None, params)


def write_to_leaf(ground, source):
    x = ground.pick(source, lambda x: x.entry.is_leaf and x.entry.requires_grad)
    if x is None or not ground.session.adapter.can("mul_scalar_") or not small(x):
        return
    if ground.session.ledger.recording:
        with ground.session.raises("a tracked leaf is written in place while recording"):
            x.mul_(2.0)
    else:
        x.mul_(2.0)


def detach(ground, source):
    x = ground.pick(source, lambda x: not x.entry.path)
    if x is not None and ground.session.adapter.can("detach"):
        ground.keep(x.detach())


def run_backward(ground, source, count=1):
    roots = [ground.pick(source, lambda x: x.entry.requires_grad) for _ in range(count)]
    if any(root is None for root in roots):
        return
    retain = bool(source.byte() & 1)
    session = ground.session
    cotangents = [session.tensor(cotangent(root.shape, source)) for root in roots]
    given = [
        None if root.shape == () and count == 1 else v
        for root, v in zip(roots, cotangents, strict=True)
    ]
    session.backward(roots, None if given == [None] else given, retain_graph=retain)


def run_backward_from_two(ground, source):
    if ground.session.adapter.can("backward_all"):
        run_backward(ground, source, count=2)


def change_slot(ground, source):
    x = ground.pick(source, lambda x: x.entry.is_leaf and x.entry.requires_grad)
    how = source.choose(("zero_grad", "clear_grad", "set_grad"))
    if x is None or not ground.session.adapter.can(how):
        return
    if how == "clear_grad":
        x.grad = None
    elif how == "set_grad":
        x.grad = ground.session.tensor(cotangent(x.shape, source))
    elif x.entry.grad is not None and x.entry.grad is not UNKNOWN:
        x.zero_grad()


def hook(ground, source):
    x = ground.pick(source, lambda x: x.entry.requires_grad)
    if x is not None and ground.session.adapter.can("hook"):
        ground.fixed.add(x.index)
        x.register_hook(source.choose((2.0, None, -1.0)))


def retain(ground, source):
    x = ground.pick(source, lambda x: x.entry.requires_grad and not x.entry.is_leaf)
    if x is not None and ground.session.adapter.can("retain_grad"):
        ground.fixed.add(x.index)
        x.retain_grad()


MOVES: Sequence[Callable] = (
    compute,
    run_backward,
    compute,
    make_leaf,
    compute,
    view,
    write_in_place,
    view,
    write_in_place,
    change_slot,
    detach,
    hook,
    retain,
    write_to_leaf,
    run_backward_from_two,
)


def small(x) -> bool:
    """Whether the numbers leave room for exact products and sums."""
    return bool(np.all(np.abs(x.true_value) <= LARGEST))


def may_write(ground, x) -> bool:
    """Whether writing in place is allowed: no leaf, nothing hooked, no expanded or leading view."""
    entry = x.entry
    if entry.is_leaf and entry.requires_grad:
        return False
    recording = ground.session.ledger.recording
    related = [y for y in ground.pool if y.entry.history.storage is entry.history.storage]
    return recording and not any(y.index in ground.fixed for y in related)


def fits(operand, target) -> bool:
    """Whether the operand broadcasts into the target and shares no memory with it."""
    if target is None or operand.entry.history.storage is target.entry.history.storage:
        return False
    joint = np.broadcast_shapes(operand.shape, target.shape) if compatible(operand, target) else ()
    return compatible(operand, target) and joint == target.shape


def compatible(a, b) -> bool:
    pairs = zip(reversed(a.shape), reversed(b.shape), strict=False)
    return all(m == n or 1 in (m, n) for m, n in pairs)


def cotangent(shape, source) -> np.ndarray:
    """Small numbers, no two neighbours alike."""
    start = source.choose(NUMBERS)
    return np.array([start + i for i in range(int(np.prod(shape)))]).reshape(shape)


@behavior(
    "session.any-sequence-follows-the-rules",
    "After every step of any sequence of operations, views, in-place writes, detachments, hooks, "
    "mode changes and backward passes, every tensor, flag and gradient is what the rules say.",
    level=CORE,
    sources=[note("autograd")],
    given={"choices": raw(RECORD * LONGEST + LONGEST)},
    requires=[
        "graph.second-backward-raises-when-saved",
        "roots.sum-of-contributions",
        "inputs.restrict-accumulation",
        "accumulation.assigned-tensor-is-adopted-and-mutated",
        "accumulation.zeroing-in-place-restarts",
        "detach.shares-memory-both-ways",
        "modes.nesting-restores-previous",
        "view.mutation-of-base-reaches-all-views",
        "inplace.saved-operand-mutated-raises",
        "hooks.removal",
        "retain-grad.populates-nonleaf",
    ],
    examples=2.0,
)
def any_sequence_follows_the_rules(session, choices):
    ground = Playground(session)
    ground.keep(session.tensor([1.0, 2.0], requires_grad=True), bare=True)
    records = [choices.take(RECORD) for _ in range(LONGEST)]
    for record in records:
        number = record.byte()
        if number < 64:
            continue
        move = MOVES[(number - 64) % len(MOVES)]
        if number % 8 == 7 and session.adapter.can("no_grad"):
            with session.no_grad():
                move(ground, record)
        else:
            move(ground, record)
        check_frame(session)
