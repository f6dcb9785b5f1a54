"""Running one operation: value, record, tangent.

Interpretation is kept apart from the operations: a rule knows no mode and no graph, and this module
knows no rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import arrays, dtypes, forward_ad, graph, modes, tensors
from .errors import DeviceError, ShapeError
from .rules import RULES, Point, Rule

if TYPE_CHECKING:
    from .tensors import Tensor

_ndarray = np.ndarray


@np.errstate(all="ignore")
def evaluate(rule: Rule, xp: Any, values: list[Any], params: tuple[Any, ...]) -> Any:
    """The rule's value; infinities and NaN are results, not warnings.

    Raises:
        ShapeError: the shapes do not go together.
    """
    try:
        return rule.forward(xp, *values, *params)
    except ValueError as error:
        raise ShapeError(f"{rule.key}: {error}") from error


def apply(key: str, operands: tuple[Tensor, ...], *params: Any) -> Tensor:
    """The result of the operation ``key``, recorded if a tracked operand asks for it."""
    rule = RULES[key]
    values = [operand.array for operand in operands]
    xp = np if type(values[0]) is _ndarray else arrays.namespace(values[0])
    if len(values) > 2 or type(values[0]) is not type(values[-1]):
        check_devices(values)
    data = evaluate(rule, xp, values, params)
    if xp is np and isinstance(data, np.generic):
        data = np.asarray(data)
    result = tensors.Tensor(data)
    if modes.is_grad_enabled():
        edges = graph.edges_to(operands)
        if edges is not None and graph.fits(data.dtype):
            record(rule, operands, edges, params, result)
    if forward_ad.level() is not None:
        push_tangent(rule, operands, params, result)
    return result


def apply_view(key: str, source: Tensor, *params: Any) -> Tensor:
    """As ``apply``, for an operation whose result shares the memory of ``source``."""
    with forward_ad.suspended():
        result = apply(key, (source,), *params)
    result.version = source.version
    chain = (source.view_of.chain if source.view_of is not None else None, key, params)
    base = source if source.view_of is None else source.view_of.base
    result.view_of = tensors.View(base, chain, base.rewrites)
    return result


def record(
    rule: Rule,
    operands: tuple[Tensor, ...],
    edges: tuple[graph.Edge | None, ...],
    params: tuple[Any, ...],
    result: Tensor,
) -> None:
    """Give ``result`` a node that keeps exactly what its cotangent rules will read."""
    node = graph.Operation(rule, edges, params, result.array)
    letters = rule.keeps(edges)
    if letters:
        node.saved = save(letters, operands, result)
    result.node = node


def save(letters: str, operands: tuple[Tensor, ...], result: Tensor) -> tuple[Any, ...]:
    """The kept operands and result, in the order of a point's fields."""
    count = len(operands)
    return (
        graph.SavedInput(operands[0]) if "a" in letters else None,
        graph.SavedInput(operands[1]) if count > 1 and "b" in letters else None,
        graph.SavedInput(operands[2]) if count > 2 and "c" in letters else None,
        graph.SavedOutput(result) if "o" in letters else None,
    )


def push_tangent(
    rule: Rule, operands: tuple[Tensor, ...], params: tuple[Any, ...], result: Tensor
) -> None:
    """Give ``result`` the tangent that its operands' tangents imply, if any carries one."""
    if not graph.fits(result.array.dtype):
        return
    tangents = tuple(forward_ad.tangent_of(operand) for operand in operands)
    if all(tangent is None for tangent in tangents):
        return
    padded = (*operands, None, None, None)
    with forward_ad.suspended():
        point = Point(padded[0], padded[1], padded[2], result, params)
        tangent = rule.jvp(rule, point, operands, tangents)
        if tangent is not None:
            tangent = forward_ad.conform(tangent, result)
    if tangent is not None:
        forward_ad.attach(result, tangent)
    refresh_saved_tangent(result)


def refresh_saved_tangent(result: Tensor) -> None:
    """Let a result that its own node saved carry the tangent it has now."""
    node = result.node
    if node is not None and node.saved:
        for kept in node.saved:
            if isinstance(kept, graph.SavedOutput):
                kept.tangent = result.tangent


def check_devices(values: list[Any]) -> None:
    """Refuse operands that live on different devices."""
    kind = type(values[0])
    for value in values:
        if type(value) is not kind:
            places = sorted({str(arrays.device_of(value)) for value in values})
            raise DeviceError(
                f"operands are on different devices, {' and '.join(places)}; move them with to()"
            )


def constant(value: Any, like: Tensor, dtype: Any = None) -> Tensor:
    """An untracked tensor holding ``value`` on the device of ``like``."""
    array = like.array
    xp = np if type(array) is _ndarray else arrays.namespace(array)
    return tensors.Tensor(xp.asarray(value, dtype=array.dtype if dtype is None else dtype))


def as_operand(value: Any, like: Tensor) -> Tensor:
    """``value`` as an operand beside ``like``: itself, or a Python number made a tensor.

    Raises:
        TypeError: ``value`` is neither a tensor nor a number.
    """
    if isinstance(value, tensors.Tensor):
        return value
    if isinstance(value, bool | int | float | np.number | np.bool_):
        number = value.item() if isinstance(value, np.number | np.bool_) else value
        return constant(number, like, dtypes.of_scalar(number, like.array.dtype))
    raise TypeError(f"an operand must be a tensor or a number, not {type(value).__name__}")


def zeros_like(tensor: Tensor) -> Tensor:
    """Untracked zeros of the shape, type and device of ``tensor``."""
    array = tensor.array
    xp = np if type(array) is _ndarray else arrays.namespace(array)
    return tensors.Tensor(xp.zeros(array.shape, dtype=array.dtype))


def as_array(like: Tensor, value: Any) -> Any:
    """``value`` as an array of the library of ``like``; NumPy gives scalars for 0-d results."""
    return np.asarray(value) if type(like.array) is _ndarray else value


def address(array: Any) -> int:
    """Where the memory of ``array`` begins."""
    if type(array) is _ndarray:
        return int(array.__array_interface__["data"][0])
    return int(array.data.ptr)


def zeros(kind: type, shape: tuple[int, ...], dtype: Any) -> Any:
    """An array of zeros of the array class ``kind``."""
    xp = np if kind is _ndarray else arrays.library_for("cuda")
    return xp.zeros(shape, dtype=dtype)
