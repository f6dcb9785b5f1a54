"""Defects that show in second derivatives, in forward mode, or in the helpers built on both."""

from __future__ import annotations

from conformance.reference import (
    accumulation,
    evaluation,
    functional,
    graph,
    modes,
    reverse,
    shapes,
)  # fmt: skip
from conformance.reference.rules import RULES

from .defect import EASY, HARD, MEDIUM, VERY_HARD, Defect, patched, rule, vjp


def _never_recorded(real):
    def run(request):
        before = modes.switch(False)
        try:
            return reverse.walk(request)
        finally:
            modes.switch(before)

    return run


def _cut_operand(real):
    return lambda kept, node: real(kept, node).detach()


def _half_constant_sigmoid(real):
    return lambda s, g: g * ((1 - s.out.detach()) * s.out)


def _cut_sum(real):
    def unbroadcast(gradient, shape):
        return real(gradient, shape).detach()

    return unbroadcast


def _steep_step(real):
    return lambda s, g: g


def _cut_right(real):
    def wrt_a(s, g):
        return real(s._replace(b=s.b.detach()) if s.b.ndim == 2 else s, g)

    return wrt_a


def _cut_exponent(real):
    return lambda s, g: real(s._replace(a=s.a.detach()) if s.params[0] == 3 else s, g)


def _cut_upstream(real):
    def cotangent(s, g):
        return real(s, g.detach()) if g.ndim == 0 else real(s, g)

    return cotangent


def _cut_spread(real):
    def embed(s, g):
        return real(s, g).detach()

    return embed


def _first_tangent(real):
    def push(rule, point, operands, tangents):
        return (
            real(rule, point, operands, (tangents[0], *(None,) * (len(tangents) - 1)))
            if (tangents[0] is not None)
            else real(rule, point, operands, tangents)
        )

    return push


def _sign_lost(rule, point, operands, tangents):
    total = None
    for tangent in tangents:
        if tangent is not None:
            total = tangent if total is None else total + tangent
    return total


def _own_slots(real):
    return lambda inputs, create_graph: inputs


def _row_shapes(real):
    def rows(output, points, create_graph, strict):
        blocks = real(output, points, create_graph, strict)
        return tuple(
            shapes.reshape(block, (*x.shape, *output.shape))
            for block, x in zip(blocks, points, strict=True)
        )

    return rows


def _transposed_block(real):
    def turned(block):
        square = block.ndim == 2 and block.shape[0] == block.shape[1]
        return block.transpose(0, 1).clone() if square else block

    return lambda *args: tuple(turned(block) for block in real(*args))


def _missing_is_one(real):
    def gradients(outputs, inputs, *rest):
        found = real(outputs, inputs, *rest)
        reached = reverse.topological_order([out.node for out in outputs if out.node is not None])
        return tuple(
            g if graph.edge_to(x)[0] in reached else g + 1
            for g, x in zip(found, inputs, strict=True)
        )

    return gradients


DEFECTS = (
    Defect(
        "F01",
        "A pass that should build a graph builds none.",
        EASY,
        "higher.create-graph-makes-gradients-differentiable",
        patched(reverse, "run", _never_recorded),
    ),
    Defect(
        "F03",
        "Second derivatives miss the path through saved operands.",
        MEDIUM,
        "higher.nth-derivative-of-monomials",
        patched(graph.SavedInput, "unpack", _cut_operand),
    ),
    Defect(
        "X55",
        "Second derivatives miss the path through saved results.",
        MEDIUM,
        "second-order.gradient-penalty-trains-parameters",
        patched(graph.SavedOutput, "unpack", _cut_operand),
    ),
    Defect(
        "F05",
        "The sigmoid's second derivative is wrong, its first is right.",
        HARD,
        "operation.second-derivative",
        vjp("sigmoid", 0, _half_constant_sigmoid),
    ),
    Defect(
        "F09",
        "Second derivatives end where the first pass summed a stretched operand's gradient.",
        HARD,
        "higher.gradient-inside-a-loss",
        patched(accumulation, "unbroadcast", _cut_sum),
    ),
    Defect(
        "F15",
        "The step that relu's derivative is has a slope of one.",
        MEDIUM,
        "operation.second-derivative",
        vjp("step", 0, _steep_step),
    ),
    Defect(
        "X56",
        "In the derivative of a matrix product the right factor counts as a constant.",
        VERY_HARD,
        "operation.second-derivative",
        vjp("matmul", 0, _cut_right),
    ),
    Defect(
        "X57",
        "A cube's first derivative counts as a constant.",
        HARD,
        "higher.nth-derivative-of-monomials",
        vjp("powi", 0, _cut_exponent),
    ),
    Defect(
        "X58",
        "Cotangents without dimensions enter a product's derivative as constants.",
        HARD,
        "higher.nth-derivative-of-monomials",
        vjp("mul", 0, _cut_upstream),
    ),
    Defect(
        "X59",
        "The second derivative of indexing is cut off.",
        HARD,
        "operation.second-derivative",
        vjp("slice", 0, _cut_spread),
    ),
    Defect(
        "X61",
        "The tangent of a difference is the sum of the tangents.",
        EASY,
        "operation.tangent-is-its-derivative",
        rule("sub", jvp=_sign_lost),
    ),
    Defect(
        "X62",
        "Where the first factor carries a tangent, the second one's is dropped.",
        MEDIUM,
        "operation.tangent-is-its-derivative",
        rule("mul", jvp=_first_tangent(RULES["mul"].jvp)),
    ),
    Defect(
        "X63",
        "The helpers differentiate by the user's own tensors.",
        HARD,
        "functional.no-side-effects-unless-create-graph",
        patched(evaluation, "leaves_at", _own_slots),
    ),
    Defect(
        "X64",
        "A Jacobian's block has the input's shape before the output's.",
        MEDIUM,
        "functional.jacobian-shape-and-nesting",
        patched(functional, "_rows", _row_shapes),
    ),
    Defect(
        "X65",
        "Square blocks of a Jacobian come out transposed.",
        HARD,
        "functional.jacobian-shape-and-nesting",
        patched(functional, "_rows", _transposed_block),
    ),
    Defect(
        "X66",
        "Derivatives with respect to an input that is not used are ones.",
        HARD,
        "functional.independent-gives-zeros-strict-raises",
        patched(evaluation, "gradients", _missing_is_one),
    ),
)
