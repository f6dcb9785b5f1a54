"""Defects in custom functions."""

from __future__ import annotations

from conformance.reference import custom, function, graph, modes

from .defect import HARD, MEDIUM, VERY_HARD, Defect, patched


def _one_context(real):
    context = real()
    return lambda: context


def _ignore_marks(real):
    def entered(output, place, ctx, args, node):
        marked, ctx.non_differentiable = ctx.non_differentiable, ()
        try:
            return real(output, place, ctx, args, node)
        finally:
            ctx.non_differentiable = marked

    return entered


def _recorded_forward(real):
    def run_forward(cls, ctx, args):
        with modes.GradMode(True):
            return cls.forward(ctx, *args)

    return run_forward


def _each_edge_once(real):
    def propagate(node, cotangents, wanted):
        return list(dict(real(node, cotangents, wanted)).items())

    return propagate


def _unchecked_count(real):
    def check_gradients(node, gradients):
        if len(gradients) <= len(node.edges):
            real(node, gradients)

    return check_gradients


def _padded(real):
    def check_gradients(node, gradients):
        missing = len(node.edges) - len(gradients)
        real(node, (*gradients, *(None,) * missing))

    return check_gradients


def _cut_saved(real):
    def kept(tensor, outputs, node):
        found = real(tensor, outputs, node)
        if isinstance(found, graph.SavedOutput):
            detached = tensor.detach()
            return graph.SavedInput(detached)
        return found

    return kept


def _unversioned(real):
    def kept(tensor, outputs, node):
        return real(tensor.detach().clone() if tensor is not None else None, outputs, node)

    return kept


def _only_when_all(real):
    def apply(cls, args):
        tracked = [arg for arg in args if custom.is_tensor(arg)]
        if not all(arg.requires_grad for arg in tracked):
            with modes.GradMode(False):
                return real(cls, args)
        return real(cls, args)

    return apply


def _always_in_backward(real):
    def propagate(node, cotangents, wanted):
        node.ctx.needs_input_grad = tuple(True for _ in node.edges)
        return real(node, cotangents, wanted)

    return propagate


def _wrapped_error(real):
    def propagate(node, cotangents, wanted):
        try:
            return real(node, cotangents, wanted)
        except (ArithmeticError, LookupError) as error:
            raise RuntimeError(str(error)) from error

    return propagate


DEFECTS = (
    Defect(
        "I04",
        "An output that was not used is None in backward.",
        MEDIUM,
        "function.unused-output-gets-zeros",
        patched(function, "materialized", lambda real: lambda cotangent, output, wanted: cotangent),
    ),
    Defect(
        "I08",
        "An output declared not differentiable is tracked.",
        MEDIUM,
        "function.mark-non-differentiable",
        patched(custom, "entered", _ignore_marks),
    ),
    Defect(
        "I10",
        "All calls share one context, and overwrite what earlier ones saved.",
        MEDIUM,
        "function.calls-keep-apart",
        patched(function, "FunctionCtx", _one_context),
    ),
    Defect(
        "I12",
        "Forward runs with recording on.",
        HARD,
        "function.forward-runs-unrecorded",
        patched(custom, "run_forward", _recorded_forward),
    ),
    Defect(
        "X47",
        "A tensor passed to two arguments gets the second one's gradient only.",
        HARD,
        "function.same-tensor-in-two-slots-sums",
        patched(function.FunctionNode, "propagate", _each_edge_once),
    ),
    Defect(
        "X48",
        "Gradients beyond the number of arguments are ignored.",
        HARD,
        "function.gradient-count-must-match",
        patched(function, "check_gradients", _unchecked_count),
    ),
    Defect(
        "X49",
        "Missing gradients count as None.",
        HARD,
        "function.gradient-count-must-match",
        patched(function, "check_gradients", _padded),
    ),
    Defect(
        "X50",
        "A saved result has no history of its own, so second derivatives miss its path.",
        VERY_HARD,
        "function.double-backward-through-saved-inputs-and-outputs",
        patched(custom, "kept", _cut_saved),
    ),
    Defect(
        "X51",
        "Saved tensors are copied, so that modifying them goes unnoticed.",
        HARD,
        "function.saved-tensors-are-version-checked",
        patched(custom, "kept", _unversioned),
    ),
    Defect(
        "X52",
        "A call is recorded only if all of its tensors are tracked.",
        MEDIUM,
        "function.needs-input-grad-mirrors-flags",
        patched(custom, "apply", _only_when_all),
    ),
    Defect(
        "X53",
        "In backward every argument seems to be tracked.",
        HARD,
        "function.needs-input-grad-mirrors-flags",
        patched(function.FunctionNode, "propagate", _always_in_backward),
    ),
    Defect(
        "X54",
        "An exception of a custom backward arrives as another type.",
        MEDIUM,
        "function.backward-exception-keeps-its-type",
        patched(function.FunctionNode, "propagate", _wrapped_error),
    ),
)
