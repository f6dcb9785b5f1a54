"""The two ways to ask for a pass: ``backward`` fills slots, ``grad`` returns gradients.

https://docs.pytorch.org/docs/stable/autograd.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from . import accumulation, arguments, graph, reverse
from .errors import UnusedInputError

if TYPE_CHECKING:
    from .graph import Edge
    from .tensors import Tensor

Tensors: TypeAlias = "Tensor | Sequence[Tensor]"
Seeds: TypeAlias = "Tensor | Sequence[Tensor | None] | None"


def backward(
    tensors: Tensors,
    grad_tensors: Seeds = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensors | None = None,
) -> None:
    """Add the gradients of the roots ``tensors`` to the leaves, or to ``inputs`` alone.

    Raises:
        UntrackedRootError, NonScalarRootError, SeedMismatchError, UntrackedInputError: refused
            before anything ran.
        GraphFreedError, ModifiedSavedTensorError: met on the way.
    """
    roots = arguments.listed(tensors)
    wanted = None if inputs is None else arguments.restricted_inputs(inputs)
    seeds = arguments.seeds_for(roots, grad_tensors, create_graph)
    edges = None if wanted is None else [graph.edge_to(tensor) for tensor in wanted]
    captured = reverse.run(
        reverse.Pass(
            reverse.root_edges(roots),
            seeds,
            create_graph if retain_graph is None else retain_graph,
            create_graph,
            None if edges is None else frozenset(edge for edge in edges if edge is not None),
        )
    )
    if wanted is not None and edges is not None:
        fill_intermediates(wanted, edges, captured, create_graph)


def fill_intermediates(
    wanted: list[Tensor],
    edges: Sequence[Edge | None],
    captured: dict[Edge, Tensor],
    create_graph: bool,
) -> None:
    """Store the gradients of requested intermediates; leaves were filled on the way."""
    done = set()
    for tensor, edge in zip(wanted, edges, strict=True):
        if edge is None or edge in done or edge not in captured or tensor.node is None:
            continue
        done.add(edge)
        if not tensor.retained:
            accumulation.keep(tensor, captured[edge])


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Seeds = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of ``outputs`` with respect to ``inputs``, in the order of ``inputs``.

    An input that the outputs do not depend on is an error, None with ``allow_unused``, and zeros
    with ``materialize_grads``. No ``grad`` is read or written.

    Raises:
        ValueError: ``materialize_grads`` together with ``allow_unused=False``.
        UntrackedRootError, NonScalarRootError, SeedMismatchError, UntrackedInputError: refused
            before anything ran.
        UnusedInputError: an unused input.
    """
    if allow_unused is False and materialize_grads:
        raise ValueError(
            "expected allow_unused to be True or not passed when materialize_grads=True"
        )
    roots, wanted = arguments.listed(outputs), arguments.listed(inputs)
    arguments.check_inputs(wanted)
    seeds = arguments.seeds_for(roots, grad_outputs, create_graph)
    edges = [graph.edge_to(tensor) for tensor in wanted]
    captured = reverse.run(
        reverse.Pass(
            reverse.root_edges(roots),
            seeds,
            create_graph if retain_graph is None else retain_graph,
            create_graph,
            frozenset(edge for edge in edges if edge is not None),
            capture=True,
        )
    )
    found = [None if edge is None else captured.get(edge) for edge in edges]
    return tuple(
        gradient_or_substitute(
            gradient, place, tensor, bool(allow_unused), materialize_grads, create_graph
        )
        for place, (gradient, tensor) in enumerate(zip(found, wanted, strict=True))
    )


def gradient_or_substitute(
    gradient: Tensor | None,
    place: int,
    tensor: Tensor,
    allow_unused: bool,
    materialize: bool,
    create_graph: bool,
) -> Tensor | None:
    """The gradient, or what stands in for it where the input was not used."""
    if gradient is not None:
        return gradient
    if materialize:
        return arguments.zeros(tensor)
    if allow_unused:
        return None
    raise UnusedInputError(
        f"input {place}: one of the differentiated Tensors appears to not have been used in the "
        "graph; set allow_unused=True if this is the desired behavior"
    )
