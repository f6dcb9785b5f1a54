"""What programs say of themselves."""

from __future__ import annotations

import numpy as np

from conformance import truth
from conformance.conditioning import Received
from conformance.program import Leaf, Program, Step


def test_gradients_of_unreached_leaves_are_none() -> None:
    program = Program((Leaf((), (2.0,)), Leaf((), (3.0,))), (Step("neg", (0,)),), (2,))
    reached, unreached = truth.gradients(program, np.array(1.0))
    assert isinstance(reached, Received)
    assert reached.value == -1.0
    assert unreached is None


def test_used_positions() -> None:
    program = Program(
        (Leaf((), (2.0,)), Leaf((), (3.0,), requires_grad=False)),
        (Step("neg", (0,)), Step("mul", (0, 0)), Step("neg", (2,))),
        (4,),
    )
    assert program.used == {0, 2, 4}
    assert program.tracked == (0,)
