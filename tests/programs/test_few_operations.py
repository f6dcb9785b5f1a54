"""Engines of very few operations: what they lack is unsupported, and no fault of theirs."""

from __future__ import annotations

import pytest
from conformance.adapters.reference import Reference

from conformance.checking import check_conformance


class Unary(Reference):
    name = "unary"
    ops = {"neg": "-a", "exp": "a.exp()"}


class Product(Reference):
    name = "product"
    ops = {"mul": "a * b"}


@pytest.mark.parametrize(
    ("engine", "behavior"),
    [
        (Unary, "operation.one-tensor-twice"),
        (Unary, "forward.tangent-is-jacobian-vector-product"),
        (Unary, "functional.jacobian-shape-and-nesting"),
        (Product, "functional.hessian-blocks"),
        (Product, "session.any-sequence-follows-the-rules"),
    ],
)
def test_what_an_engine_has_no_operation_for_is_unsupported(engine, behavior):
    (result,) = check_conformance(engine, only=behavior, dtypes=["float64"], seed=0)

    assert result.verdict.value == "unsupported"
    assert result.reason.startswith("needs ")


def test_the_operations_that_there_are_conform():
    only = "operation.gradient-is-its-derivative"
    for engine in (Unary, Product):
        (result,) = check_conformance(engine, only=only, dtypes=["float64"], seed=0)
        assert result.verdict.value == "pass"
