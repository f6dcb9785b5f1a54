"""Custom functions: a forward and a backward written by the user, entered in the graph as one node.

The contract between the two is checked here: one gradient for each argument, saved values by
version, in-place arguments declared.
https://docs.pytorch.org/docs/stable/notes/extending.html#extending-torch-autograd
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import custom, dispatch, graph, modes, tensors
from .errors import FunctionContractError

if TYPE_CHECKING:
    from .tensors import Tensor


class FunctionCtx:
    """What a custom function hands from its forward to its backward."""

    needs_input_grad: tuple[bool, ...] = ()
    kept: tuple[Tensor | None, ...] = ()
    dirty: tuple[Tensor, ...] = ()
    non_differentiable: tuple[Tensor, ...] = ()
    materialize: bool = True
    node: weakref.ref[FunctionNode] | None = None

    def save_for_backward(self, *tensors_to_keep: Tensor | None) -> None:
        """Keep tensors, with their versions, for backward; a second call replaces the first."""
        for tensor in tensors_to_keep:
            if tensor is not None and not isinstance(tensor, tensors.Tensor):
                raise TypeError(
                    f"save_for_backward can only save tensors, not {type(tensor).__name__}; "
                    "store other objects as attributes of ctx"
                )
        self.kept = tensors_to_keep

    save_for_forward = save_for_backward

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What was kept.

        Raises:
            GraphFreedError, ModifiedSavedTensorError: it is gone, or was changed since.
        """
        node = None if self.node is None else self.node()
        return self.kept if node is None else graph.unpack(node)

    def mark_dirty(self, *modified: Tensor) -> None:
        """Declare arguments that forward modifies and returns."""
        self.dirty = modified

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Declare outputs that carry no gradient."""
        self.non_differentiable = outputs

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros, or None, for outputs that were not used."""
        self.materialize = value


class Function:
    """The base of custom functions: override the static methods, call ``apply``."""

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs, as ``forward(ctx, *args)`` or beside ``setup_context``."""
        raise NotImplementedError("implement the static method forward")

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """One gradient, or None, for each argument of forward."""
        raise NotImplementedError("implement the static method backward for reverse mode")

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        """One tangent for each output."""
        raise NotImplementedError("implement the static method jvp to use this in forward mode")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """The outputs of ``forward``, with this function's node as their history."""
        return custom.apply(cls, args)


class FunctionNode(graph.Node):
    """The node of one call of a custom function."""

    __slots__ = ("are_tensors", "ctx", "function")

    def __init__(
        self,
        function: type[Function],
        ctx: FunctionCtx,
        edges: tuple[graph.Edge | None, ...],
        outputs: tuple[Any, ...],
        are_tensors: tuple[bool, ...],
    ) -> None:
        super().__init__(edges, outputs)
        self.function = function
        self.ctx = ctx
        self.are_tensors = are_tensors
        ctx.node = weakref.ref(self)

    def name(self) -> str:
        return f"{self.function.__name__}Backward"

    def propagate(
        self, cotangents: list[Tensor | None], wanted: Callable[[graph.Edge], bool]
    ) -> list[tuple[graph.Edge, Tensor]]:
        given = [
            materialized(cotangent, self.outputs[place], self.ctx.materialize)
            for place, cotangent in enumerate(cotangents)
        ]
        gradients = self.function.backward(self.ctx, *given)
        if not isinstance(gradients, tuple):
            gradients = (gradients,)
        check_gradients(self, gradients)
        return [
            (edge, gradient)
            for edge, gradient in zip(self.edges, gradients, strict=False)
            if edge is not None and gradient is not None and wanted(edge)
        ]


def materialized(cotangent: Tensor | None, output: Any, wanted: bool) -> Tensor | None:
    """The cotangent, or zeros for an output that was not used and is a tensor."""
    if cotangent is not None or output is None or not wanted:
        return cotangent
    shape, dtype, kind = output
    return tensors.Tensor(dispatch.zeros(kind, shape, dtype))


def check_gradients(node: FunctionNode, gradients: tuple[Any, ...]) -> None:
    """Refuse gradients that do not answer to the arguments one by one.

    Raises:
        FunctionContractError: too few or too many, or one that is not a tensor.
    """
    name, expected = node.name(), len(node.edges)
    if len(gradients) < expected or any(extra is not None for extra in gradients[expected:]):
        raise FunctionContractError(
            f"function {name} returned an incorrect number of gradients (expected {expected}, "
            f"got {len(gradients)}); return one for each argument, None where there is none"
        )
    for place, gradient in enumerate(gradients[:expected]):
        if gradient is None:
            continue
        if not node.are_tensors[place]:
            raise FunctionContractError(
                f"function {name} returned a gradient different from None at position {place}, "
                "but the corresponding forward input was not a Variable; return None there"
            )
        if not isinstance(gradient, tensors.Tensor):
            raise FunctionContractError(
                f"function {name} returned {type(gradient).__name__} at position {place}; "
                "return a tensor or None"
            )


class OnceNode(graph.Node):
    """The history of a result that refuses to be differentiated again."""

    __slots__ = ()

    def propagate(
        self, cotangents: list[Tensor | None], wanted: Callable[[graph.Edge], bool]
    ) -> list[tuple[graph.Edge, Tensor]]:
        raise FunctionContractError(
            "trying to differentiate twice a function that was marked with @once_differentiable; "
            "write its backward in differentiable operations instead"
        )


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Run ``backward`` unrecorded, and refuse to differentiate what it returns."""

    @functools.wraps(backward)
    def wrapped(ctx: Any, *gradients: Any) -> Any:
        with modes.GradMode(False):
            results = backward(ctx, *gradients)
        tracked = tuple(g for g in gradients if isinstance(g, tensors.Tensor) and g.requires_grad)
        if not modes.is_grad_enabled() or not tracked:
            return results
        if isinstance(results, tuple):
            return tuple(_final(result, tracked) for result in results)
        return _final(results, tracked)

    return wrapped


def _final(result: Any, tracked: tuple[Tensor, ...]) -> Any:
    if not isinstance(result, tensors.Tensor):
        return result
    final = result.detach()
    array = final.array
    edges = tuple(graph.edge_to(tensor) for tensor in tracked)
    final.node = OnceNode(edges, ((array.shape, array.dtype, type(array)),))
    return final
