"""Phrases in Python's own operators, the same for every engine that overloads them."""

from __future__ import annotations

from collections.abc import Mapping

OPERATORS: Mapping[str, str] = {
    "add": "a + b",
    "sub": "a - b",
    "mul": "a * b",
    "div": "a / b",
    "pow": "a ** b",
    "neg": "-a",
    "add_scalar": "a + number",
    "mul_scalar": "a * number",
    "rsub_scalar": "number - a",
    "div_scalar": "a / number",
    "pow_scalar": "a ** exponent",
}
