"""Views: several tensors on one memory, and derivatives that follow every write.

A view is a tensor of its own on the memory of its base. A write through either is a write to both,
for values and for derivatives alike.
"""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc, page
from conformance.expect import expect_grad, expect_result, expect_value
from conformance.strategies import (
    arrays,
    booleans,
    cotangents,
    lists,
    offered,
    sampled,
    tuples,
)
from conformance.truth import vjp_of

VIEWS = page("docs/stable/tensor_view.html", "tensor views")

matrix = arrays((2, 3), (3, 2), (2, 2))
view = offered(
    ("transpose", (0, 1)),
    ("select", ((0,),)),
    ("select", ((slice(None), slice(1, None)),)),
    ("unsqueeze", (1,)),
    ("permute", ((1, 0),)),
    ("select", ((-1, 0),)),
    ("select", ((slice(None, None, 2),),)),
)
further = lists(offered(("unsqueeze", (0,)), ("select", ((-1,),)), ("transpose", (0, -1))), 0, 2)
edit = offered("mul_", "add_", "copy_", "sub_", "zero_", "neg_")


@behavior(
    "view.shares-memory-and-carries-gradient",
    "A view of a tracked tensor is a tracked result on the same memory, and its gradient goes back "
    "to the places it shows, and to no others.",
    level=CORE,
    sources=[VIEWS],
    given={"value": matrix, "v": cotangents(), "view": view, "further": further},
    requires=[
        "modes.no-grad-results-are-untracked",
        "inplace.intermediate-allowed-and-differentiated",
    ],
)
def shares_memory_and_carries_gradient(session, value, v, view, further):
    x = session.tensor(value, requires_grad=True)
    shown = _view(x, view, further)
    expect_result(shown)
    places = _view(session.tensor(np.arange(value.size).reshape(value.shape)), view, further)

    shown.backward(v.like(shown))

    scattered = np.zeros(value.size)
    scattered[places.true_value.astype(int)] = v(shown.shape)
    expect_grad(x, scattered.reshape(value.shape))
    with session.no_grad():
        x.mul_(2.0)
    expect_value(shown, value.reshape(-1)[places.true_value.astype(int)] * 2)


@behavior(
    "view.mutation-through-view-rewrites-base",
    "A write through a view of an intermediate, or a view of a view, changes the derivatives of "
    "base and view at the places shown.",
    level=CORE,
    sources=[VIEWS],
    given={
        "value": matrix,
        "v": cotangents(),
        "number": arrays(()),
        "view": view,
        "further": further,
        "edit": edit,
        "of_view": booleans(),
    },
    requires=[
        "view.shares-memory-and-carries-gradient",
        "inplace.intermediate-allowed-and-differentiated",
    ],
)
def mutation_through_view_rewrites_base(session, value, v, number, view, further, edit, of_view):
    x, t = session.tensor(value, requires_grad=True), session.tensor(number, requires_grad=True)
    base = -x
    shown = _view(base, view, further)

    _write(edit, shown, t)

    root = shown if of_view else base
    root.backward(v.like(root))
    expect_grad(x, vjp_of(root, x, v(root.shape)))
    expect_grad(t, vjp_of(root, t, v(root.shape)))


@behavior(
    "view.mutation-of-base-reaches-all-views",
    "A write to a base, or to one of its views, is seen in the values and derivatives of every "
    "other view taken before.",
    level=CORE,
    sources=[VIEWS],
    given={
        "value": matrix,
        "v": cotangents(),
        "number": arrays(()),
        "views": tuples(view, view),
        "edits": lists(tuples(edit, booleans()), 1, 3),
    },
    requires=["view.mutation-through-view-rewrites-base"],
)
def mutation_of_base_reaches_all_views(session, value, v, number, views, edits):
    x, t = session.tensor(value, requires_grad=True), session.tensor(number, requires_grad=True)
    base = -x
    written, other = (_view(base, view, []) for view in views)

    for edit, of_view in edits:
        _write(edit, written if of_view else base, t)

    expect_value(other, _view(base, views[1], []).true_value)
    session.backward([other], [v.like(other)])


@behavior(
    "view.taken-before-base-was-tracked",
    "Views taken while nothing was tracked take part: tracked values written to base or view make "
    "the other a tracked result too.",
    level=EXTENDED,
    sources=[VIEWS, doc("torch.Tensor.requires_grad")],
    given={
        "value": matrix,
        "v": cotangents(),
        "number": arrays(()),
        "view": view,
        "further": further,
        "edit": offered("add_", "copy_", "mul_"),
        "through_view": booleans(),
    },
    requires=["view.mutation-through-view-rewrites-base"],
)
def taken_before_base_was_tracked(session, value, v, number, view, further, edit, through_view):
    base = session.tensor(value)
    shown = _view(base, view, further)
    t = session.tensor(number, requires_grad=True)
    target, root = (shown, base) if through_view else (base, shown)

    _write(edit, target, t)

    expect_result(root)
    root.backward(v.like(root))
    expect_grad(t, vjp_of(root, t, v(root.shape)))


@behavior(
    "view.advanced-indexing-copies",
    "Indexing with a list of positions copies: a write to the result leaves the source alone, one "
    "to the source the result, and the derivatives of a repeated position add.",
    level=CORE,
    sources=[VIEWS],
    given={
        "value": arrays((2,), (2, 3), (3,)),
        "v": cotangents(),
        "positions": sampled((0, 1), (1, 0), (0, 0), (1, 1, 0), (0,), (-1, 0, -1)),
        "edit": edit,
        "to_source": booleans(),
    },
    requires=["inplace.intermediate-allowed-and-differentiated"],
)
def advanced_indexing_copies(session, value, v, positions, edit, to_source):
    x = session.tensor(value, requires_grad=True)
    source = -x
    copied = source.apply("take", positions)
    copied.backward(v.like(copied))

    _write(edit, source if to_source else copied, session.tensor(3.0))

    if to_source:
        expect_value(copied, -value[list(positions)])
    else:
        expect_value(source, -value)
    expected = np.zeros(value.shape)
    np.subtract.at(expected, list(positions), v(copied.shape))
    expect_grad(x, expected)


def _view(x, view, further):
    """A view of ``x``, and views of that as far as they fit."""
    for op, params in (view, *further):
        if len(x.shape) >= {"transpose": 2, "select": 1}.get(op, 0):
            x = x.apply(op, *params)
    return x


def _write(edit, target, operand):
    session = target.session
    session.write(edit, target, None if edit in ("zero_", "neg_") else operand)
