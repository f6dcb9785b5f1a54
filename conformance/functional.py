"""Derivatives of functions: what engines with and without gradient slots have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance import truth
from conformance.adapter import Adapter
from conformance.frame import check_numbers, check_slot
from conformance.kernels import Array
from conformance.nodes import Node
from conformance.program import Program
from conformance.trace import Divergence, miscounted
from conformance.var import Var
from conformance.vocabulary import VARIADIC

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
    """The program as a function of the engine's own objects; several outputs make a tuple."""
    raw = Raw(session.adapter)
    if len(program.outputs) == 1:
        return lambda *leaves: program.run(raw, leaves)[0]
    return lambda *leaves: tuple(program.run(raw, leaves))


def vjp(session: Session, program: Program, v: Array) -> list[Array | None]:
    """Pull a cotangent back through a program, by slots or by function, and check every gradient.

    Args:
        session: where the program runs.
        program: its first output has shape S.
        v: the cotangent, of shape S.

    Returns:
        What the engine gave for each leaf; None for untracked leaves and empty slots.
    """
    adapter = session.adapter
    if adapter.can("backward") or adapter.can("backward_keeping_graph"):
        leaves = session.leaves(program)
        root = program(*leaves)
        if v.size == 1 and float(v.reshape(())) == 1.0:
            root.backward()
        else:
            root.backward(session.tensor(v))
        return [_slot_of(session, x) for x in leaves]
    return _pulled(session, "vjp", program, v)[1]


def _slot_of(session: Session, x: Var) -> Array | None:
    """What the gradient slot holds, once it was checked; None if it is empty."""
    if x.entry.grad is None or not session.adapter.can("slot_value"):
        return None
    read = check_slot(session, x)
    return None if read is None else np.asarray(read)


def products(
    session: Session, program: Program, v: Array, tangents: Sequence[Array]
) -> tuple[list[Array | None], Var]:
    """Both products with the Jacobian by an engine's functional helpers: vᵀJ and J applied."""
    if not session.adapter.can("functional_vjp", "functional_jvp"):
        return _pulled(session, "vjp", program, v)[1], jvp(session, program, tangents)[1]
    pulled = _pulled(session, "functional_vjp", program, v)[1]
    return pulled, _pushed(session, "functional_jvp", program, tangents)[1]


def _pulled(
    session: Session, name: str, program: Program, v: Array
) -> tuple[list[Any], list[Array | None]]:
    """Say the phrase, which gives gradients for all leaves; those of tracked ones are checked."""
    program = first_output(program)
    expected = truth.gradients(program, v)
    primals, cotangent = primals_of(session, program), session.tensor(v)
    given = [p.handle for p in primals]
    function, paired = as_function(session, program), name == "functional_vjp"
    arguments = (program, _shape_of(primals, paired), cotangent)
    results = session.call(
        name, (function, _shape_of(given, paired), cotangent.handle), shown=arguments
    )
    if paired and (not isinstance(results, tuple | list) or len(results) != 2):
        raise miscounted(name, results, 2)
    said: Any = session.trace[-1]
    gradients = results[1] if paired else results
    if not isinstance(gradients, tuple | list) or len(gradients) != len(primals):
        raise miscounted(name, gradients, len(primals))
    if paired:
        value = truth.nodes(program)[1]
        checked(session, name, (*arguments, 0), results[0], value)
        plain_result(session, results[0], value)
    made: list[Array | None] = []
    for at, (result, node) in enumerate(zip(gradients, expected, strict=True)):
        leaf, place = program.leaves[at], (1, at) if paired else at
        left_out = node is None and result is None and not paired
        if left_out or not leaf.requires_grad:
            made.append(None)
            if paired:
                said.results.append(None)
            continue
        true = node or Node(np.zeros(leaf.shape))
        made.append(checked(session, name, (*arguments, place), result, true))
        if paired:
            plain_result(session, result, true)
    return list(gradients), made


def _shape_of(items: list[Any], paired: bool) -> Any:
    return tuple(items) if paired else items


def jvp(session: Session, program: Program, tangents: Sequence[Array]) -> tuple[Var, Var]:
    """Push one tangent for each leaf forward; gives the value and the tangent, both checked."""
    return _pushed(session, "jvp", program, tangents)


def _pushed(
    session: Session, name: str, program: Program, tangents: Sequence[Array]
) -> tuple[Var, Var]:
    program = first_output(program)
    primals = primals_of(session, program)
    directions = [session.tensor(t) for t in tangents]
    paired = name == "functional_jvp"
    arguments = (program, _shape_of(primals, paired), _shape_of(directions, paired))
    given = [_shape_of([x.handle for x in group], paired) for group in (primals, directions)]
    results = session.call(name, (as_function(session, program), *given), shown=arguments)
    expected = (truth.nodes(program)[1], truth.tangent(program, tangents))
    if not isinstance(results, tuple | list) or len(results) != 2:
        raise miscounted(name, results, 2)
    for at in range(2):
        checked(session, name, (*arguments, at), results[at], expected[at])
    return plain_result(session, results[0], expected[0]), plain_result(
        session, results[1], expected[1]
    )


def first_output(program: Program) -> Program:
    """The program with its first output only."""
    return replace(program, outputs=program.outputs[:1])


def plain_result(session: Session, handle: Any, true: Node) -> Var:
    """An untracked result, which the frame condition follows where there are flags to read."""
    entry = session.ledger.new(true.value, False, session.dtype, true)
    if session.adapter.can("requires_grad"):
        return session.adopt(handle, entry)
    return Var(session, handle, entry)


def primals_of(session: Session, program: Program) -> list[Var]:
    """New untracked leaves with the program's values."""
    return [session.tensor(leaf.value) for leaf in program.leaves]


def checked(
    session: Session, name: str, arguments: tuple[Any, ...], result: Any, expected: Node
) -> Array:
    """What a phrase gave, as an array, once its numbers were compared."""
    if result is None:
        raise Divergence(f"{name} gave None", expected=f"{expected.value}", actual="None")
    value = session.observe("value", result)
    check_numbers(session, name, arguments, value, expected, session.dtype)
    return np.asarray(value)
