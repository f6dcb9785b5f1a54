"""A Python function at a point, and the gradients of what it gives there.

The point is copied into leaves of its own, so nothing of the caller's changes. A result is
differentiable in the inputs only where ``create_graph`` asks for that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import dispatch, passes, tensors
from .errors import UnusedInputError

if TYPE_CHECKING:
    from .tensors import Tensor


def as_tuple(value: Any, what: str) -> tuple[Tensor, ...]:
    """One tensor or a tuple of tensors, as a tuple.

    Raises:
        TypeError: anything else.
    """
    items = value if isinstance(value, tuple) else (value,)
    for item in items:
        if not isinstance(item, tensors.Tensor):
            raise TypeError(f"the {what} must be a tensor or a tuple of tensors, not {type(item)}")
    return items


def leaves_at(inputs: tuple[Tensor, ...], create_graph: bool) -> tuple[Tensor, ...]:
    """Stand-ins for the inputs, connected to them only where a graph is wanted."""
    return tuple(
        dispatch.apply("clone", (x,))
        if create_graph and x.requires_grad
        else x.detach().requires_grad_()
        for x in inputs
    )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a function gave at ``points``, and whether it gave a tuple."""

    points: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    is_tuple: bool


def evaluate(func: Callable[..., Any], inputs: Any, create_graph: bool) -> Evaluation:
    """The function's outputs at stand-ins for the inputs."""
    points = leaves_at(as_tuple(inputs, "inputs"), create_graph)
    raw = func(*points)
    return Evaluation(points, as_tuple(raw, "outputs"), isinstance(raw, tuple))


def unwrapped(values: tuple[Any, ...], is_tuple: bool, create_graph: bool) -> Any:
    """Results in the structure of what they answer, without history unless it was wanted."""
    if not create_graph:
        values = tuple(value.detach() for value in values)
    return values if is_tuple else values[0]


def gradients(
    outputs: tuple[Tensor, ...],
    inputs: tuple[Tensor, ...],
    seeds: tuple[Tensor, ...] | None,
    create_graph: bool,
    strict: bool,
) -> tuple[Tensor, ...]:
    """The summed gradients of those outputs that depend on anything; zeros, or an error, else."""
    places = [place for place, out in enumerate(outputs) if out.requires_grad]
    if strict and len(places) < len(outputs):
        raise UnusedInputError("an output is independent of the inputs, which strict forbids")
    found: tuple[Tensor | None, ...] = (None,) * len(inputs)
    if places:
        found = passes.grad(
            [outputs[place] for place in places],
            inputs,
            None if seeds is None else [seeds[place] for place in places],
            retain_graph=True,
            create_graph=create_graph,
            allow_unused=True,
        )
    if strict and any(gradient is None for gradient in found):
        raise UnusedInputError("an output is independent of an input, which strict forbids")
    return tuple(
        dispatch.zeros_like(x) if gradient is None else gradient
        for x, gradient in zip(inputs, found, strict=True)
    )


def check_dependent(values: tuple[Tensor, ...], strict: bool) -> None:
    """In strict mode refuse first derivatives that do not depend on the inputs."""
    if strict and not all(value.requires_grad for value in values):
        raise UnusedInputError("a derivative is independent of the inputs, which strict forbids")
