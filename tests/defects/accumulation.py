"""Defects in how contributions are summed and gradients stored."""

from __future__ import annotations

import weakref

import numpy as np
from conformance.reference import accumulation, elementwise, functions, graph, reverse

from .defect import EASY, HARD, MEDIUM, VERY_HARD, Defect, method, patched, sharing, together


def _overwrite(real):
    def accumulate(leaf, gradient):
        leaf.gradient = functions.clone(gradient)

    return accumulate


def _merge_equal_leaves(real):
    known = weakref.WeakValueDictionary()

    def accumulator(leaf):
        key = (leaf.array.shape, leaf.array.dtype, leaf.array.tobytes())
        return known.setdefault(key, real(leaf))

    return accumulator


def _combine_in_place(real):
    def combine(a, b):
        if a.requires_grad or a.shape != b.shape or not a.array.flags.writeable:
            return real(a, b)
        a.array[...] = a.array + b.array
        return a

    return combine


def _adopt(real):
    def accumulate(leaf, gradient):
        if leaf.gradient is None:
            leaf.gradient = gradient
        else:
            real(leaf, gradient)

    return accumulate


def _ignore_assigned(real):
    made = {}

    def accumulate(leaf, gradient):
        if id(leaf.gradient) not in made:
            leaf.gradient = None
        real(leaf, gradient)
        made[id(leaf.gradient)] = leaf.gradient

    return accumulate


def _always_in_place(real):
    def accumulate(leaf, gradient):
        if leaf.gradient is None or not leaf.gradient.requires_grad:
            real(leaf, gradient)
        else:
            leaf.gradient.add_(gradient)

    return accumulate


def _lost_third():
    counts = {}

    def walk(real):
        def wrapped(request):
            counts.clear()
            return real(request)

        return wrapped

    def add(real):
        def wrapped(cotangents, edge, contribution):
            counts[edge] = counts.get(edge, 0) + 1
            if counts[edge] != 3:
                real(cotangents, edge, contribution)

        return wrapped

    return together(patched(reverse, "walk", walk), patched(reverse, "add", add))


def _in_single(real):
    def combine(a, b):
        if a.array.dtype != np.float64:
            return real(a, b)
        narrow = (elementwise.cast(x, np.dtype("float32")) for x in (a, b))
        return elementwise.cast(real(*narrow), np.dtype("float64"))

    return combine


def _hidden_buffer():
    hidden = {}

    def setter(real):
        def assign(tensor, value):
            if value is None and tensor.gradient is not None:
                hidden[id(tensor)] = (weakref.ref(tensor), tensor.gradient.clone())
            real.fset(tensor, value)

        return property(real.fget, assign, real.fdel)

    def accumulate(real):
        def wrapped(leaf, gradient):
            if leaf.gradient is None and id(leaf) in hidden and hidden[id(leaf)][0]() is leaf:
                leaf.gradient = hidden.pop(id(leaf))[1]
            real(leaf, gradient)

        return wrapped

    return together(method("grad", setter), patched(accumulation, "accumulate", accumulate))


def _skip_zero(real):
    def arrive(leaf, gradient):
        if gradient.array.any():
            real(leaf, gradient)

    return arrive


def _one_slot(real):
    def propagate(node, cotangents, wanted):
        return list(dict(real(node, cotangents, wanted)).items())

    return propagate


def _replaced(real):
    def accumulate(leaf, gradient):
        held = leaf.gradient
        leaf.gradient = functions.clone(gradient) if held is None else held + gradient

    return accumulate


DEFECTS = (
    Defect(
        "A01",
        "A backward pass overwrites what a leaf's slot holds.",
        EASY,
        "accumulation.sums-over-calls",
        patched(accumulation, "accumulate", _overwrite),
    ),
    Defect(
        "A03",
        "A tensor used twice by one operation gets the second use's contribution only.",
        MEDIUM,
        "backward.fan-out-sums",
        patched(graph.Operation, "propagate", _one_slot),
    ),
    Defect(
        "A05",
        "Two leaves with equal values share one entrance, so one gets both gradients.",
        HARD,
        "accumulation.sums-over-calls",
        patched(graph, "accumulator", _merge_equal_leaves),
    ),
    Defect(
        "A07",
        "Later contributions are added into the buffer of the first, which others may hold.",
        VERY_HARD,
        "backward.gives-vector-jacobian-product",
        patched(accumulation, "combine", _combine_in_place),
    ),
    Defect(
        "A09",
        "An empty slot adopts the arriving tensor itself, be it the user's cotangent.",
        VERY_HARD,
        "accumulation.gradients-own-their-storage",
        patched(accumulation, "accumulate", _adopt),
    ),
    Defect(
        "A11",
        "A gradient that the user assigned is replaced instead of added to.",
        MEDIUM,
        "accumulation.assigned-tensor-is-adopted-and-mutated",
        patched(accumulation, "accumulate", _ignore_assigned),
    ),
    Defect(
        "A13",
        "A pass that builds a graph accumulates in place, into a gradient someone may have read.",
        VERY_HARD,
        "accumulation.differentiable-pass-replaces-the-slot",
        patched(accumulation, "accumulate", _always_in_place),
    ),
    Defect(
        "A15",
        "The third contribution to one value is lost.",
        HARD,
        "backward.fan-out-sums",
        sharing(_lost_third),
    ),
    Defect(
        "A17",
        "Contributions are summed in single precision inside a double precision graph.",
        HARD,
        "backward.matches-finite-differences",
        patched(accumulation, "combine", _in_single),
    ),
    Defect(
        "H16",
        "Emptying a slot keeps the old sum aside, and the next pass adds to that.",
        HARD,
        "accumulation.setting-none-restarts-with-fresh-tensor",
        sharing(_hidden_buffer),
    ),
    Defect(
        "X01",
        "A gradient of zeros leaves the slot empty.",
        MEDIUM,
        "accumulation.zero-derivative-is-a-zero-tensor",
        patched(accumulation, "arrive", _skip_zero),
    ),
    Defect(
        "X02",
        "An ordinary pass puts a new tensor into a slot that holds one already.",
        HARD,
        "accumulation.assigned-tensor-is-adopted-and-mutated",
        patched(accumulation, "accumulate", _replaced),
    ),
)
