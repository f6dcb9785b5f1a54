"""Defects in what loops, branches and values taken out of a program leave in its graph."""

from __future__ import annotations

import weakref

import numpy as np
from conformance.reference import dispatch, graph, reverse, shapes
from conformance.reference.methods import Methods

from .defect import EASY, HARD, MEDIUM, VERY_HARD, Defect, method, patched, sharing, together


def _awaiting_all_uses():
    uses, arrived = weakref.WeakKeyDictionary(), {}

    def init(real):
        def wrapped(node, rule, edges, *rest):
            real(node, rule, edges, *rest)
            for edge in edges:
                if edge is not None:
                    uses[edge[0]] = uses.get(edge[0], 0) + 1

        return wrapped

    def walk(real):
        def wrapped(request):
            arrived.clear()
            return real(request)

        return wrapped

    def add(real):
        def wrapped(cotangents, edge, contribution):
            arrived[edge[0]] = arrived.get(edge[0], 0) + 1
            real(cotangents, edge, contribution)

        return wrapped

    def visit(real):
        def wrapped(node, gradients, request, *rest):
            waits = type(node) is graph.Operation and arrived[node] < uses.get(node, 0)
            if not waits or any(node is root for root, _ in request.roots):
                real(node, gradients, request, *rest)

        return wrapped

    return together(
        patched(graph.Operation, "__init__", init),
        patched(reverse, "walk", walk),
        patched(reverse, "add", add),
        patched(reverse, "visit", visit),
    )


def _read_is_used():
    read = []

    def item(real):
        def wrapped(tensor):
            edge = graph.edge_to(tensor)
            below = [] if edge is None else reverse.topological_order([edge[0]])
            read.extend(n.variable for n in below if type(n) is graph.AccumulateGrad)
            return real(tensor)

        return wrapped

    def run(real):
        def wrapped(request):
            found = real(request)
            for leaf in () if request.capture else read:
                if leaf.gradient is None:
                    leaf.gradient = dispatch.zeros_like(leaf)
            read.clear()
            return found

        return wrapped

    return together(patched(Methods, "item", item), patched(reverse, "run", run))


def _number_is_tensor():
    last = {}

    def item(real):
        def wrapped(tensor):
            last["number"], last["tensor"] = real(tensor), weakref.ref(tensor)
            return last["number"]

        return wrapped

    def as_operand(real):
        def wrapped(value, like):
            known = last["tensor"]() if isinstance(value, float) and last else None
            if known is None or value != last["number"] or known.dtype != like.dtype:
                return real(value, like)
            return shapes.reshape(known, ())

        return wrapped

    return together(patched(Methods, "item", item), patched(dispatch, "as_operand", as_operand))


def _no_half(real):
    return lambda dtype: real(dtype) and dtype != np.float16


def _history_comes_back():
    origins = {}

    def detach(real):
        def wrapped(tensor):
            node, result = tensor.current_node(), real(tensor)
            if node is not None:
                origins[id(result)] = (weakref.ref(result), weakref.ref(node), tensor.index)
            return result

        return wrapped

    def track(real):
        def wrapped(tensor, requires_grad=True):
            result = real(tensor, requires_grad)
            owner, node, index = origins.get(id(tensor), (lambda: None, lambda: None, 0))
            if requires_grad and owner() is tensor and node() is not None:
                tensor.flag, tensor.node, tensor.index = False, node(), index
            return result

        return wrapped

    return together(method("detach", detach), method("requires_grad_", track))


def _squared_by_memory(real):
    def apply(key, operands, *params):
        a, b = operands if key == "mul" else (None, None)
        if a is b or a.array is not b.array:
            return real(key, operands, *params)
        return real("powi", (b if b.requires_grad else a,), 2)

    return apply


def _cut_for_everyone(real):
    def detach_(tensor):
        node = tensor.current_node()
        result = real(tensor)
        if node is not None:
            node.edges = ()
        return result

    return detach_


class _Carrying(float):
    """A number that knows the tensor it was read from."""

    tensor = None


def _number_with_history():
    def item(real):
        def wrapped(tensor):
            number = real(tensor)
            if not (isinstance(number, float) and tensor.requires_grad):
                return number
            carrying = _Carrying(number)
            carrying.tensor = tensor
            return carrying

        return wrapped

    def as_operand(real):
        def wrapped(value, like):
            if isinstance(value, _Carrying) and value.tensor.dtype == like.dtype:
                return shapes.reshape(value.tensor, ())
            return real(value, like)

        return wrapped

    return together(patched(Methods, "item", item), patched(dispatch, "as_operand", as_operand))


DEFECTS = (
    Defect(
        "V12",
        "An operation waits for all its uses, also for those that the root does not depend on.",
        MEDIUM,
        "control.data-dependent-loops",
        sharing(_awaiting_all_uses),
    ),
    Defect(
        "V13",
        "Leaves that a number was read from get zeros from the next pass.",
        HARD,
        "control.only-the-taken-branch-counts",
        sharing(_read_is_used),
    ),
    Defect(
        "V14",
        "A number equal to the one that was read last is taken for the tensor it was read from.",
        VERY_HARD,
        "control.python-numbers-are-constants",
        sharing(_number_is_tensor),
    ),
    Defect(
        "V15",
        "Results in half precision are not tracked.",
        MEDIUM,
        "convert.casts-are-differentiable",
        patched(graph, "fits", _no_half),
    ),
    Defect(
        "V16",
        "A detached tensor that is tracked again has its history back.",
        HARD,
        "detach.acts-as-a-constant",
        sharing(_history_comes_back),
    ),
    Defect(
        "V17",
        "A product of two tensors on the same memory is recorded as a square.",
        HARD,
        "detach.acts-as-a-constant",
        patched(dispatch, "apply", _squared_by_memory),
    ),
    Defect(
        "V18",
        "Detaching in place takes the history also from what was computed before.",
        HARD,
        "detach.in-place-variant",
        method("detach_", _cut_for_everyone),
    ),
    Defect(
        "V19",
        "Detaching a leaf in place leaves it tracked.",
        EASY,
        "detach.in-place-variant",
        method("detach_", lambda real: lambda x: x if x.node is None else real(x)),
    ),
    Defect(
        "Y01",
        "A number that is taken out of a program brings its history along.",
        MEDIUM,
        "control.python-numbers-are-constants",
        _number_with_history(),
    ),
)
