"""Jacobians and Hessians by the engine's own helpers, checked block by block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from conformance import truth
from conformance.functional import as_function, checked, first_output, plain_result, primals_of
from conformance.kernels import Array
from conformance.nodes import Node
from conformance.program import Program
from conformance.trace import miscounted
from conformance.var import Var

if TYPE_CHECKING:
    from conformance.session import Session


def jacobian(session: Session, program: Program, leaves: Sequence[Var] | None = None) -> None:
    """The engine's Jacobian helper on all leaves, checked block by block.

    Blocks are nested by output, then by input, where there are several; engines that take one
    output only differentiate the first.

    Args:
        session: where the program runs.
        program: the function.
        leaves: where to take the Jacobian; new untracked leaves if None.
    """
    name = "jacobian_blocks" if session.adapter.can("jacobian_blocks") else "jacobian"
    if name == "jacobian":
        program = first_output(program)
    primals = list(leaves or primals_of(session, program))
    results = _spoken(session, name, program, primals)
    many = len(program.outputs) > 1
    rows = _nested(results, len(program.outputs), "outputs") if many else [results]
    for output, row in enumerate(rows):
        place = (output,) if many else ()
        _check_row(
            session, name, program, primals, row, place,
            [truth.jacobian(program, at, output) for at in range(len(primals))],
        )  # fmt: skip


def hessian(session: Session, program: Program) -> None:
    """The engine's Hessian helper on all leaves of a program with one output element.

    Raises:
        Unsupported: the engine's helper takes one input only, and the program has several.
    """
    program = first_output(program)
    primals = primals_of(session, program)
    count = len(primals)
    name = "hessian" if count == 1 else "hessian_blocks"
    results = _spoken(session, name, program, primals)
    rows = _nested(results, count, "inputs") if count > 1 else [results]
    for first, row in enumerate(rows):
        place = (first,) if count > 1 else ()
        expected = [truth.hessian(program, first, second) for second in range(count)]
        _check_row(session, name, program, primals, row, place, expected)


def _spoken(session: Session, name: str, program: Program, primals: Sequence[Var]) -> Any:
    alone = len(primals) == 1
    given = primals[0].handle if alone else tuple(p.handle for p in primals)
    arguments = (as_function(session, program), given)
    return session.call(name, arguments, shown=_shown(program, primals))


def _shown(program: Program, primals: Sequence[Var]) -> tuple[Any, ...]:
    return (program, primals[0] if len(primals) == 1 else tuple(primals))


def _check_row(
    session: Session,
    name: str,
    program: Program,
    primals: Sequence[Var],
    row: Any,
    place: tuple[int, ...],
    expected: Sequence[Array],
) -> None:
    alone = len(primals) == 1
    blocks = [row] if alone else _nested(row, len(primals), "inputs")
    exact = truth.nodes(program)[1].exact
    for at, (block, value) in enumerate(zip(blocks, expected, strict=True)):
        where = place if alone else (*place, at)
        true = Node(value, exact=exact)
        checked(session, name, (*_shown(program, primals), where), block, true)
        plain_result(session, block, true)


def _nested(results: Any, count: int, what: str) -> list[Any]:
    if not isinstance(results, tuple | list) or len(results) != count:
        raise miscounted(f"the entries for {what}", results, count)
    return list(results)
