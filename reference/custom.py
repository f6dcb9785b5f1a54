"""Calling a custom function: run its forward unrecorded, then enter its outputs in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import (
    arrays,
    dispatch,
    forward_ad,
    function,
    graph,
    inplace,
    modes,
    tensors,
    views,
)
from .errors import ForwardModeError, FunctionContractError

if TYPE_CHECKING:
    from .function import Function, FunctionCtx, FunctionNode
    from .tensors import Tensor


def apply(cls: type[Function], args: tuple[Any, ...]) -> Any:
    """The outputs of ``cls`` for ``args``, as ``Function.apply`` gives them."""
    ctx = function.FunctionCtx()
    ctx.needs_input_grad = tuple(is_tensor(arg) and arg.requires_grad for arg in args)
    recording = modes.is_grad_enabled() and any(ctx.needs_input_grad)
    edges = tuple(graph.edge_to(arg) if is_tensor(arg) else None for arg in args)
    tangents = tuple(forward_ad.tangent_of(arg) if is_tensor(arg) else None for arg in args)
    raw = run_forward(cls, ctx, args)
    outputs = raw if isinstance(raw, tuple) else (raw,)
    check_dirty(ctx, args, outputs, recording)
    node = None
    if recording:
        metas = tuple(meta(out) for out in outputs)
        node = function.FunctionNode(cls, ctx, edges, metas, tuple(map(is_tensor, args)))
    results = tuple(entered(out, place, ctx, args, node) for place, out in enumerate(outputs))
    if node is not None:
        node.saved = tuple(kept(tensor, outputs, node) for tensor in ctx.kept)
    ctx.kept = ctx.kept if node is None else ()
    if any(tangent is not None for tangent in tangents):
        push(cls, ctx, args, tangents, results)
    ctx.dirty = ctx.non_differentiable = ()
    return results if isinstance(raw, tuple) else results[0]


def is_tensor(value: Any) -> bool:
    """Whether ``value`` takes part in differentiation."""
    return isinstance(value, tensors.Tensor)


def run_forward(cls: type[Function], ctx: FunctionCtx, args: tuple[Any, ...]) -> Any:
    """What forward returns, run with recording off, in either of its two forms."""
    with modes.GradMode(False), forward_ad.suspended():
        setup = getattr(cls, "setup_context", None)
        if setup is None:
            return cls.forward(ctx, *args)
        output = cls.forward(*args)
        setup(ctx, args, output)
        return output


def check_dirty(
    ctx: FunctionCtx, args: tuple[Any, ...], outputs: tuple[Any, ...], recording: bool
) -> None:
    """Refuse a declared modification of a tracked leaf, or of what is not returned."""
    for tensor in ctx.dirty:
        if not contains(args, tensor):
            raise FunctionContractError("mark_dirty was called on a tensor that is not an argument")
        if not contains(outputs, tensor):
            raise FunctionContractError(
                "some arguments marked as dirty during the forward pass are not returned as "
                "output; return every argument given to mark_dirty"
            )
        if recording:
            inplace.check_target(tensor)


def contains(group: tuple[Any, ...], tensor: Any) -> bool:
    """Whether the very object ``tensor`` is in ``group``."""
    return any(member is tensor for member in group)


def meta(output: Any) -> Any:
    """The shape, type and array class of an output; None for what is not a tensor."""
    if not is_tensor(output):
        return None
    return (output.array.shape, output.array.dtype, type(output.array))


def entered(
    output: Any, place: int, ctx: FunctionCtx, args: tuple[Any, ...], node: FunctionNode | None
) -> Any:
    """One output of forward as the caller gets it."""
    if not is_tensor(output):
        return output
    if contains(ctx.dirty, output):
        inplace.bump(output)
        if node is not None and not contains(ctx.non_differentiable, output):
            written = output.detach()
            written.node, written.index = node, place
            views.rebase(output, written)
        return output
    result = separated(output, args)
    if node is None or contains(ctx.non_differentiable, output):
        return result
    if graph.fits(result.array.dtype):
        result.node, result.index = node, place
    return result


def separated(output: Tensor, args: tuple[Any, ...]) -> Tensor:
    """``output`` as a tensor without other history; one that aliases an argument is sealed."""
    shared = contains(args, output) or output.view_of is not None
    if not shared and output.node is None and not output.flag:
        return output
    result = output.detach()
    if shared:
        result.sealed = True
    return result


def kept(tensor: Tensor | None, outputs: tuple[Any, ...], node: FunctionNode) -> Any:
    """A saved value; an output is saved by its memory, so that the node does not hold itself."""
    if tensor is None:
        return None
    for place, output in enumerate(outputs):
        if output is tensor and tensor.node is node:
            return graph.SavedOutput(tensor, place)
    return graph.SavedInput(tensor)


def push(
    cls: type[Function],
    ctx: FunctionCtx,
    args: tuple[Any, ...],
    tangents: tuple[Any, ...],
    results: tuple[Any, ...],
) -> None:
    """Give the outputs the tangents that the user's ``jvp`` computes.

    Raises:
        ForwardModeError: it returned another number of them, or one of another shape.
    """
    given = [
        dispatch.zeros_like(arg)
        if tangent is None and ctx.materialize and is_tensor(arg) and graph.fits(arg.array.dtype)
        else tangent
        for arg, tangent in zip(args, tangents, strict=True)
    ]
    with forward_ad.suspended():
        pushed = cls.jvp(ctx, *given)
    pushed = pushed if isinstance(pushed, tuple) else (pushed,)
    if len(pushed) != len(results):
        raise ForwardModeError(
            f"jvp of {cls.__name__} returned {len(pushed)} tangents for {len(results)} outputs"
        )
    for result, tangent in zip(results, pushed, strict=True):
        if not is_tensor(result) or tangent is None:
            continue
        if tangent.shape != result.shape or arrays.device_of(tangent.array) != result.device:
            raise ForwardModeError(
                f"jvp of {cls.__name__} returned a tangent of shape {tangent.shape} for an output "
                f"of shape {result.shape}"
            )
        forward_ad.write(result, tangent)
