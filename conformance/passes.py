"""Backward passes: running them on the engine and predicting what they leave behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapter import Unsupported
from conformance.entries import UNKNOWN, Entry, result
from conformance.kernels import Array
from conformance.ledger import Outcome
from conformance.nodes import Node
from conformance.pass_phrases import Request, listed, require, spoken
from conformance.pass_plan import Pass, flow, foresee
from conformance.trace import PRESENT, Check, Divergence, EngineError, miscounted, told

if TYPE_CHECKING:
    from conformance.session import Session
    from conformance.var import Var


def backward(
    session: Session,
    roots: Sequence[Var],
    cotangents: Sequence[Var | None] | None = None,
    *,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Sequence[Var] | None = None,
    may_copy: bool = False,
) -> Outcome:
    """A backward pass that accumulates into gradient slots.

    With ``may_copy`` the right gradient is as good as a refusal where a kept value was written to.

    Returns:
        What the pass did: it succeeded, or, where it may do either, was refused.

    Raises:
        Divergence: the engine refused a pass that is bound to succeed, or the reverse.
    """
    asked = Request(roots, cotangents, retain_graph, create_graph, inputs)
    name, arguments = spoken(session.adapter, asked)
    plan = foresee(session.ledger, asked)
    if name == "backward_keeping_graph" and plan.outcome is Outcome.FREED:
        if session.expecting:
            raise Unsupported("a backward pass that frees the graph")
        plan = replace(plan, outcome=Outcome.SUCCEEDS)
    if may_copy and plan.outcome is Outcome.MODIFIED:
        plan = replace(plan, outcome=Outcome.EITHER)
    refused = _run(session, name, arguments, plan)
    if isinstance(refused, Outcome):
        return refused
    _settle(session, plan)
    return Outcome.SUCCEEDS


def gradients(
    session: Session,
    outputs: Sequence[Var],
    inputs: Sequence[Var],
    cotangents: Sequence[Var | None] | None = None,
    *,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> list[Var | None]:
    """The functional form: gradients of the outputs with respect to ``inputs``, slots untouched.

    Returns:
        One gradient for each input, None where there is none; nothing but None where the pass may
        be refused, and was.
    """
    asked = Request(outputs, cotangents, retain_graph, create_graph, inputs)
    plan = foresee(session.ledger, asked)
    require(session.adapter, asked, allow_unused, materialize_grads)
    arguments = (
        list(outputs), list(inputs), listed(cotangents), retain_graph, create_graph,
        allow_unused, materialize_grads,
    )  # fmt: skip
    handles = _run(session, "gradients", arguments, plan)
    if isinstance(handles, Outcome):
        return [None] * len(inputs)
    _mark_freed(session, plan)
    if not isinstance(handles, tuple | list) or len(handles) != len(inputs):
        raise miscounted("gradients", handles, len(inputs))
    results: list[Any] = []
    session.trace[-1].results = results
    made: list[Var | None] = []
    totals = flow(session.ledger, plan, [x.entry for x in inputs])
    for x, handle in zip(inputs, handles, strict=True):
        entry = _gradient_of(plan, x.entry, totals, materialize_grads)
        if entry is None or handle is None:
            if (entry is None) != (handle is None) and not (entry and entry.optional):
                raise _disagreement(len(made), entry, handle)
            results.append(None)
            made.append(None)
            continue
        made.append(session.adopt(handle, entry))
    return made


def _disagreement(position: int, entry: Entry | None, handle: Any) -> Divergence:
    return Divergence(
        "an unused input has no gradient, a used one has",
        expected="None" if entry is None else f"{entry.value}",
        actual="None" if handle is None else "a tensor",
        check=Check("entry", (position,), None if entry is None else PRESENT),
    )


def retain_grad(session: Session, x: Var) -> None:
    """Ask for an intermediate's gradient to be stored."""
    session.call("retain_grad", (x.handle,), shown=(x,))
    x.entry.retains = x.entry.retains or not x.entry.is_leaf


