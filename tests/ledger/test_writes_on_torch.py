"""Single rules about writes, views and modes that random sequences meet too rarely."""

from __future__ import annotations

import numpy as np
import pytest
from conformance.adapters.torch import Torch

from conformance.entries import UNKNOWN
from conformance.ledger import Outcome
from conformance.session import Session

TORCH = Torch()


@pytest.fixture
def session() -> Session:
    return Session(TORCH)


def test_a_write_through_a_view_reaches_base_and_siblings(session: Session) -> None:
    x = session.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    base = x * 1.0
    row, column = base[0], base.apply("select", (slice(None), 0))
    row.mul_(10.0)
    np.testing.assert_array_equal(base.true_value, [[10.0, 20.0], [3.0, 4.0]])
    np.testing.assert_array_equal(column.true_value, [10.0, 3.0])
    assert base.entry.history.storage.version == column.handle._version == 1
    column.sum().backward()
    np.testing.assert_array_equal(x.entry.grad.value, [[10.0, 0.0], [1.0, 0.0]])
    session.finish()


def test_a_write_through_a_detached_alias_changes_values_only(session: Session) -> None:
    x = session.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3.0
    y.detach().mul_(2.0)
    np.testing.assert_array_equal(y.true_value, [6.0, 12.0])
    y.sum().backward()
    np.testing.assert_array_equal(x.entry.grad.value, [3.0, 3.0])
    session.finish()


def test_a_kept_value_that_was_written_makes_the_pass_fail(session: Session) -> None:
    x = session.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1.0
    z = (y * y).sum()
    y.mul_(2.0)
    assert session.backward([z]) is Outcome.MODIFIED
    assert x.entry.grad is UNKNOWN


def test_an_untracked_target_takes_on_the_history_of_what_is_written(session: Session) -> None:
    x = session.tensor([2.0, 3.0], requires_grad=True)
    buffer = session.tensor([0.0, 0.0])
    buffer.copy_(x)
    assert buffer.entry.requires_grad
    assert not buffer.entry.is_leaf
    buffer.sum().backward()
    np.testing.assert_array_equal(x.entry.grad.value, [1.0, 1.0])
    session.finish()


def test_nothing_is_recorded_inside_no_grad(session: Session) -> None:
    x = session.tensor([2.0], requires_grad=True)
    with session.no_grad():
        y = x * x
        x.mul_(2.0)
    assert not y.entry.requires_grad
    assert x.entry.is_leaf
    assert x.entry.history.storage.version == x.handle._version == 1
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.entry.grad.value, [8.0])
    session.finish()


def test_torch_views_made_inside_no_grad_report_the_flag_of_their_base(session: Session) -> None:
    """Where torch leaves its documentation, by which results of this mode are untracked."""
    x = session.tensor([1.0, 2.0], requires_grad=True)
    with session.no_grad():
        part = x[0]
    assert not part.entry.requires_grad
    assert part.handle.requires_grad
