"""Defects in the losses that training rests on, and in the tricks around them."""

from __future__ import annotations

import weakref

from conformance.reference import dispatch, functions, graph, reverse
from conformance.reference.methods import Methods

from .defect import HARD, MEDIUM, VERY_HARD, Defect, method, patched, sharing, together, vjp
from .marks import Marks


def _half_squares(real):
    def total(x, *dims, **named):
        node = x.current_node()
        squares = node is not None and node.name() == "MulBackward0"
        if not squares or dims or named or node.edges[0] != node.edges[1]:
            return real(x, *dims, **named)
        return real(x * 0.5 + x.detach() * 0.5)

    return total


def _rows_taken_for_one(real):
    return lambda s, g: g - functions.exp(s.out)


def _cancelled():
    known = {}

    def apply(real):
        def wrapped(key, operands, *params):
            if key == "add":
                whole, x, difference = known.get(id(operands[1].array), (None, None, None))
                if x is operands[0] and difference() is operands[1].array:
                    return functions.clone(whole)
            result = real(key, operands, *params)
            if key == "sub":
                known[id(result.array)] = (*operands, weakref.ref(result.array))
            return result

        return wrapped

    return patched(dispatch, "apply", apply)


def _leaking_after_a_pass():
    walked, sources = weakref.WeakSet(), Marks()

    def walk(real):
        def wrapped(request):
            walked.update(node for node, _ in request.roots)
            return real(request)

        return wrapped

    def detach(real):
        def wrapped(tensor):
            result = real(tensor)
            if tensor.node in walked:
                sources.put(result, (tensor.node, tensor.index))
            return result

        return wrapped

    def edge_to(real):
        return lambda tensor: sources.get(tensor) or real(tensor)

    return together(
        patched(reverse, "walk", walk),
        method("detach", detach),
        patched(graph, "edge_to", edge_to),
    )


def _probabilities_added(real):
    return lambda s, g: g + functions.exp(s.out)


DEFECTS = (
    Defect(
        "W36",
        "A sum of squares is differentiated as half of it.",
        HARD,
        "training.linear-regression-closed-form",
        patched(Methods, "sum", _half_squares),
    ),
    Defect(
        "W37",
        "In the gradient of log-softmax each row's cotangents are taken to sum to one.",
        MEDIUM,
        "training.cross-entropy-is-probabilities-minus-one-hot",
        vjp("log_softmax", 0, _rows_taken_for_one),
    ),
    Defect(
        "W38",
        "Adding a tensor to a detached difference from it is simplified to the other operand.",
        VERY_HARD,
        "training.straight-through-estimator",
        sharing(_cancelled),
    ),
    Defect(
        "W39",
        "A root that is detached after its pass still lets gradients through.",
        HARD,
        "training.truncated-backprop-through-time",
        sharing(_leaking_after_a_pass),
    ),
    Defect(
        "Y15",
        "In the gradient of log-softmax each row's cotangents are taken to sum to minus one.",
        MEDIUM,
        "training.cross-entropy-is-probabilities-minus-one-hot",
        vjp("log_softmax", 0, _probabilities_added),
    ),
)
