"""Writing in place: values that change, and derivatives that stay right.

A tracked leaf may not be written to. Anything else may, and derivatives account for every write.
"""

from __future__ import annotations

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc, note, page
from conformance.expect import expect_grad, expect_leaf, expect_result, expect_value
from conformance.specs._writes import WITH_OPERAND, WRITES, write
from conformance.strategies import (
    arrays,
    booleans,
    cotangents,
    integers,
    lists,
    offered,
    sampled,
    tuples,
)
from conformance.truth import vjp_of

IN_PLACE = note("autograd", "in-place-operations-with-autograd")
COPY = doc("torch.Tensor.copy_")
VIEWS = page("docs/stable/tensor_view.html", "tensor views")

value = arrays((2, 2), (2,), (2, 3), ())


@behavior(
    "inplace.tracked-leaf-raises",
    "Writing in place to a tracked leaf is refused, and leaves it as it was.",
    level=CORE,
    sources=[IN_PLACE],
    given={"value": value, "v": cotangents(), "pick": integers(0, len(WRITES) - 1)},
    requires=["state.factory-flag-makes-tracked-leaf"],
)
def tracked_leaf_raises(session, value, v, pick):
    x = session.tensor(value, requires_grad=True)

    with session.raises("a leaf that requires grad is written to in place"):
        write(x, v.like(x), pick)

    expect_value(x, value)
    expect_leaf(x, requires_grad=True)


@behavior(
    "inplace.view-of-tracked-leaf-raises",
    "Writing to a tracked leaf through a view of it is refused as well.",
    level=CORE,
    sources=[IN_PLACE, VIEWS],
    given={
        "value": arrays((2, 3), (3, 2)),
        "v": cotangents(),
        "pick": integers(0, len(WRITES) - 1),
        "views": lists(
            offered(("unsqueeze", (0,)), ("select", ((0,),)), ("select", ((slice(1),),))), 1, 2
        ),
    },
    requires=["inplace.tracked-leaf-raises"],
)
def view_of_tracked_leaf_raises(session, value, v, pick, views):
    x = session.tensor(value, requires_grad=True)
    view = x
    for op, params in views:
        view = view.apply(op, *params)

    with session.raises("a view of a leaf that requires grad is written to in place"):
        write(view, v.like(view), pick)

    expect_value(x, value)


@behavior(
    "inplace.intermediate-allowed-and-differentiated",
    "An intermediate may be written to as often as one likes, and derivatives account for each "
    "write.",
    level=CORE,
    sources=[IN_PLACE],
    given={
        "value": value,
        "v": cotangents(),
        "steps": lists(tuples(offered("add_", "sub_", "neg_"), booleans()), 1, 4),
    },
    requires=["backward.gives-vector-jacobian-product"],
)
def intermediate_allowed_and_differentiated(session, value, v, steps):
    x, t = session.tensor(value, requires_grad=True), session.tensor(value, requires_grad=True)
    y = x + t
    sign = {id(x): 1, id(t): 1}
    for op, of_x in steps:
        operand = x if of_x else t
        if op == "neg_":
            session.write(op, y, None)
            sign = {key: -s for key, s in sign.items()}
        else:
            session.write(op, y, operand)
            sign[id(operand)] += 1 if op == "add_" else -1

    y.backward(v.like(y))

    expect_grad(x, sign[id(x)] * v(y.shape))
    expect_grad(t, sign[id(t)] * v(y.shape))


@behavior(
    "inplace.untracked-target-becomes-tracked",
    "Tracked values written into an untracked tensor make it a tracked result; what was computed "
    "from it before stays untracked.",
    level=CORE,
    sources=[IN_PLACE, doc("torch.Tensor.requires_grad")],
    given={"value": value, "v": cotangents(), "pick": integers(0, 4)},
    requires=["inplace.intermediate-allowed-and-differentiated"],
)
def untracked_target_becomes_tracked(session, value, v, pick):
    x = session.tensor(value, requires_grad=True)
    target = v.like(x)
    earlier = -target

    write(target, x, pick, WITH_OPERAND)

    expect_result(target)
    expect_leaf(earlier, requires_grad=False)
    target.backward(v.like(x))
    expect_grad(x, vjp_of(target, x, v(x.shape)))


@behavior(
    "inplace.overwriting-cuts-the-old-value",
    "What is overwritten gets no derivative any more; the value written gets it instead.",
    level=CORE,
    sources=[COPY, VIEWS],
    given={
        "value": arrays((2, 3), (3, 2), (2,)),
        "v": cotangents(),
        "index": sampled((), (0,), (slice(1, None),), (-1,)),
        "tracked": booleans(),
    },
    requires=["inplace.intermediate-allowed-and-differentiated"],
)
def overwriting_cuts_the_old_value(session, value, v, index, tracked):
    x = session.tensor(value, requires_grad=True)
    old = -x
    new = session.tensor(3.0 * value[index], requires_grad=tracked)

    old[index] = new

    root = old + x
    root.backward(v.like(root))
    left = -v(x.shape)
    left[index] = 0.0
    expect_grad(x, left + v(x.shape))
    expect_grad(new, v(x.shape)[index] if tracked else None)


