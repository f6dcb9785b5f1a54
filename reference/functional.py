"""Derivatives of a Python function at a point: Jacobians, Hessians and their products.

https://docs.pytorch.org/docs/stable/autograd.html#functional-higher-level-api
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import dispatch, evaluation, joining, modes, shapes
from .errors import AutogradError, ShapeError

if TYPE_CHECKING:
    from .tensors import Tensor


def jacobian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False
) -> Any:
    """All partial derivatives: blocks of the output's shape followed by the input's.

    Raises:
        UnusedInputError: with ``strict``, an output that is independent of an input.
    """
    with modes.GradMode(True):
        at = evaluation.evaluate(func, inputs, create_graph)
        rows = tuple(_rows(out, at.points, create_graph, strict) for out in at.outputs)
        if create_graph:
            evaluation.check_dependent(tuple(block for row in rows for block in row), strict)
    blocks = tuple(
        evaluation.unwrapped(row, isinstance(inputs, tuple), create_graph) for row in rows
    )
    return blocks if at.is_tuple else blocks[0]


def _rows(
    output: Tensor, points: tuple[Tensor, ...], create_graph: bool, strict: bool
) -> tuple[Tensor, ...]:
    """The Jacobian blocks of one output, one for each input."""
    flat = shapes.reshape(output, -1)
    rows = [
        evaluation.gradients((flat[place],), points, None, create_graph, strict)
        for place in range(flat.array.size)
    ]
    if not rows:
        return tuple(dispatch.constant(0, x).expand(output.shape + x.shape).clone() for x in points)
    return tuple(
        shapes.reshape(joining.stack([row[which] for row in rows]), output.shape + x.shape)
        for which, x in enumerate(points)
    )


def _scalar(value: Any) -> Tensor:
    """The one element a function must give, without dimensions."""
    (output,) = evaluation.as_tuple(value, "outputs")
    if output.array.size != 1:
        raise AutogradError(
            f"the function must return one element, not a tensor of shape {output.shape}"
        )
    return shapes.reshape(output, ())


def hessian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False
) -> Any:
    """All second derivatives of a function of one element, block by pair of inputs."""

    def first(*points: Tensor) -> Any:
        result = jacobian(lambda *p: _scalar(func(*p)), points, create_graph=True)
        evaluation.check_dependent(result, strict)
        return result

    blocks = jacobian(first, evaluation.as_tuple(inputs, "inputs"), create_graph, strict)
    return blocks if isinstance(inputs, tuple) else blocks[0][0]


def _vectors(v: Any, like: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The vector of a product, one tensor for each of ``like``.

    Raises:
        AutogradError: left out although more than one element is expected.
        ShapeError: another number of tensors, or another shape.
    """
    if v is None:
        if len(like) != 1 or like[0].array.size != 1:
            raise AutogradError("the vector v can only be None for a single one-element tensor")
        return (dispatch.constant(1, like[0]).expand(like[0].shape).clone(),)
    vectors = evaluation.as_tuple(v, "vector")
    if len(vectors) != len(like):
        raise ShapeError(f"v has {len(vectors)} tensors where {len(like)} are expected")
    for vector, other in zip(vectors, like, strict=True):
        if vector.shape != other.shape:
            raise ShapeError(f"v has shape {vector.shape} where {other.shape} is expected")
    return vectors


def vjp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The outputs, and ``v`` times the Jacobian."""
    with modes.GradMode(True):
        at = evaluation.evaluate(func, inputs, create_graph)
        found = evaluation.gradients(
            at.outputs, at.points, _vectors(v, at.outputs), create_graph, strict
        )
    return (
        evaluation.unwrapped(at.outputs, at.is_tuple, create_graph),
        evaluation.unwrapped(found, isinstance(inputs, tuple), create_graph),
    )


def jvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The outputs, and the Jacobian times ``v``: a gradient is linear in its seed, so its
    derivative with respect to the seed is the transposed product."""
    with modes.GradMode(True):
        vectors = _vectors(v, evaluation.as_tuple(inputs, "inputs"))
        at = evaluation.evaluate(func, inputs, create_graph)
        seeds = tuple(dispatch.zeros_like(out).requires_grad_() for out in at.outputs)
        first = evaluation.gradients(at.outputs, at.points, seeds, True, strict)
        found = evaluation.gradients(first, seeds, vectors, create_graph, strict)
    return (
        evaluation.unwrapped(at.outputs, at.is_tuple, create_graph),
        evaluation.unwrapped(found, at.is_tuple, create_graph),
    )


def vhp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The value, and ``v`` times the Hessian."""
    with modes.GradMode(True):
        vectors = _vectors(v, evaluation.as_tuple(inputs, "inputs"))
        at = evaluation.evaluate(func, inputs, create_graph)
        _scalar(at.outputs)
        first = evaluation.gradients(at.outputs, at.points, None, True, strict)
        evaluation.check_dependent(first, strict)
        found = evaluation.gradients(first, at.points, vectors, create_graph, strict)
    return (
        evaluation.unwrapped(at.outputs, False, create_graph),
        evaluation.unwrapped(found, isinstance(inputs, tuple), create_graph),
    )


def hvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The value, and the Hessian times ``v``: the derivative of the gradient along ``v``."""
    given = evaluation.as_tuple(inputs, "inputs")

    def first(*points: Tensor) -> tuple[Tensor, ...]:
        return evaluation.gradients((_scalar(func(*points)),), points, None, True, strict)

    with modes.GradMode(True):
        vectors = _vectors(v, given)
        at = evaluation.evaluate(func, inputs, create_graph)
        _scalar(at.outputs)
        _, found = jvp(first, given, vectors, create_graph, strict)
    value = evaluation.unwrapped(at.outputs, False, create_graph)
    return value, found if isinstance(inputs, tuple) else found[0]
