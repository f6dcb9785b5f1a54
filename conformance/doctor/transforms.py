"""Trying phrases that differentiate functions, and the custom functions of the definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conformance.custom import FUNCTIONS
from conformance.kernels import Array

from . import kinds
from .bench import Bench
from .kinds import Faulty

_X, _Y = np.array([1.0, 2.0]), np.array([3.0, 5.0])
_V = np.array([1.0, 10.0])

_TWO_INPUTS = ("Product", "FirstOnly", "TooFew")
_CONSTANTS: Mapping[str, tuple[float, ...]] = {
    "Scaled": (2.0,),
    "FactorGradient": (2.0,),
    "Failing": (0,),
}
_TWO_OUTPUTS = ("SplitSigns", "WithMask")


def _primals(bench: Bench) -> tuple[Array, Array, Array]:
    """Two operands and a cotangent of the rank that the engine has."""
    if bench.adapter.max_ndim == 0:
        return np.array(2.0), np.array(5.0), np.array(10.0)
    return _X, _Y, _V


def _product(bench: Bench) -> Callable[..., Any]:
    """The product, as a function of the engine's own objects."""
    bench.need("mul")

    def product(x: Any, y: Any) -> Any:
        return bench.adapter["mul"](x, y)

    return product


def try_vjp(bench: Bench, name: str) -> None:
    """Pull a cotangent back through a product."""
    x, y, v = _primals(bench)
    paired = name == "functional_vjp"
    primals = [bench.tensor(x), bench.tensor(y)]
    arguments = (_product(bench), tuple(primals) if paired else primals, bench.tensor(v))
    results, wrong = bench.say(name, *arguments), bench.wrong(name, *arguments)
    if paired:
        value, results = kinds.several(results, 2, "the value and the gradients", wrong)
        bench.expect(name, arguments, value, x * y)
    gradients = kinds.several(results, 2, "one gradient for each primal", wrong)
    for gradient, right in zip(gradients, (y * v, x * v), strict=True):
        bench.expect(name, arguments, gradient, right)


def try_jvp(bench: Bench, name: str) -> None:
    """Push tangents forward through a product."""
    x, y, v = _primals(bench)
    made = [bench.tensor(x), bench.tensor(y)], [bench.tensor(v), bench.tensor(v)]
    paired = name == "functional_jvp"
    arguments = (_product(bench), *(tuple(group) if paired else group for group in made))
    results, wrong = bench.say(name, *arguments), bench.wrong(name, *arguments)
    value, tangent = kinds.several(results, 2, "the value and the tangent", wrong)
    bench.expect(name, arguments, value, x * y)
    bench.expect(name, arguments, tangent, v * y + x * v)


def try_jacobian(bench: Bench, name: str) -> None:
    """Take the Jacobian of a square with respect to one array, and of a product to two."""
    x, y, _ = _primals(bench)
    product = _product(bench)

    def squared(a: Any) -> Any:
        return product(a, a)

    alone = (squared, bench.tensor(x))
    bench.expect(name, alone, bench.say(name, *alone), _diagonal(2 * x))
    both = (product, (bench.tensor(x), bench.tensor(y)))
    results = bench.say(name, *both)
    blocks = kinds.several(results, 2, "one block for each array", bench.wrong(name, *both))
    for block, right in zip(blocks, (y, x), strict=True):
        bench.expect(name, both, block, _diagonal(right))


def try_hessian(bench: Bench, name: str) -> None:
    """Take the Hessian of a square with respect to one number, or of a product to two."""
    product = _product(bench)
    x, y = np.array(2.0), np.array(5.0)

    def squared(a: Any) -> Any:
        return product(a, a)

    if name == "hessian":
        alone = (squared, bench.tensor(x))
        bench.expect(name, alone, bench.say(name, *alone), 2.0)
        return
    both = (product, (bench.tensor(x), bench.tensor(y)))
    wrong = bench.wrong(name, *both)
    rows = kinds.several(bench.say(name, *both), 2, "one row for each array", wrong)
    for row, right in zip(rows, ((0.0, 1.0), (1.0, 0.0)), strict=True):
        for block, number in zip(kinds.several(row, 2, "blocks", wrong), right, strict=True):
            bench.expect(name, both, block, number)


def _diagonal(values: Array) -> Array:
    return np.diag(values) if values.ndim else values


def try_custom(bench: Bench, name: str) -> None:
    """Call each custom function that is defined."""
    for function in FUNCTIONS:
        if function in bench.adapter.definitions:
            _call(bench, function)


def _call(bench: Bench, function: str) -> None:
    count = 2 if function in (*_TWO_INPUTS, "Flagged") else 1
    tensors = [bench.tensor(2.0, tracked=True) for _ in range(count)]
    constants = (5.0,) if function == "Flagged" else _CONSTANTS.get(function, ())
    inputs = [*tensors, *constants]
    try:
        defined = bench.adapter.define(function)
    except Exception as error:
        raise bench.wrong("custom", function, inputs)(
            f"the definition of {function} raises {type(error).__name__}: {error}",
            "mend the definition, or leave it out",
        ) from error
    try:
        result = bench.say("custom", defined, inputs)
    except Faulty as fault:
        raise bench.wrong("custom", function, inputs)(fault.finding.came, fault.finding.mend) from (
            fault
        )
    outputs = result if isinstance(result, tuple | list) else [result]
    wanted = 2 if function in _TWO_OUTPUTS else 1
    kinds.several(list(outputs), wanted, "the outputs", bench.wrong("custom", function, inputs))
    for output in outputs:
        bench.numbers("custom", [function, inputs], output)


PROBES: Mapping[str, Callable[[Bench, str], None]] = {
    "vjp": try_vjp,
    "functional_vjp": try_vjp,
    "jvp": try_jvp,
    "functional_jvp": try_jvp,
    "jacobian": try_jacobian,
    "jacobian_blocks": try_jacobian,
    "hessian": try_hessian,
    "hessian_blocks": try_hessian,
    "custom": try_custom,
}
