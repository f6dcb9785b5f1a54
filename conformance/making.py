"""Making tensors by other ways than from numbers and a flag, and tensors that are not floating."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapter import Unsupported
from conformance.judge import judge
from conformance.kernels import Array
from conformance.trace import Check, Divergence

if TYPE_CHECKING:
    from conformance.session import Session
    from conformance.var import Var


def plain(session: Session, value: Array) -> Var:
    """A new tensor, without a word about tracking."""
    adapter, name = session.adapter, session.dtype
    array = np.asarray(value, dtype=name)
    handle = session.call(
        "plain_tensor",
        (array, adapter.dtype_objects[name], adapter.device),
        shown=(array, name, adapter.device),
    )
    return session.adopt(handle, session.ledger.new(array.astype(np.float64), False, name))


def filled(
    session: Session, shape: tuple[int, ...], number: float, requires_grad: bool = False
) -> Var:
    """A new tensor of this shape, full of one number."""
    adapter, name = session.adapter, session.dtype
    handle = session.call(
        "filled",
        (shape, number, adapter.dtype_objects[name], adapter.device, requires_grad),
        shown=(shape, number, name, adapter.device, requires_grad),
    )
    return session.adopt(handle, session.ledger.new(np.full(shape, number), requires_grad, name))


def filled_like(session: Session, x: Var, number: float) -> Var:
    """A new tensor of the shape and dtype of ``x``, full of one number."""
    handle = session.call("filled_like", (x.handle, number), shown=(x, number))
    value = np.full(x.shape, number)
    return session.adopt(handle, session.ledger.new(value, False, x.entry.dtype))


def greater(session: Session, x: Var, number: float) -> Var:
    """Where ``x`` exceeds a number, as a boolean tensor without history."""
    handle = session.call("greater", (x.handle, number), shown=(x, number))
    value = (x.true_value > number).astype(np.float64)
    return session.adopt(handle, session.ledger.new(value, False, "bool"))


def discretized(session: Session, x: Var, dtype: str) -> Var:
    """``x`` converted to an integer or boolean dtype, which has no history.

    Raises:
        Unsupported: the engine lacks the dtype.
    """
    if dtype not in session.adapter.dtype_objects:
        raise Unsupported(f"dtype {dtype}")
    handle = session.call(
        "cast", (x.handle, session.adapter.dtype_objects[dtype]), shown=(x, dtype)
    )
    value = x.true_value != 0 if dtype == "bool" else np.trunc(x.true_value)
    return session.adopt(handle, session.ledger.new(value.astype(np.float64), False, dtype))


def negated(session: Session, x: Var, count: int) -> Var:
    """``x`` negated ``count`` times, a deep graph that is recorded here as one instruction."""
    handle = session.call("negated", (x.handle, count), shown=(x, count))
    sign = -1.0 if count % 2 else 1.0
    entry = session.ledger.apply("mul_scalar", [x.entry], (sign,), x.entry.dtype)
    return session.adopt(handle, entry)


def number(session: Session, x: Var) -> float:
    """The one element of ``x`` as a Python number."""
    return float(_read_number(session, x))


def times_number(x: Var, source: Var) -> Var:
    """``x`` times the one element of ``source``, taken out as a number of the engine's own making.

    What it is multiplied by is that very object, not a copy, so that a history in it would show.
    """
    session = x.session
    own = _read_number(session, source)
    value = float(own)
    plain = value if isinstance(own, np.generic | np.ndarray) else own
    number = session.adopt(plain, session.ledger.new(np.asarray(value), False, session.dtype))
    number.watched = False  # it is no tensor
    handle = session.call("mul_scalar", (x.handle, number.handle), shown=(x, number))
    return session.adopt(
        handle, session.ledger.apply("mul_scalar", [x.entry], (value,), x.entry.dtype)
    )


def _read_number(session: Session, x: Var) -> Any:
    """What the engine gives as the one element of ``x``, once it was judged."""
    number = session.call("to_number", (x.handle,), shown=(x,))
    verdict = judge(np.asarray(number).reshape(x.shape), x.entry.node, x.entry.dtype)
    if not verdict.right:
        shown = float(x.true_value.reshape(()))
        check = Check("to_number", (x,), np.asarray(shown), verdict.tolerance)
        raise Divergence(
            "the number is wrong", expected=str(shown), actual=str(number), check=check
        )
    return number
