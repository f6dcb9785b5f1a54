"""Defects in what backward and its functional form accept and return."""

from __future__ import annotations

import numpy as np
from conformance.reference import arguments, autograd, dispatch, passes, shapes, tensors

from .defect import EASY, HARD, MEDIUM, Defect, patched


def _shapeless_one(real):
    return lambda like: dispatch.constant(np.ones(()), like)


def _stretch_seed(real):
    def seed_for(root, seed, create_graph):
        if seed is not None and seed.shape != root.shape:
            try:
                np.broadcast_shapes(seed.shape, root.shape)
                seed = shapes.broadcast_to(seed, root.shape)
            except ValueError:
                pass
        return real(root, seed, create_graph)

    return seed_for


def _flat_seed(real):
    def seed_for(root, seed, create_graph):
        if seed is not None and seed.array.size == root.array.size:
            seed = shapes.reshape(seed, root.shape)
        return real(root, seed, create_graph)

    return seed_for


def _silent(real):
    def backward(tensors_, *args, **kwargs):
        roots = arguments.listed(tensors_)
        if any(root.requires_grad for root in roots):
            real(tensors_, *args, **kwargs)

    return backward


def _cut_seed(real):
    def seed_for(root, seed, create_graph):
        return real(root, seed, create_graph).detach()

    return seed_for


def _ones_for_all(real):
    def seed_for(root, seed, create_graph):
        return arguments.ones(root) if seed is None else real(root, seed, create_graph)

    return seed_for


def _first_seed_for_all(real):
    def seeds_for(roots, given, create_graph):
        seeds = real(roots, given, create_graph)
        same = len({seed.shape for seed in seeds}) == 1
        return [seeds[0]] * len(seeds) if same and len(seeds) > 2 else seeds

    return seeds_for


def _narrow_zeros(real):
    def zeros(like):
        return tensors.Tensor(np.zeros(like.shape, np.float32))

    return zeros


def _sorted_targets(real):
    def grad(outputs, inputs, *args, **kwargs):
        listed = arguments.listed(inputs)
        order = sorted(range(len(listed)), key=lambda place: listed[place].is_leaf)
        found = real(outputs, [listed[place] for place in order], *args, **kwargs)
        return tuple(found) if len(order) < 3 else tuple(found[place] for place in order)

    return grad


def _allow_untracked(real):
    def grad(outputs, inputs, *args, allow_unused=None, **kwargs):
        if allow_unused and not all(x.requires_grad for x in arguments.listed(inputs)):
            return (None,) * len(arguments.listed(inputs))
        return real(outputs, inputs, *args, allow_unused=allow_unused, **kwargs)

    return grad


def _none_for_zero(real):
    def substitute(gradient, place, tensor, allow_unused, *rest):
        if gradient is not None and allow_unused and not gradient.array.any():
            gradient = None
        return real(gradient, place, tensor, allow_unused, *rest)

    return substitute


DEFECTS = (
    Defect(
        "B26",
        "The implicit cotangent has no dimensions, whatever the root's shape.",
        HARD,
        "backward.one-element-root-seeds-one",
        patched(arguments, "ones", _shapeless_one),
    ),
    Defect(
        "B28",
        "A cotangent of another shape is stretched to the root's.",
        HARD,
        "backward.gradient-shape-must-match-exactly",
        patched(arguments, "seed_for", _stretch_seed),
    ),
    Defect(
        "X05",
        "A cotangent with as many elements as the root is reshaped to fit.",
        HARD,
        "backward.gradient-shape-must-match-exactly",
        patched(arguments, "seed_for", _flat_seed),
    ),
    Defect(
        "H18",
        "Backward from a tensor without history does nothing, silently.",
        MEDIUM,
        "backward.untracked-root-raises",
        patched(passes, "backward", _silent),
    ),
    Defect(
        "F19",
        "The cotangent counts as a constant also where a graph is built.",
        HARD,
        "higher.seed-is-a-differentiable-input",
        patched(arguments, "seed_for", _cut_seed),
    ),
    Defect(
        "X06",
        "A root of many elements is started from ones when no cotangent is given.",
        EASY,
        "backward.many-element-root-needs-gradient",
        patched(arguments, "seed_for", _ones_for_all),
    ),
    Defect(
        "X07",
        "Of three or more roots of one shape all start from the first one's cotangent.",
        HARD,
        "roots.sum-of-contributions",
        patched(arguments, "seeds_for", _first_seed_for_all),
    ),
    Defect(
        "X08",
        "The zeros for an unused input are always in single precision.",
        HARD,
        "grad.materialize-gives-zeros",
        patched(arguments, "zeros", _narrow_zeros),
    ),
    Defect(
        "X09",
        "Two gradients come back in the order of the graph, not of the request.",
        HARD,
        "grad.accepts-intermediates",
        patched(autograd, "grad", _sorted_targets),
    ),
    Defect(
        "X10",
        "Where unused inputs are allowed untracked ones are accepted too.",
        HARD,
        "grad.untracked-input-raises",
        patched(autograd, "grad", _allow_untracked),
    ),
    Defect(
        "X11",
        "Where unused inputs are allowed a gradient of zeros comes back as None.",
        HARD,
        "grad.allow-unused-gives-none",
        patched(passes, "gradient_or_substitute", _none_for_zero),
    ),
)
