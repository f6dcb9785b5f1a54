"""The ledger beside torch: values, flags, versions and gradients after every step of a sequence."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from conformance.adapters.torch import Torch
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.draw import ByteSource
from conformance.entries import UNKNOWN, Entry
from conformance.session import Session
from conformance.var import Var

TORCH = Torch()
SHAPES = ((2,), (2, 2), ())
NUMBERS = (1.0, 2.0, -1.0, 0.5, 3.0)
VIEWS: tuple[tuple[str, int, tuple[Any, ...]], ...] = (
    ("select", 1, ((0,),)),
    ("select", 1, ((slice(1, None),),)),
    ("transpose", 2, (0, 1)),
    ("unsqueeze", 0, (0,)),
    ("permute", 2, ((1, 0),)),
)
STEP_BYTES = 5
STEPS = 14
LARGEST = 64.0


@dataclass
class Play:
    """A session under way: the tensors that steps may use, and those that must not be written."""

    session: Session = field(default_factory=lambda: Session(TORCH))
    pool: list[Var] = field(default_factory=list)
    fixed: set[int] = field(default_factory=set)
    happened: set[str] = field(default_factory=set)

    def pick(self, source: ByteSource) -> Var:
        """One of the tensors, the latest for byte 0."""
        return self.pool[-1 - source.below(len(self.pool))]

    def partner(self, source: ByteSource, x: Var, *, grow: bool) -> Var:
        """A tensor that broadcasts against ``x``, or into it."""
        start = source.byte()
        for shift in range(len(self.pool)):
            y = self.pool[(start + shift) % len(self.pool)]
            try:
                shape = np.broadcast_shapes(x.shape, y.shape)
            except ValueError:
                continue
            if len(shape) <= 2 and (grow or shape == x.shape) and small(y):
                return y
        return x

    def writable(self, x: Var) -> bool:
        """Whether torch lets this tensor be written here."""
        if x.index in self.fixed or not small(x):
            return False
        base = next(y for y in self.pool if y.entry.history is x.entry.history)
        leaf = any(y.is_tracked_leaf for y in map(State, (x, base)))
        return not (leaf and self.session.ledger.recording)


class State:
    """What the ledger says of a tensor."""

    def __init__(self, x: Var) -> None:
        self.entry = x.entry

    @property
    def is_tracked_leaf(self) -> bool:
        return self.entry.requires_grad and self.entry.is_leaf


def small(x: Var) -> bool:
    return bool(np.all(np.abs(x.true_value) <= LARGEST))


def leaf(play: Play, source: ByteSource) -> None:
    shape = source.choose(SHAPES)
    tracked = not source.flag(3)
    values = np.array([source.choose(NUMBERS) + i % 2 for i in range(int(np.prod(shape)))])
    play.pool.append(play.session.tensor(values.reshape(shape), requires_grad=tracked))


def compute(play: Play, source: ByteSource) -> None:
    op = source.choose(("mul", "add", "neg", "sub", "mul_scalar", "sum", "clone"))
    x = play.pick(source)
    if not small(x):
        return
    binary = op in ("mul", "add", "sub")
    operands = [x, play.partner(source, x, grow=True)] if binary else [x]
    play.pool.append(play.session.apply(op, operands, (2.0,) if op == "mul_scalar" else ()))


def view(play: Play, source: ByteSource) -> None:
    op, rank, params = source.choose(VIEWS)
    x = play.pick(source)
    if len(x.shape) < rank or (len(x.shape) >= 2 and op == "unsqueeze") or 0 in x.shape:
        return
    if not play.session.ledger.recording:
        # In torch these report their base's flag: see the test of such views below.
        return
    made = play.session.apply(op, [x], params)
    play.pool.append(made)
    if x.index in play.fixed:
        play.fixed.add(made.index)


def write(play: Play, source: ByteSource) -> None:
    op = source.choose(("mul_", "add_", "mul_scalar_", "copy_", "neg_", "zero_", "put_"))
    x = play.pick(source)
    if not play.writable(x) or (op == "put_" and (not x.shape or 0 in x.shape)):
        return
    if op == "put_":
        y = next((y for y in play.pool if y.shape == x.shape[1:] and small(y)), None)
        if y is not None and y.entry.history is not x.entry.history:
            play.session.write(op, x, y, ((0,),))
            play.happened.add("wrote")
        return
    if op in ("mul_", "add_", "copy_"):
        y = play.partner(source, x, grow=False)
        if y.entry.history.storage is x.entry.history.storage and y is not x:
            return
        play.session.write(op, x, y)
    else:
        play.session.write(op, x, None, (2.0,) if op == "mul_scalar_" else ())
    play.happened.add("wrote to a view" if x.entry.path else "wrote")


def detach(play: Play, source: ByteSource) -> None:
    x = play.pick(source)
    made = x.detach()
    play.pool.append(made)
    if x.index in play.fixed or x.entry.path:
        play.fixed.add(made.index)
    play.happened.add("detached")


def backward(play: Play, source: ByteSource) -> None:
    tracked = [x for x in play.pool if x.entry.requires_grad and small(x)]
    if not tracked or not all(small(x) for x in play.pool):
        return
    root = tracked[-1 - source.below(len(tracked))]
    retain = not source.flag(3)
    seed = play.session.tensor(np.resize([1.0, 2.0, -1.0], root.shape))
    outcome = play.session.backward([root], [seed], retain_graph=retain)
    play.happened.add(f"backward: {outcome.name}")


ACTIONS = (compute, view, write, detach, backward, compute, write, leaf)


def assert_as_torch_says(play: Play) -> None:
    """Every field of every tensor, read off torch itself."""
    for x in play.pool:
        entry, tensor = x.entry, x.handle
        np.testing.assert_array_equal(tensor.detach().clone().numpy(), entry.value)
        assert tensor.requires_grad == entry.requires_grad
        assert tensor.is_leaf == entry.is_leaf
        assert tensor._version == entry.history.storage.version
        if not entry.is_leaf or entry.grad is UNKNOWN:
            continue
        if entry.grad is None:
            assert tensor.grad is None
        else:
            assert isinstance(entry.grad, Entry)
            np.testing.assert_array_equal(tensor.grad.numpy(), entry.grad.value)


def run(data: bytes) -> Play:
    """A sequence of steps, some inside blocks that record nothing, checked after each."""
    play = Play()
    leaf(play, ByteSource(data[:6]))
    with ExitStack() as blocks:
        for number in range(STEPS):
            start = 6 + number * STEP_BYTES
            source = ByteSource(data[start : start + STEP_BYTES])
            mode = source.byte() % 16
            if mode == 15:
                blocks.enter_context(play.session.no_grad())
                play.happened.add("no_grad")
            elif mode in (12, 13, 14):
                blocks.close()
            ACTIONS[source.below(len(ACTIONS))](play, source)
            assert_as_torch_says(play)
    return play


@given(st.binary(min_size=6 + STEPS * STEP_BYTES, max_size=6 + STEPS * STEP_BYTES))
@settings(max_examples=500, deadline=None, database=None, derandomize=True)
def test_any_sequence(data: bytes) -> None:
    run(data)


def test_sequences_reach_everything_worth_comparing() -> None:
    from random import Random

    stream = Random(9)
    happened: set[str] = set()
    for _ in range(400):
        happened |= run(stream.randbytes(6 + STEPS * STEP_BYTES)).happened
    assert happened >= {
        "wrote", "wrote to a view", "detached", "no_grad", "backward: SUCCEEDS", "backward: FREED",
        "backward: MODIFIED",
    }  # fmt: skip
