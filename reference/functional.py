"""Derivatives of a Python function at a point: Jacobians, Hessians and their products.

The point is copied into leaves of its own, so nothing of the caller's changes. A result is
differentiable in the inputs only where ``create_graph`` asks for that.
https://docs.pytorch.org/docs/stable/autograd.html#functional-higher-level-api
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import dispatch, joining, modes, passes, shapes, tensors
from .errors import AutogradError, ShapeError, UnusedInputError

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


def jacobian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False
) -> Any:
    """All partial derivatives: blocks of the output's shape followed by the input's.

    Raises:
        UnusedInputError: with ``strict``, an output that is independent of an input.
    """
    with modes.GradMode(True):
        given = as_tuple(inputs, "inputs")
        points = leaves_at(given, create_graph)
        raw = func(*points)
        outputs = as_tuple(raw, "outputs")
        rows = tuple(_rows(out, points, create_graph, strict) for out in outputs)
        if create_graph:
            check_dependent(tuple(block for row in rows for block in row), strict)
    blocks = tuple(unwrapped(row, isinstance(inputs, tuple), create_graph) for row in rows)
    return blocks if isinstance(raw, tuple) else blocks[0]


def _rows(
    output: Tensor, points: tuple[Tensor, ...], create_graph: bool, strict: bool
) -> tuple[Tensor, ...]:
    """The Jacobian blocks of one output, one for each input."""
    flat = shapes.reshape(output, -1)
    rows = [
        gradients((flat[place],), points, None, create_graph, strict)
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
    (output,) = as_tuple(value, "outputs")
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
        check_dependent(result, strict)
        return result

    blocks = jacobian(first, as_tuple(inputs, "inputs"), create_graph, strict)
    return blocks if isinstance(inputs, tuple) else blocks[0][0]


def _vectors(v: Any, like: tuple[Tensor, ...], is_tuple: bool) -> tuple[Tensor, ...]:
    """The vector of a product, one tensor for each of ``like``.

    Raises:
        AutogradError: left out although more than one element is expected.
        ShapeError: another number of tensors, or another shape.
    """
    if v is None:
        if len(like) != 1 or like[0].array.size != 1:
            raise AutogradError("the vector v can only be None for a single one-element tensor")
        return (dispatch.constant(1, like[0]).expand(like[0].shape).clone(),)
    vectors = as_tuple(v, "vector")
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
        points = leaves_at(as_tuple(inputs, "inputs"), create_graph)
        raw = func(*points)
        outputs = as_tuple(raw, "outputs")
        vectors = _vectors(v, outputs, isinstance(raw, tuple))
        found = gradients(outputs, points, vectors, create_graph, strict)
    return (
        unwrapped(outputs, isinstance(raw, tuple), create_graph),
        unwrapped(found, isinstance(inputs, tuple), create_graph),
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
        given = as_tuple(inputs, "inputs")
        vectors = _vectors(v, given, isinstance(inputs, tuple))
        points = leaves_at(given, create_graph)
        raw = func(*points)
        outputs = as_tuple(raw, "outputs")
        seeds = tuple(dispatch.zeros_like(out).requires_grad_() for out in outputs)
        first = gradients(outputs, points, seeds, True, strict)
        found = gradients(first, seeds, vectors, create_graph, strict)
    is_tuple = isinstance(raw, tuple)
    return (unwrapped(outputs, is_tuple, create_graph), unwrapped(found, is_tuple, create_graph))


def vhp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The value, and ``v`` times the Hessian."""
    with modes.GradMode(True):
        given = as_tuple(inputs, "inputs")
        is_tuple = isinstance(inputs, tuple)
        vectors = _vectors(v, given, is_tuple)
        points = leaves_at(given, create_graph)
        output = as_tuple(func(*points), "outputs")
        _scalar(output[0] if len(output) == 1 else output)
        first = gradients(output, points, None, True, strict)
        check_dependent(first, strict)
        found = gradients(first, points, vectors, create_graph, strict)
    return unwrapped(output, False, create_graph), unwrapped(found, is_tuple, create_graph)


def hvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The value, and the Hessian times ``v``: the derivative of the gradient along ``v``."""
    with modes.GradMode(True):
        given = as_tuple(inputs, "inputs")
        vectors = _vectors(v, given, isinstance(inputs, tuple))
        points = leaves_at(given, create_graph)
        output = _scalar(func(*points))

        def first(*at: Tensor) -> Any:
            return gradients((_scalar(func(*at)),), at, None, True, strict)

        _, found = jvp(first, points if create_graph else given, vectors, create_graph, strict)
    shaped = unwrapped(as_tuple(func(*points), "outputs"), False, create_graph)
    del output
    return shaped, found if isinstance(inputs, tuple) else found[0]
