"""Defects in single operations: their formulas, and what they are true of."""

from __future__ import annotations

import numpy as np
from conformance.reference import functions, linear, reductions, tensors

from .defect import EASY, HARD, MEDIUM, VERY_HARD, Defect, together, vjp


def first_of(gradient, shape):
    """The part of a gradient of a stretched operand that falls on its first copy."""
    key = [0] * (gradient.ndim - len(shape))
    key += [slice(1) if size == 1 else slice(None) for size in shape]
    return gradient[tuple(key)]


def _first_copy(place):
    """The cotangent of an operand cut to its first copy, where it was stretched."""

    def wrapper(real):
        return lambda s, g: first_of(real(s, g), s[place].shape)

    return wrapper


def _log_based_power(real):
    return lambda s, g: g * (s.params[0] * functions.pow(s.a, s.params[0]) / s.a)


def _only_once(real):
    return lambda s, g: g * s.b if s.a is not s.b else g * 0


def _whole_sum(real):
    return lambda s, g: s.out * (g - reductions.sum(g * s.out, None, True))


def _whole_log(real):
    return lambda s, g: g - functions.exp(s.out) * reductions.sum(g, None, True)


def _wrong_for_square(real):
    def wrt_a(s, g):
        square = s.params == (2, 2) and s.b.shape[0] == s.b.shape[1]
        return linear.matmul(g, s.b) if square else real(s, g)

    return wrt_a


def _ahead(first):
    """All of a tie's gradient to the first operand."""

    def wrapper(real):
        def cotangent(s, g):
            ahead = s.a.array >= s.b.array
            share = ahead if first else ~ahead
            return g * tensors.Tensor(share.astype(g.array.dtype))

        return cotangent

    return wrapper


def _sloped_at_zero(real):
    """The derivative with one in place of zero where the operand is zero."""

    def cotangent(s, g):
        zeros = (s.a.array == 0).astype(g.array.dtype)
        return real(s, g) + g * tensors.Tensor(zeros)

    return cotangent


def _kept_sign(real):
    return lambda s, g: real(s, g) if s.a.ndim < 2 else g


def _single_only(real):
    def cotangent(s, g):
        return real(s, g) if g.array.dtype != np.float32 else real(s, g) * (1 + 2.0**-12)

    return cotangent


def _clipped_upstream(real):
    def cotangent(s, g):
        limited = np.clip(g.array, -2, 2)
        return real(s, g if g.requires_grad else tensors.Tensor(limited.astype(g.array.dtype)))

    return cotangent


def _plain_cube(real):
    return lambda s, g: g * s.a * s.params[0] if s.params[0] == 3 else real(s, g)


def _norm_of_all(real):
    def wrt_x(s, g):
        axes, keepdim, _ = s.params
        upstream = reductions.restored(g, axes, keepdim)
        return s.a * (upstream / functions.sqrt(reductions.sum(s.a * s.a)))

    return wrt_x


def _swapped_mask(real):
    return lambda s, g: functions.where(s.a, g, 0.0) if g.ndim == 3 else real(s, g)


def _batch_shared(real):
    return lambda s, g: first_of(real(s, g), s.b.shape)


DEFECTS = (
    Defect(
        "D09",
        "A stretched branch of a selection gets its first copy's gradient.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        vjp("where", 1, _first_copy(1), "ab"),
    ),
    Defect(
        "D11",
        "A stretched exponent gets its first copy's gradient.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        vjp("pow", 1, _first_copy(1)),
    ),
    Defect(
        "D13",
        "A matrix multiplied by itself gets the left one's gradient only.",
        HARD,
        "operation.one-tensor-twice",
        vjp("matmul", 1, lambda real: lambda s, g: real(s, g) * (s.a is not s.b), "ab"),
    ),
    Defect(
        "D15",
        "A matrix shared by a batch gets the first product's gradient.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        vjp("matmul", 1, _batch_shared, "ab"),
    ),
    Defect(
        "J02",
        "A power's derivative divides by the base, and is no number at zero.",
        HARD,
        "operation.gradient-is-its-derivative",
        vjp("powi", 0, _log_based_power),
    ),
    Defect(
        "J20",
        "The gradient of softmax sums over the whole tensor.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        vjp("softmax", 0, _whole_sum),
    ),
    Defect(
        "X24",
        "The gradient of log-softmax sums over the whole tensor.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        vjp("log_softmax", 0, _whole_log),
    ),
    Defect(
        "X25",
        "A square right factor is not transposed in the gradient of the left one.",
        HARD,
        "operation.gradient-is-its-derivative",
        vjp("matmul", 0, _wrong_for_square),
    ),
    Defect(
        "X26",
        "A product of a tensor with itself gets one factor's gradient.",
        MEDIUM,
        "backward.fan-out-sums",
        vjp("mul", 0, _only_once, "ab"),
    ),
    Defect(
        "X27",
        "Absolute values of matrices pass their cotangent on unsigned.",
        MEDIUM,
        "operation.gradient-is-its-derivative",
        vjp("abs", 0, _kept_sign),
    ),
    Defect(
        "X28",
        "In single precision the sine's derivative is off by one part in four thousand.",
        HARD,
        "operation.gradient-is-its-derivative",
        vjp("sin", 0, _single_only),
    ),
    Defect(
        "X29",
        "Cotangents that reach a division are clipped at two.",
        VERY_HARD,
        "operation.gradient-is-its-derivative",
        vjp("div", 0, _clipped_upstream),
    ),
    Defect(
        "X30",
        "A cube's derivative is that of a multiple.",
        MEDIUM,
        "higher.nth-derivative-of-monomials",
        vjp("powi", 0, _plain_cube),
    ),
    Defect(
        "X31",
        "A norm along a dimension is differentiated as the norm of everything.",
        HARD,
        "operation.gradient-is-its-derivative",
        vjp("euclidean", 0, _norm_of_all),
    ),
    Defect(
        "X32",
        "The second branch of a selection in three dimensions gets the first one's part.",
        HARD,
        "operation.gradient-is-its-derivative",
        vjp("where", 2, _swapped_mask),
    ),
    Defect(
        "X33",
        "A difference passes its cotangent on to the second operand unchanged.",
        EASY,
        "backward.fan-out-sums",
        vjp("sub", 1, lambda real: lambda s, g: g),
    ),
    Defect(
        "J10",
        "The derivative of an absolute value at zero is one.",
        HARD,
        "operation.convention-at-kinks",
        vjp("abs", 0, _sloped_at_zero),
    ),
    Defect(
        "E17",
        "The derivative of relu at zero is one.",
        VERY_HARD,
        "operation.convention-at-kinks",
        vjp("relu", 0, _sloped_at_zero, "ao"),
    ),
    Defect(
        "J12",
        "Of two equal numbers the first gets all of a maximum's gradient.",
        HARD,
        "operation.convention-at-kinks",
        together(vjp("maximum", 0, _ahead(True)), vjp("maximum", 1, _ahead(False))),
    ),
)
