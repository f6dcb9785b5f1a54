"""Function transforms in the manner of ``torch.func``: a function in, its derivative out.

They compose by nesting, because each keeps its result differentiable in what its inputs came from.
https://docs.pytorch.org/docs/stable/func.api.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import evaluation, forward_ad, functional, modes, passes
from .errors import NonScalarRootError


def _needs_graph(args: tuple[Any, ...]) -> bool:
    return any(getattr(arg, "requires_grad", False) for arg in args)


def grad(func: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The gradient of a function of one 0-d result with respect to one argument.

    Raises:
        NonScalarRootError: when called, if the result has dimensions.
    """

    def gradient(*args: Any) -> Any:
        keep = _needs_graph(args)
        with modes.GradMode(True):
            (point,) = evaluation.leaves_at((args[argnums],), keep)
            output = func(*args[:argnums], point, *args[argnums + 1 :])
            if output.ndim != 0:
                raise NonScalarRootError(
                    f"grad needs a function with a 0-d result, not shape {output.shape}; sum() it"
                )
            (found,) = evaluation.gradients((output,), (point,), None, True, False)
        return found if keep else found.detach()

    return gradient


def jacrev(func: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The Jacobian with respect to one argument, by reverse mode."""

    def jacobian(*args: Any) -> Any:
        def of_one(point: Any) -> Any:
            return func(*args[:argnums], point, *args[argnums + 1 :])

        return functional.jacobian(of_one, args[argnums], create_graph=_needs_graph(args))

    return jacobian


def hessian(func: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The Jacobian of the Jacobian."""
    return jacrev(jacrev(func, argnums), argnums)


def vjp(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value at ``primals``, and the map from a cotangent of it to theirs."""
    keep = _needs_graph(primals)
    with modes.GradMode(True):
        points = evaluation.leaves_at(primals, keep)
        output = func(*points)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        found = passes.grad(
            output,
            points,
            cotangent,
            retain_graph=True,
            create_graph=keep,
            materialize_grads=True,
        )
        return found

    return (output if keep else output.detach()), pull


def jvp(
    func: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[Any, Any]:
    """The value at ``primals`` and its derivative along ``tangents``, by forward mode."""
    with forward_ad.dual_level():
        duals = (
            forward_ad.make_dual(primal, tangent)
            for primal, tangent in zip(primals, tangents, strict=True)
        )
        value, pushed = forward_ad.unpack_dual(func(*duals))
    return value, value * 0 if pushed is None else pushed
