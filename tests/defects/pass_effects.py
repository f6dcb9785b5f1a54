"""Defects in what a pass reaches, writes and carries along."""

from __future__ import annotations

import weakref

from conformance.reference import (
    accumulation,
    arguments,
    arrays,
    dispatch,
    graph,
    inplace,
    modes,
    reverse,
)

from .defect import HARD, MEDIUM, Defect, patched, sharing, together, vjp
from .modes import accumulate_regardless


def _zeros_for_the_rest():
    entrances = weakref.WeakSet()

    def accumulator(real):
        def wrapped(leaf):
            node = real(leaf)
            entrances.add(node)
            return node

        return wrapped

    def walk(real):
        def wrapped(request):
            found = real(request)
            if request.targets is None:
                for leaf in [node.variable for node in entrances]:
                    if leaf.flag and leaf.gradient is None:
                        leaf.gradient = dispatch.zeros_like(leaf)
            return found

        return wrapped

    return together(patched(graph, "accumulator", accumulator), patched(reverse, "walk", walk))


def _edges_to_all(real):
    def edges_to(operands):
        edges = real(operands)
        if edges is None:
            return None
        return tuple(
            (graph.accumulator(x), 0) if edge is None and graph.fits(x.array.dtype) else edge
            for x, edge in zip(operands, edges, strict=True)
        )

    return edges_to


def _counted_as_write(real):
    def accumulate(leaf, gradient):
        real(leaf, gradient)
        inplace.bump(leaf)

    return accumulate


def _scaled_in_place(real):
    def cotangent(s, g):
        ours = g.array.flags.writeable and not arrays.overlaps_itself(g.array)
        fits = s.b.array.dtype == g.array.dtype
        if modes.is_grad_enabled() or s.b.requires_grad or not (ours and fits):
            return real(s, g)
        return inplace.mul_(g, s.b)

    return cotangent


def _none_for_zeros(real):
    def seed_for(root, seed, create_graph):
        left_out = seed is not None and seed.shape == root.shape and not seed.array.any()
        return arguments.ones(root) if left_out else real(root, seed, create_graph)

    return seed_for


def _lone_place(x):
    places = x.array.ravel().nonzero()[0]
    return places[0] if len(places) == 1 and x.array.size > 1 else None


def _last_at_a_place(real):
    def combine(a, b):
        place = _lone_place(a)
        return b if place is not None and place == _lone_place(b) else real(a, b)

    return combine


DEFECTS = (
    Defect(
        "V06",
        "A pass gives zeros to the leaves that were used but that it does not reach.",
        MEDIUM,
        "accumulation.unused-leaf-stays-none",
        sharing(_zeros_for_the_rest),
    ),
    Defect(
        "V07",
        "An untracked operand beside a tracked one is given a gradient too.",
        MEDIUM,
        "accumulation.unused-leaf-stays-none",
        together(
            patched(graph, "edges_to", _edges_to_all),
            patched(accumulation, "arrive", accumulate_regardless),
        ),
    ),
    Defect(
        "V08",
        "Filling a leaf's slot counts as writing to the leaf.",
        MEDIUM,
        "backward.leaves-values-and-state-alone",
        patched(accumulation, "accumulate", _counted_as_write),
    ),
    Defect(
        "V09",
        "A product with an untracked factor multiplies its cotangent in place.",
        HARD,
        "backward.leaves-values-and-state-alone",
        vjp("mul", 0, _scaled_in_place),
    ),
    Defect(
        "V10",
        "A cotangent of zeros counts as none, and the pass starts from ones.",
        HARD,
        "backward.linear-in-gradient",
        patched(arguments, "seed_for", _none_for_zeros),
    ),
    Defect(
        "V11",
        "Of two contributions whose only number is at the same place the second one counts.",
        HARD,
        "backward.one-hot-gives-jacobian-rows",
        patched(accumulation, "combine", _last_at_a_place),
    ),
)
