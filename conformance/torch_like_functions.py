"""The functions that torch-like phrases mention, as source text; a new adapter may change any.

What the custom ones compute stands in ``custom``. Some backwards are not the true derivative on
purpose, and some break the rules.
"""

from __future__ import annotations

from collections.abc import Mapping

_FORWARD_MODE = """
def forward_mode(function, primals, tangents):
    with engine.autograd.forward_ad.dual_level():
        pairs = zip(primals, tangents)
        duals = [engine.autograd.forward_ad.make_dual(p, t) for p, t in pairs]
        return tuple(engine.autograd.forward_ad.unpack_dual(function(*duals)))
"""

_CLASS = """
class {name}(engine.autograd.Function):
    @staticmethod
    def forward(ctx, {inputs}):
        {forward}

    @staticmethod
    def backward(ctx, {cotangents}):
        {backward}
"""


def _function(
    name: str,
    *,
    forward: tuple[str, ...],
    backward: tuple[str, ...],
    inputs: str = "x",
    cotangents: str = "cotangent",
) -> tuple[str, str]:
    """The name and the text of a custom function whose two methods have these lines."""
    indented = "\n        "
    text = _CLASS.format(
        name=name,
        inputs=inputs,
        forward=indented.join(forward),
        cotangents=cotangents,
        backward=indented.join(backward),
    )
    return name, text


DEFINITIONS: Mapping[str, str] = dict(
    [
        ("forward_mode", _FORWARD_MODE),
        _function(
            "Cube",
            forward=("ctx.save_for_backward(x)", "return x * x * x"),
            backward=("(x,) = ctx.saved_tensors", "return cotangent * 3 * x * x"),
        ),
        _function(
            "Sevenfold",
            forward=("return x * 2",),
            backward=("return cotangent * 7",),
        ),
        _function(
            "Product",
            inputs="x, y",
            forward=("ctx.save_for_backward(x, y)", "return x * y"),
            backward=("x, y = ctx.saved_tensors", "return cotangent * y, cotangent * x"),
        ),
        _function(
            "FirstOnly",
            inputs="x, y",
            forward=("ctx.save_for_backward(y)", "return x * y"),
            backward=("(y,) = ctx.saved_tensors", "return cotangent * y, None"),
        ),
        _function(
            "TooFew",
            inputs="x, y",
            forward=("return x + y",),
            backward=("return cotangent",),
        ),
        _function(
            "Scaled",
            inputs="x, factor",
            forward=("ctx.factor = factor", "return x * factor"),
            backward=("return cotangent * ctx.factor, None",),
        ),
        _function(
            "SplitSigns",
            cotangents="first, second",
            forward=("return x * 2, x * 3",),
            backward=("return first * 2 + second * 3",),
        ),
        _function(
            "WithMask",
            cotangents="cotangent, unused",
            forward=(
                "rounded = x * 1",
                "ctx.mark_non_differentiable(rounded)",
                "return x * 2, rounded",
            ),
            backward=("return cotangent * 2 + unused",),
        ),
        _function(
            "Unrecorded",
            forward=("doubled = x * 2", "return doubled * (5 if doubled.requires_grad else 1)"),
            backward=("return cotangent * 2",),
        ),
        _function(
            "Rerecorded",
            forward=("with engine.enable_grad():", "    return x * 2"),
            backward=("return cotangent * 7",),
        ),
        _function(
            "Exponential",
            forward=("y = x.exp()", "ctx.save_for_backward(y)", "return y"),
            backward=("(y,) = ctx.saved_tensors", "return cotangent * y"),
        ),
        _function(
            "TooMany",
            forward=("return x * 2",),
            backward=("return cotangent * 2, cotangent",),
        ),
        _function(
            "TrailingNone",
            forward=("return x * 2",),
            backward=("return cotangent * 2, None, None",),
        ),
        _function(
            "FactorGradient",
            inputs="x, factor",
            forward=("return x * factor",),
            backward=("return cotangent, cotangent",),
        ),
        _function(
            "NumberGradient",
            forward=("return x * 2",),
            backward=("return 2.0",),
        ),
        _function(
            "Failing",
            inputs="x, kind",
            forward=("ctx.kind = kind", "return x * 2"),
            backward=('raise (ArithmeticError, LookupError, ValueError)[ctx.kind]("on purpose")',),
        ),
        _function(
            "Flagged",
            inputs="x, y, number",
            forward=("ctx.flags = ctx.needs_input_grad", "return x + y"),
            backward=(
                "first, second = ctx.flags, ctx.needs_input_grad",
                "codes = [1 * a + 2 * b + 4 * c for a, b, c in (first, second)]",
                "return cotangent * codes[0], cotangent * codes[1], None",
            ),
        ),
    ]
)
