"""Defects in passes that should give the same bits each time."""

from __future__ import annotations

import math

from conformance.reference import functions, reverse
from conformance.reference.rules import RULES

from .defect import HARD, Defect, patched, rule, sharing, together, vjp

_OTHERWISE = {
    ("sigmoid", 0): lambda s, g: (g * (1 - s.out)) * s.out,
    ("tanh", 0): lambda s, g: g - (g * s.out) * s.out,
    ("exp", 0): lambda s, g: g / functions.reciprocal(s.out),
    ("sqrt", 0): lambda s, g: (g * 0.5) / s.out,
    ("sin", 0): lambda s, g: g * functions.sin(s.a + math.pi / 2),
    ("powi", 0): lambda s, g: (g * s.params[0]) * functions.pow(s.a, s.params[0] - 1),
    ("log", 0): lambda s, g: g * functions.reciprocal(s.a),
    ("reciprocal", 0): lambda s, g: -((g * s.out) * s.out),
    ("div", 0): lambda s, g: g * functions.reciprocal(s.b),
    ("div", 1): lambda s, g: -(g * s.a) / (s.b * s.b),
}


def _kernels_in_turn():
    passes = []

    def walk(real):
        def wrapped(request):
            passes.append(None)
            return real(request)

        return wrapped

    def in_turn(otherwise):
        return lambda real: lambda s, g: (otherwise if len(passes) % 2 else real)(s, g)

    kernels = (vjp(*place, in_turn(otherwise)) for place, otherwise in _OTHERWISE.items())
    return together(patched(reverse, "walk", walk), *kernels)


def _added_in_turn():
    passes, arrived = [], {}

    def walk(real):
        def wrapped(request):
            passes.append(None)
            arrived.clear()
            return real(request)

        return wrapped

    def add(real):
        def wrapped(cotangents, edge, contribution):
            terms = arrived.setdefault(edge, [])
            terms.insert(0, contribution)
            if len(passes) % 2 or len(terms) == 1:
                real(cotangents, edge, contribution)
                return
            cotangents[edge[0]][edge[1]] = None
            for term in terms:
                real(cotangents, edge, term)

        return wrapped

    return together(patched(reverse, "walk", walk), patched(reverse, "add", add))


def _summed_in_turn():
    passes, forward = [], RULES["sum"].forward

    def walk(real):
        def wrapped(request):
            passes.append(None)
            return real(request)

        return wrapped

    def in_turn(xp, a, axes, *rest):
        turned = xp.flip(a, axes).copy() if len(passes) % 2 else a
        return forward(xp, turned, axes, *rest)

    return together(patched(reverse, "walk", walk), rule("sum", forward=in_turn))


DEFECTS = (
    Defect(
        "W30",
        "Every second pass takes other kernels for the same derivatives, which round otherwise.",
        HARD,
        "backward.repeatable",
        sharing(_kernels_in_turn),
    ),
    Defect(
        "Y07",
        "Every second pass adds contributions to one value in another order.",
        HARD,
        "backward.repeatable",
        sharing(_added_in_turn),
    ),
    Defect(
        "Y08",
        "In every second pass sums begin at the other end.",
        HARD,
        "backward.repeatable",
        sharing(_summed_in_turn),
    ),
)
