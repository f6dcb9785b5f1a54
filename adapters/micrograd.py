"""micrograd, the scalar engine: no dtypes, no flags, and a graph that is never freed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from conformance.adapter import Adapter


class Micrograd(Adapter):
    """micrograd's ``Value``; every value is tracked, and a slot holds a plain number."""

    name = "micrograd"
    setup = "from micrograd.engine import Value"
    version_phrase = "__import__('importlib.metadata').metadata.version('micrograd')"
    default_dtypes = ("float64",)
    max_ndim = 0
    empty_slot = "0"
    ops: ClassVar[Mapping[str, str]] = {
        "add": "a + b",
        "sub": "a - b",
        "mul": "a * b",
        "div": "a / b",
        "neg": "-a",
        "add_scalar": "a + number",
        "mul_scalar": "a * number",
        "rsub_scalar": "number - a",
        "div_scalar": "a / number",
        "pow_scalar": "a ** exponent",
        "relu": "a.relu()",
        "sqrt": "a ** 0.5",
        "reciprocal": "1 / a",
    }
    actions: ClassVar[Mapping[str, str]] = {
        "tensor": "Value(float(value))",
        "value": "x.data",
        "to_number": "x.data",
        "slot_value": "x.grad",
        "clear_grad": "x.grad = 0",
        "zero_grad": "x.grad = 0",
        "backward_keeping_graph": "root.backward()",
        "same_object": "x is y",
    }
