"""Defects in what is a leaf, what is tracked, and what a slot takes."""

from __future__ import annotations

from conformance.reference import creation, dispatch, graph, modes, reverse, tensors

from conformance import reference

from .defect import EASY, HARD, MEDIUM, Defect, method, patched, sharing, together
from .marks import Marks


def _hidden_history():
    hidden, passes = Marks(), []

    def apply(real):
        def wrapped(key, operands, *params):
            if modes.is_grad_enabled() or passes:
                return real(key, operands, *params)
            with modes.GradMode(True):
                result = real(key, operands, *params)
            hidden.put(result, result.node)
            result.node = None
            return result

        return wrapped

    def edge_to(real):
        def wrapped(tensor):
            node = hidden.get(tensor)
            return real(tensor) if node is None else (node, 0)

        return wrapped

    def run(real):
        def wrapped(request):
            passes.append(request)
            try:
                return real(request)
            finally:
                passes.pop()

        return wrapped

    return together(
        patched(dispatch, "apply", apply),
        patched(graph, "edge_to", edge_to),
        patched(reverse, "run", run),
    )


def _only_while_recording(real):
    return lambda data, requires_grad: real(data, requires_grad and modes.is_grad_enabled())


def _switch_only_while_recording(real):
    def requires_grad_(tensor, requires_grad=True):
        return real(tensor, requires_grad) if modes.is_grad_enabled() else tensor

    return requires_grad_


def _flag_forgotten(real):
    def made(*given, requires_grad=False, **named):
        return real(*given, **named)

    return made


def _entrance_is_history(real):
    def grad_fn(tensor):
        node = tensor.current_node()
        return tensor.entrance() if node is None and tensor.entrance is not None else node

    return property(grad_fn)


def _quietly_untracked(real):
    return lambda data, requires_grad: real(data, requires_grad and graph.fits(data.dtype))


def _whatever_is_asked(real):
    return lambda tensor, wanted: real(tensor, True)


def _slot_inherited(real):
    def apply(key, operands, *params):
        result = real(key, operands, *params)
        if result.node is not None:
            result.gradient = operands[0].gradient
        return result

    return apply


def _reshaped(real):
    def check_gradient(tensor, value):
        alike = isinstance(value, tensors.Tensor) and value.array.size == tensor.array.size
        real(tensor, value.detach().reshape(tensor.shape) if alike else value)

    return check_gradient


def _emptied_first(real):
    def setter(tensor, value):
        tensor.gradient = None
        real.fset(tensor, value)

    return property(real.fget, setter, real.fdel)


def _emptied(real):
    def detach_(tensor):
        result = real(tensor)
        tensor.gradient = None
        return result

    return detach_


DEFECTS = (
    Defect(
        "W10",
        "What is computed with recording off looks untracked, but gradients go through it.",
        MEDIUM,
        "modes.no-grad-results-act-as-constants",
        sharing(_hidden_history),
    ),
    Defect(
        "W11",
        "A tensor made with recording off is untracked, whatever was asked.",
        EASY,
        "modes.factories-exempt",
        patched(creation, "_leaf", _only_while_recording),
    ),
    Defect(
        "W12",
        "Tracking cannot be switched while recording is off.",
        MEDIUM,
        "modes.factories-exempt",
        method("requires_grad_", _switch_only_while_recording),
    ),
    Defect(
        "Y26",
        "A tensor made of values forgets that it was to be tracked.",
        EASY,
        "state.factory-flag-makes-tracked-leaf",
        patched(reference, "tensor", _flag_forgotten),
    ),
    Defect(
        "W13",
        "A tensor full of one number forgets that it was to be tracked.",
        EASY,
        "state.filled-tensors-take-the-flag",
        patched(reference, "full", _flag_forgotten),
    ),
    Defect(
        "W14",
        "A tracked leaf that was used names its entrance to the graph as its history.",
        MEDIUM,
        "state.leaf-iff-no-producer",
        method("grad_fn", _entrance_is_history),
    ),
    Defect(
        "W15",
        "Integers made with tracking asked for are quietly left untracked.",
        MEDIUM,
        "state.only-float-and-complex-trackable",
        patched(creation, "_leaf", _quietly_untracked),
    ),
    Defect(
        "W16",
        "An integer tensor may not be told that it is untracked.",
        MEDIUM,
        "state.only-float-and-complex-trackable",
        patched(tensors, "check_trackable", _whatever_is_asked),
    ),
    Defect(
        "W17",
        "A tracked result starts with its first operand's gradient in its slot.",
        MEDIUM,
        "state.rebinding-makes-nonleaf",
        patched(dispatch, "apply", _slot_inherited),
    ),
    Defect(
        "W18",
        "Of a gradient that is assigned only the number of elements is checked.",
        MEDIUM,
        "accumulation.assigned-must-match-leaf",
        patched(tensors, "check_gradient", _reshaped),
    ),
    Defect(
        "W19",
        "Assigning a gradient that is refused empties the slot.",
        HARD,
        "accumulation.assigned-must-match-leaf",
        method("grad", _emptied_first),
    ),
    Defect(
        "Y20",
        "Detaching in place empties the slot.",
        EASY,
        "detach.in-place-variant",
        method("detach_", _emptied),
    ),
)
