"""How a backward pass is asked for, and which of the engine's phrases says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.adapter import Adapter, Unsupported

if TYPE_CHECKING:
    from conformance.var import Var


@dataclass(frozen=True, slots=True)
class Request:
    """What a backward pass is asked for, in the terms of ``torch.autograd.backward``."""

    roots: Sequence[Var]
    cotangents: Sequence[Var | None] | None
    retain_graph: bool | None
    create_graph: bool
    inputs: Sequence[Var] | None

    @property
    def keeps_graph(self) -> bool:
        """Whether what nodes keep is still there afterwards."""
        return self.create_graph if self.retain_graph is None else self.retain_graph


def spoken(adapter: Adapter, asked: Request) -> tuple[str, tuple[Any, ...]]:
    """The phrase for a backward pass into gradient slots, and its arguments.

    Raises:
        Unsupported: the engine has no phrase for this form of it.
    """
    roots, cotangents = list(asked.roots), listed(asked.cotangents)
    options = (asked.retain_graph, asked.create_graph, listed(asked.inputs))
    if len(roots) != 1:
        return "backward_all", (roots, cotangents, *options)
    v = None if cotangents is None else cotangents[0]
    wanted = {
        "cotangent": cotangents is not None,
        "retain_graph": bool(asked.retain_graph),
        "create_graph": asked.create_graph,
        "inputs": asked.inputs is not None,
    }
    missing = [slot for slot, need in wanted.items() if need]
    if adapter.can("backward", *(f"backward.{slot}" for slot in missing)):
        return "backward", (roots[0], v, *options)
    keeping = "backward_keeping_graph" + ("" if cotangents is None else ".cotangent")
    if adapter.can(keeping) and not (asked.create_graph or asked.inputs):
        return "backward_keeping_graph", (roots[0], v)
    raise Unsupported(f"backward({', '.join(missing)})")


def require(
    adapter: Adapter, asked: Request, allow_unused: bool | None, materialize_grads: bool
) -> None:
    """See that the functional form's phrase uses every option that is asked for.

    Raises:
        Unsupported: it does not.
    """
    wanted = {
        "cotangents": asked.cotangents is not None,
        "retain_graph": bool(asked.retain_graph),
        "create_graph": asked.create_graph,
        "allow_unused": bool(allow_unused),
        "materialize_grads": materialize_grads,
    }
    missing = [
        slot for slot, need in wanted.items() if need and not adapter.can(f"gradients.{slot}")
    ]
    if missing:
        raise Unsupported(f"gradients({', '.join(missing)})")


def listed(values: Sequence[Any] | None) -> list[Any] | None:
    """A list of its own, None for None."""
    return None if values is None else list(values)
