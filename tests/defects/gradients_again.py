"""Defects in which a later pass brings what an earlier one brought."""

from __future__ import annotations

import weakref

from conformance.reference import accumulation, functions, modes, reverse

from .defect import HARD, MEDIUM, VERY_HARD, Defect, method, patched, sharing, together
from .marks import Marks
from .training_steps import used_again


def _first_again():
    firsts = Marks()

    def accumulate(real):
        def wrapped(leaf, gradient):
            first = firsts.get(leaf)
            if leaf.gradient is None or first is None or modes.is_grad_enabled():
                firsts.put(leaf, functions.clone(gradient.detach()))
                real(leaf, gradient)
            else:
                real(leaf, first)

        return wrapped

    return patched(accumulation, "accumulate", accumulate)


def _same_after_zeroing():
    lasts = Marks()

    def accumulate(real):
        def wrapped(leaf, gradient):
            held, last = leaf.gradient, lasts.get(leaf)
            zeroed = held is not None and held.version.count and not held.array.any()
            lasts.put(leaf, functions.clone(gradient.detach()))
            real(leaf, last if zeroed and last is not None else gradient)

        return wrapped

    return patched(accumulation, "accumulate", accumulate)


def _added_to_what_was_assigned():
    assigned, starts = Marks(), Marks()

    def grad(real):
        def assign(tensor, value):
            real.fset(tensor, value)
            assigned.put(tensor, value)
            starts.put(tensor, None)

        return property(real.fget, assign, real.fdel)

    def accumulate(real):
        def wrapped(leaf, gradient):
            held, start = leaf.gradient, starts.get(leaf)
            if held is not None and assigned.get(leaf) is held and start is not None:
                held.array[...] = start
            elif held is not None:
                starts.put(leaf, held.array.copy())
            real(leaf, gradient)

        return wrapped

    return together(method("grad", grad), patched(accumulation, "accumulate", accumulate))


def _left_to_other_roots():
    left = weakref.WeakKeyDictionary()

    def visit(real):
        def wrapped(node, gradients, request, *rest):
            roots = {id(root) for root, _ in request.roots}
            others, stale = left.pop(node, (roots, None))
            if stale is not None and others != roots:
                gradients = [functions.add(gradients[0], stale)]
            if request.retain_graph and len(gradients) == 1:
                left[node] = (roots, gradients[0].detach())
            real(node, gradients, request, *rest)

        return wrapped

    return patched(reverse, "visit", visit)


DEFECTS = (
    Defect(
        "Y10",
        "Later passes add the gradient that the first one brought.",
        MEDIUM,
        "accumulation.sums-over-calls",
        sharing(_first_again),
    ),
    Defect(
        "Y11",
        "The tensor that was taken out of a slot is the one that the next pass fills.",
        HARD,
        "accumulation.setting-none-restarts-with-fresh-tensor",
        sharing(used_again),
    ),
    Defect(
        "Y12",
        "After a gradient was zeroed a pass brings what the one before brought.",
        HARD,
        "accumulation.zeroing-in-place-restarts",
        sharing(_same_after_zeroing),
    ),
    Defect(
        "Y13",
        "Each pass adds to an assigned gradient as it was when it was assigned.",
        HARD,
        "accumulation.assigned-tensor-is-adopted-and-mutated",
        sharing(_added_to_what_was_assigned),
    ),
    Defect(
        "Y21",
        "What a pass brings to an operation it retains, a pass from another root adds to.",
        VERY_HARD,
        "backward.composes-by-chain-rule",
        sharing(_left_to_other_roots),
    ),
)