def _handles(value: Any) -> Any:
    """Variables replaced by the engine's own objects, inside lists too."""
    if isinstance(value, list):
        return [_handles(item) for item in value]
    return getattr(value, "handle", value)


def _call(session: Session, name: str, arguments: Sequence[Any]) -> Any:
    return session.call(name, tuple(map(_handles, arguments)), shown=tuple(arguments))


def _run(session: Session, name: str, arguments: tuple[Any, ...], plan: Pass) -> Any:
    """Say the phrase; gives the outcome instead where a refusal is one of two right ways."""
    expecting, adapter = session.expecting, session.adapter
    session.expecting = expecting or plan.outcome is not Outcome.SUCCEEDS
    try:
        result = _call(session, name, arguments)
    except EngineError as caught:
        if plan.outcome is Outcome.SUCCEEDS and isinstance(caught.error, adapter.refusals):
            raise
        _taint(session, plan, slots=name != "gradients")
        if expecting:
            raise
        session.trace[-1].raises = True
        if not isinstance(caught.error, adapter.refusals):
            raise Divergence(
                f"{name} raised {type(caught.error).__name__}",
                expected=f"{adapter.refusal}: it {plan.outcome.value}",
                actual=told(caught.error),
            ) from caught
        return plan.outcome
    finally:
        session.expecting = expecting
    if plan.outcome not in (Outcome.SUCCEEDS, Outcome.EITHER) and not expecting:
        raise Divergence(
            f"no error was raised, although a backward pass {plan.outcome.value}",
            expected=f"an error: it {plan.outcome.value}",
            actual="no error",
        )
    return result


def _taint(session: Session, plan: Pass, *, slots: bool) -> None:
    """After a pass that failed midway: what it may have reached is unknown, and may be freed."""
    reached = {node.id for node in plan.reach}
    for x in session.vars:
        if slots and x.entry.source.id in reached:
            if isinstance(x.entry.grad, Entry):
                x.entry.grad.history.storage.known = False
            x.entry.grad = UNKNOWN
    for node in plan.visited:
        if node.id in session.ledger.kept and not plan.keeps_graph:
            session.ledger.freed.add(node.id)
            session.ledger.surely_keeps.discard(node.id)
    for record in session.hooks:
        record.certain = False


def _settle(session: Session, plan: Pass) -> None:
    """What a pass that succeeded leaves in slots, nodes and hooks."""
    filled = _filled(session, plan)
    totals = flow(session.ledger, plan, filled)
    _mark_freed(session, plan)
    for entry in filled:
        if plan.targets is not None and not entry.is_leaf:
            entry.retains = True
        found = totals.get(entry.source.id)
        if found is not None:
            node = plan.gradient(entry, found[1])
            optional = plan.optional(entry.source, found[1])
            session.ledger.accumulate(entry, node, plan.create_graph, optional=optional)


def _filled(session: Session, plan: Pass) -> list[Entry]:
    """The entries whose slots the pass adds to."""
    if plan.targets is not None:
        return list({id(entry): entry for entry in plan.targets}.values())
    entries = {id(x.entry): x.entry for x in session.vars}.values()
    return [e for e in entries if e.requires_grad and (e.is_leaf or e.retains)]


def _gradient_of(
    plan: Pass, entry: Entry, totals: dict[int, tuple[Array, Array]], materialize: bool
) -> Entry | None:
    found = totals.get(entry.source.id)
    if found is None and not materialize:
        return None
    tracked = plan.create_graph and found is not None
    zeros = Node(np.zeros(entry.value.shape))
    made = result(zeros if found is None else plan.gradient(entry, found[1]), tracked, entry.dtype)
    made.flags_known = not tracked and not materialize
    made.optional = found is not None and plan.optional(entry.source, found[1])
    return made


def _mark_freed(session: Session, plan: Pass) -> None:
    if not plan.keeps_graph:
        session.ledger.free(plan.visited, plan.certain)