@behavior(
    "inplace.index-assignment-builds-graph",
    "A buffer filled piece by piece with tracked values is a function of them: the last write to a "
    "place counts, and a value spread over several places gets the sum of their derivatives.",
    level=CORE,
    sources=[VIEWS, IN_PLACE],
    given={
        "v": cotangents(),
        "pieces": lists(
            tuples(
                sampled(
                    (0,),
                    (1, 2),
                    (slice(None), 1),
                    (slice(1, None), slice(0, 2)),
                    (),
                    (slice(None), slice(None, None, 2)),
                ),
                arrays((), (2, 1), (1,)),
            ),
            1,
            4,
        ),
    },
    requires=[
        "inplace.overwriting-cuts-the-old-value",
        "inplace.untracked-target-becomes-tracked",
    ],
)
def index_assignment_builds_graph(session, v, pieces):
    buffer = session.tensor(np.zeros((2, 3)))
    assigned, left = [], v((2, 3))
    for index, number in pieces:
        place = np.zeros((2, 3))[index]
        narrow = number.reshape(-1)[0] if number.ndim > place.ndim else number
        fitting = (
            narrow if np.broadcast_shapes(place.shape, np.shape(narrow)) == place.shape else 1.5
        )
        piece = session.tensor(fitting, requires_grad=True)
        buffer[index] = piece
        assigned.append((piece, index))

    buffer.backward(v.like(buffer))

    for piece, index in reversed(assigned):
        received = np.broadcast_to(left[index], np.shape(left[index]))
        extra = tuple(range(received.ndim - len(piece.shape)))
        summed = received.sum(axis=extra)
        ones = tuple(i for i, n in enumerate(piece.shape) if n == 1 and summed.shape[i] != 1)
        expect_grad(piece, summed.sum(axis=ones, keepdims=True) if ones else summed)
        left[index] = 0.0


@behavior(
    "inplace.target-shape-and-dtype-fixed",
    "A write keeps its target's shape and dtype: what would grow it, or put fractions into "
    "integers, is refused; a broadcast operand gets the sum of the derivatives, and a converted "
    "one gets them in its own dtype.",
    level=CORE,
    sources=[note("broadcasting"), COPY],
    given={
        "value": arrays((2, 3), (1, 3), (2, 1)),
        "v": cotangents(),
        "kind": sampled("grow", "reduce", "convert", "discrete"),
        "op": offered("add_", "copy_", "sub_"),
    },
    requires=["inplace.intermediate-allowed-and-differentiated", "detach.result-is-untracked-leaf"],
)
def target_shape_and_dtype_fixed(session, value, v, kind, op):
    other = "float32" if session.dtype != "float32" else "float64"
    if kind == "convert" and other not in session.adapter.dtype_objects:
        kind = "reduce"
    x = session.tensor(value, requires_grad=True, dtype=other if kind == "convert" else None)
    if kind == "grow":
        target = session.tensor(value.ravel()[:1])
        with session.raises("the target would have to grow"):
            session.write(op, target, session.tensor(np.ones((2, 3)), requires_grad=True))
        return
    if kind == "discrete" and op != "copy_" and "int64" in session.adapter.discrete_dtypes:
        target = session.tensor(np.ones((2, 3)), dtype="int64")
        with session.raises("integers cannot hold the result"):
            session.write(op, target, x.detach())
        return
    target = session.tensor(np.ones((2, 3)))

    session.write(op, target, x)

    target.backward(v.like(target))
    expect_grad(x, vjp_of(target, x, v(target.shape)))


@behavior(
    "inplace.overlapping-target-raises",
    "Writing to an expanded tensor, several of whose elements are one place in memory, is refused.",
    level=EXTENDED,
    sources=[doc("torch.Tensor.expand")],
    given={
        "value": arrays((1,), (2, 1), (1, 3)),
        "v": cotangents(),
        "tracked": booleans(),
        "op": offered("add_", "copy_", "mul_", "sub_"),
    },
    requires=["inplace.intermediate-allowed-and-differentiated"],
)
def overlapping_target_raises(session, value, v, tracked, op):
    base = session.tensor(value, requires_grad=tracked)
    base = -base if tracked else base
    target = base.apply("expand", tuple(4 if n == 1 else n for n in value.shape))

    with session.raises("elements of the target share memory"):
        session.write(op, target, v.like(target))
