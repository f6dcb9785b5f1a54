"""Defects between the steps of training: slots, updates and frozen layers."""

from __future__ import annotations

import weakref

from conformance.reference import accumulation, dispatch, graph, modes

from .defect import HARD, MEDIUM, Defect, method, patched, sharing, together
from .marks import Marks, marking_frozen


def _first_again():
    first = Marks()

    def accumulate(real):
        def wrapped(leaf, gradient):
            known = None if leaf.gradient is None else first.get(leaf.gradient)
            real(leaf, gradient if known is None else known)
            if known is None:
                first.put(leaf.gradient, gradient.detach().clone())

        return wrapped

    return patched(accumulation, "accumulate", accumulate)


def _old_values_of_leaf():
    known = Marks()

    def apply(real):
        def wrapped(key, operands, *params):
            result = real(key, operands, *params)
            if len(operands) == 2 and operands[0].flag and modes.is_grad_enabled():
                leaf, other = operands
                before, beside, values = known.get(leaf) or (None, None, None)
                if before == key and beside() is other:
                    result.array[...] = values
                known.put(leaf, (key, weakref.ref(other), result.array.copy()))
            return result

        return wrapped

    return patched(dispatch, "apply", apply)


def used_again():
    """An emptied slot's tensor holds the next gradient, whoever else holds it."""
    emptied = Marks()

    def setter(real):
        def assign(tensor, value):
            if value is None and tensor.gradient is not None:
                emptied.put(tensor, tensor.gradient)
            real.fset(tensor, value)

        return property(real.fget, assign, real.fdel)

    def accumulate(real):
        def wrapped(leaf, gradient):
            kept = emptied.get(leaf)
            if leaf.gradient is None and kept is not None and not gradient.requires_grad:
                kept.array[...] = gradient.array
                leaf.gradient = kept
            else:
                real(leaf, gradient)

        return wrapped

    return together(method("grad", setter), patched(accumulation, "accumulate", accumulate))


def _cuts_what_uses_it():
    frozen = Marks()

    def edges_to(real):
        return lambda operands: None if any(map(frozen.get, operands)) else real(operands)

    return together(marking_frozen(frozen), patched(graph, "edges_to", edges_to))


def _started(leaf):
    return leaf.gradient is not None


def _edges_to_started(real):
    def edge(x, known):
        return (graph.accumulator(x), 0) if known is None and _started(x) else known

    def edges_to(operands):
        edges = real(operands)
        return None if edges is None else tuple(map(edge, operands, edges))

    return edges_to


def _filled_once_started(real):
    def arrive(leaf, gradient):
        if _started(leaf):
            accumulation.accumulate(leaf, gradient)
        else:
            real(leaf, gradient)

    return arrive


DEFECTS = (
    Defect(
        "W40",
        "A slot that is not empty gets the same as at first again, whatever arrives.",
        HARD,
        "training.micro-batches-equal-large-batch",
        sharing(_first_again),
    ),
    Defect(
        "W41",
        "An operation on a leaf that was updated in place gives what it gave before.",
        HARD,
        "training.plain-descent-loop",
        sharing(_old_values_of_leaf),
    ),
    Defect(
        "W42",
        "An emptied slot's tensor is used again for the next gradient, whoever holds it.",
        HARD,
        "training.zero-grad-resets-to-none",
        sharing(used_again),
    ),
    Defect(
        "W43",
        "What is computed from a frozen leaf is untracked, whatever else it is computed from.",
        MEDIUM,
        "training.frozen-layer-still-passes-gradient",
        sharing(_cuts_what_uses_it),
    ),
    Defect(
        "W44",
        "A frozen leaf whose slot holds a gradient goes on accumulating.",
        HARD,
        "training.detach-splits-adversarial-steps",
        together(
            patched(graph, "edges_to", _edges_to_started),
            patched(accumulation, "arrive", _filled_once_started),
        ),
    ),
)
