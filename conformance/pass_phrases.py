"""How a backward pass is said: which of the engine's phrases, with which arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from conformance.adapter import Adapter, Unsupported

if TYPE_CHECKING:
    from conformance.var import Var


def spoken(
    adapter: Adapter,
    roots: Sequence[Var],
    cotangents: Sequence[Var | None] | None,
    retain_graph: bool | None,
    create_graph: bool,
    inputs: Sequence[Var] | None,
) -> tuple[str, tuple[Any, ...]]:
    """The phrase for a backward pass and its arguments.

    Raises:
        Unsupported: the engine has no phrase for this form of it.
    """
    wanted = {
        "cotangent": cotangents is not None,
        "retain_graph": bool(retain_graph),
        "create_graph": create_graph,
        "inputs": inputs is not None,
    }
    only = None if inputs is None else list(inputs)
    if len(roots) != 1:
        given = (list(roots), listed(cotangents), retain_graph, create_graph, only)
        return "backward_all", given
    v = None if cotangents is None else cotangents[0]
    if adapter.can("backward", *(f"backward.{slot}" for slot, need in wanted.items() if need)):
        return "backward", (roots[0], v, retain_graph, create_graph, only)
    keeping = "backward_keeping_graph" + ("" if cotangents is None else ".cotangent")
    if adapter.can(keeping) and not (create_graph or inputs):
        return "backward_keeping_graph", (roots[0], v)
    missing = [slot for slot, need in wanted.items() if need]
    raise Unsupported(f"backward({', '.join(missing)})")


def require(
    adapter: Adapter,
    cotangents: Sequence[Var | None] | None,
    retain_graph: bool | None,
    create_graph: bool,
    allow_unused: bool | None,
    materialize_grads: bool,
) -> None:
    """See that the functional form's phrase uses every option that is asked for.

    Raises:
        Unsupported: it does not.
    """
    wanted = {
        "cotangents": cotangents is not None,
        "retain_graph": bool(retain_graph),
        "create_graph": create_graph,
        "allow_unused": bool(allow_unused),
        "materialize_grads": materialize_grads,
    }
    missing = [slot for slot, need in wanted.items() if need]
    missing = [slot for slot in missing if not adapter.can(f"gradients.{slot}")]
    if missing:
        raise Unsupported(f"gradients({', '.join(missing)})")


def listed(values: Sequence[Var | None] | None) -> list[Var | None] | None:
    """A list of its own, None for None."""
    return None if values is None else list(values)
