"""Derivatives of functions: what engines with and without gradient slots have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance import truth
from conformance.adapter import VARIADIC, Adapter, Unsupported
from conformance.frame import check_numbers
from conformance.kernels import Array
from conformance.oracle import Node
from conformance.program import Program
from conformance.trace import Divergence

if TYPE_CHECKING:
    from conformance.session import Session


class Raw:
    """Applies operations to the engine's own objects, inside functions that an engine traces."""

    __slots__ = ("adapter",)

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    def apply(self, op: str, operands: Sequence[Any], params: tuple[Any, ...] = ()) -> Any:
        """The engine's result of an operation."""
        phrase = self.adapter[op]
        return phrase(list(operands), *params) if op in VARIADIC else phrase(*operands, *params)


def as_function(session: Session, program: Program) -> Callable[..., Any]:
    """The program's first output as a function of the engine's own objects."""
    raw = Raw(session.adapter)
    return lambda *leaves: program.run(raw, leaves)[0]


def vjp(session: Session, program: Program, v: Array) -> None:
    """Pull a cotangent back through a program, by slots or by function, and check every gradient.

    Args:
        session: where the program runs.
        program: its first output has shape S.
        v: the cotangent, of shape S.
    """
    expected = truth.gradients(program, v)
    if session.adapter.can("backward") or session.adapter.can("backward_keeping_graph"):
        leaves = session.leaves(program)
        root = program(*leaves)
        if v.size == 1 and float(v.reshape(())) == 1.0:
            root.backward()
        else:
            root.backward(session.tensor(v))
        return
    primals = _primals(session, program)
    cotangent = session.tensor(v)
    function = as_function(session, program)
    results = session.call(
        "vjp",
        (function, [p.handle for p in primals], cotangent.handle),
        shown=(program, primals, cotangent),
    )
    for at, (result, node) in enumerate(zip(results, expected, strict=True)):
        if program.leaves[at].requires_grad:
            _check(session, "vjp", (program, primals, cotangent, at), result, node)


def jvp(session: Session, program: Program, tangents: Sequence[Array]) -> None:
    """Push one tangent for each leaf forward, and check the value and the tangent that come out."""
    primals = _primals(session, program)
    directions = [session.tensor(t) for t in tangents]
    results = session.call(
        "jvp",
        (as_function(session, program), [p.handle for p in primals], [t.handle for t in directions]),
        shown=(program, primals, directions),
    )
    _, root = truth.nodes(program)
    arguments = (program, primals, directions)
    _check(session, "jvp", (*arguments, 0), results[0], root)
    expected = Node(truth.tangent(program, tangents), exact=root.exact)
    _check(session, "jvp", (*arguments, 1), results[1], expected)


def jacobian(session: Session, program: Program) -> None:
    """The engine's Jacobian helper on all leaves, checked block by block."""
    _blocks(session, "jacobian", program, lambda at: truth.jacobian(program, at))


def hessian(session: Session, program: Program) -> None:
    """The engine's Hessian helper on the first leaf of a program with one output element."""
    if len(program.leaves) != 1:
        raise ValueError("the Hessian is taken of programs with one leaf")
    _blocks(session, "hessian", program, lambda at: truth.hessian(program))


def _blocks(
    session: Session, name: str, program: Program, expected: Callable[[int], Array]
) -> None:
    primals = _primals(session, program)
    given = primals[0].handle if len(primals) == 1 else tuple(p.handle for p in primals)
    shown = (program, primals[0] if len(primals) == 1 else primals)
    results = session.call(name, (as_function(session, program), given), shown=shown)
    blocks = [results] if len(primals) == 1 else list(results)
    if len(blocks) != len(primals):
        raise Divergence(f"{name} gave {len(blocks)} blocks for {len(primals)} inputs")
    _, root = truth.nodes(program)
    for at, block in enumerate(blocks):
        node = Node(expected(at), exact=root.exact)
        position = None if len(primals) == 1 else at
        _check(session, name, (*shown, position), block, node)


def _primals(session: Session, program: Program) -> list[Any]:
    return [session.tensor(leaf.value) for leaf in program.leaves]


def _check(
    session: Session, name: str, arguments: tuple[Any, ...], result: Any, expected: Node | None
) -> None:
    value = session.observe("value", result) if result is not None else None
    if expected is None:
        expected = Node(np.zeros(np.shape(value)))
    if value is None:
        raise Unsupported(f"a result of {name}")
    check_numbers(session, name, arguments, value, expected, session.dtype)
