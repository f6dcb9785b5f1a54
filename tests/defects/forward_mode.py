"""Defects in tangents, in the products and Hessians of functions, and in second derivatives."""

from __future__ import annotations

from conformance.reference import dispatch, forward_ad, functional, rules

from .defect import EASY, HARD, MEDIUM, VERY_HARD, Defect, patched, rule, together, vjp

_OF_RESULT = ("exp", "tanh", "sigmoid", "sqrt", "reciprocal")


def _at_operand(rule, point, operands, tangents):
    return rules.elementwise(rule, point._replace(out=point.a), operands, tangents)


def _nonzero_only(real):
    def attach(tensor, tangent):
        if tangent.array.any() or not tangent.array.size:
            real(tensor, tangent)

    return attach


def _tracked_dual(real):
    def make_dual(tensor, tangent):
        result = real(tensor, tangent)
        result.flag = result.node is None
        return result

    return make_dual


def _past_a_number(rule, point, operands, tangents):
    first, second = tangents
    if second is None and operands[1].ndim == 0:
        return first
    return rules.elementwise(rule, point, operands, tangents)


def _first_vector(real):
    def vectors(*args):
        first, *others = real(*args)
        return (first, *(dispatch.zeros_like(other) for other in others))

    return vectors


def _one_vector(real):
    def vectors(*args):
        first, *others = real(*args)
        return (first, *(first if x.shape == first.shape else x for x in others))

    return vectors


def _diagonal_blocks(real):
    def hessian(func, inputs, *rest, **options):
        blocks = real(func, inputs, *rest, **options)
        if not isinstance(inputs, tuple):
            return blocks
        return tuple(
            tuple(
                block if row == column else dispatch.zeros_like(block)
                for column, block in enumerate(line)
            )
            for row, line in enumerate(blocks)
        )

    return hessian


def _constant_angle(real):
    return lambda s, g: real(s._replace(a=s.a.detach()), g)


def _constant_first_factor(real):
    return lambda s, g: g * s.a.detach()


def _flat_first_power(real):
    return lambda s, g: dispatch.zeros_like(g) if s.params[0] == 1 else real(s, g)


def _tracked(place):
    """Of the value and the gradients that a product helper gives, one keeps its history."""

    def vjp(real):
        def wrapped(func, inputs, v=None):
            results = list(real(func, inputs, v))
            results[place] = real(func, inputs, v, create_graph=True)[place]
            return tuple(results)

        return wrapped

    return patched(functional, "vjp", vjp)


DEFECTS = (
    Defect(
        "V20",
        "The tangents of exponentials, roots and their like are taken at the operand, not the "
        "result.",
        MEDIUM,
        "forward.tangent-is-jacobian-vector-product",
        together(*(rule(key, jvp=_at_operand) for key in _OF_RESULT)),
    ),
    Defect(
        "V21",
        "A tangent of zeros is dropped.",
        HARD,
        "forward.linear-in-the-tangent",
        patched(forward_ad, "attach", _nonzero_only),
    ),
    Defect(
        "V22",
        "A tensor that is given a tangent is tracked from then on.",
        EASY,
        "forward.no-tracking-needed",
        patched(forward_ad, "make_dual", _tracked_dual),
    ),
    Defect(
        "V23",
        "A product with a number passes its tangent on unchanged.",
        MEDIUM,
        "func.forward-and-reverse-are-transposes",
        rule("mul", jvp=_past_a_number),
    ),
    Defect(
        "V24",
        "Of the vectors for several inputs only the first counts.",
        MEDIUM,
        "functional.vjp-and-jvp-are-jacobian-products",
        patched(functional, "_vectors", _first_vector),
    ),
    Defect(
        "V25",
        "The second derivatives between two different inputs come out as zeros.",
        MEDIUM,
        "functional.hessian-blocks",
        patched(functional, "hessian", _diagonal_blocks),
    ),
    Defect(
        "V26",
        "In the derivatives of sine and cosine the angle counts as a constant.",
        HARD,
        "second-order.hessian-symmetric-and-matches-differences",
        together(vjp("sin", 0, _constant_angle), vjp("cos", 0, _constant_angle)),
    ),
    Defect(
        "V27",
        "In the derivative of a product by its second factor the first one counts as a constant.",
        HARD,
        "higher.mixed-partials-commute",
        vjp("mul", 1, _constant_first_factor),
    ),
    Defect(
        "V28",
        "The derivative of a first power is zero, and so is the second derivative of a square.",
        VERY_HARD,
        "second-order.hessian-vector-product-without-the-matrix",
        vjp("powi", 0, _flat_first_power),
    ),
    Defect(
        "Y02",
        "The value beside a product with the Jacobian is tracked.",
        MEDIUM,
        "functional.vjp-and-jvp-are-jacobian-products",
        _tracked(0),
    ),
    Defect(
        "Y03",
        "A product with the Jacobian is tracked where it depends on the inputs.",
        MEDIUM,
        "functional.vjp-and-jvp-are-jacobian-products",
        _tracked(1),
    ),
    Defect(
        "Y23",
        "The vectors for inputs of one shape are all the first one.",
        HARD,
        "functional.vjp-and-jvp-are-jacobian-products",
        patched(functional, "_vectors", _one_vector),
    ),
)
