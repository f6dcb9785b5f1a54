"""The rule table: for each operation its value, its cotangents, its tangent, and what it keeps.

Cotangent and tangent rules are written in the engine's own operations, so a derivative is again a
program that can be differentiated. A rule may return a cotangent of the result's shape or type; the
pass that uses it sums and casts it to the operand's own (``accumulation.conform``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from .tensors import Tensor

Tangents: TypeAlias = "tuple[Tensor | None, ...]"


class Point(NamedTuple):
    """Where a rule is differentiated: operands ``a``, ``b``, ``c`` and result ``out``.

    In backward only the values that the rule's ``uses`` names are present.
    """

    a: Any
    b: Any
    c: Any
    out: Any
    params: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One operation.

    ``forward(xp, *arrays, *params)`` computes the value. ``vjps[i](point, g)`` is the cotangent of
    operand ``i``; an operation of any number of operands has ``each(point, g, i)`` instead.
    ``uses[i]`` names the values that ``vjps[i]`` reads: ``a``, ``b``, ``c`` for operands, ``o`` for
    the result. ``jvp(rule, point, operands, tangents)`` is the tangent of the result.
    """

    key: str
    name: str
    forward: Callable[..., Any]
    vjps: tuple[Callable[[Point, Any], Any], ...]
    uses: tuple[str, ...]
    jvp: Callable[[Rule, Point, tuple[Tensor, ...], Tangents], Any]
    each: Callable[[Point, Any, int], Any] | None = None

    def cotangent(self, operand: int, point: Point, g: Tensor) -> Any:
        """The contribution to one operand."""
        if self.each is not None:
            return self.each(point, g, operand)
        return self.vjps[operand](point, g)

    def keeps(self, edges: tuple[Any, ...]) -> str:
        """The letters of the values that the cotangents of the tracked operands read."""
        letters = ""
        for edge, used in zip(edges, self.uses, strict=False):
            if edge is not None:
                letters += used
        return letters

    def point(self, saved: tuple[Any, ...], params: tuple[Any, ...]) -> Point:
        """The point made of what a node saved."""
        if saved:
            return Point._make((*saved, params))
        return Point(None, None, None, None, params)


RULES: dict[str, Rule] = {}


def elementwise(rule: Rule, point: Point, operands: tuple[Tensor, ...], tangents: Tangents) -> Any:
    """The Jacobian is diagonal, so each cotangent rule also pushes a tangent forward."""
    total: Any = None
    for operand, tangent in enumerate(tangents):
        if tangent is not None:
            part = rule.vjps[operand](point, tangent)
            total = part if total is None else total + part
    return total


def linear(rule: Rule, point: Point, operands: tuple[Tensor, ...], tangents: Tangents) -> Any:
    """The operation itself, applied to the tangents; a missing tangent is zero."""
    from . import dispatch

    filled = tuple(
        dispatch.zeros_like(operand) if tangent is None else tangent
        for operand, tangent in zip(operands, tangents, strict=True)
    )
    return dispatch.apply(rule.key, filled, *point.params)


def product(rule: Rule, point: Point, operands: tuple[Tensor, ...], tangents: Tangents) -> Any:
    """The product rule: the operation with one operand at a time replaced by its tangent."""
    from . import dispatch

    total: Any = None
    for operand, tangent in enumerate(tangents):
        if tangent is not None:
            mixed = (*operands[:operand], tangent, *operands[operand + 1 :])
            part = dispatch.apply(rule.key, mixed, *point.params)
            total = part if total is None else total + part
    return total


def define(
    key: str,
    name: str,
    forward: Callable[..., Any],
    *vjps: Callable[[Point, Any], Any],
    uses: tuple[str, ...] | None = None,
    jvp: Callable[[Rule, Point, tuple[Tensor, ...], Tangents], Any] = elementwise,
    each: Callable[[Point, Any, int], Any] | None = None,
) -> None:
    """Enter a rule in the table; without ``uses`` it keeps nothing."""
    kept = uses if uses is not None else ("",) * len(vjps)
    RULES[key] = Rule(key, name, forward, vjps, kept, jvp, each)
