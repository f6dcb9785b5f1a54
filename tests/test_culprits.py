"""Which operations are to blame where examples of single operations diverge."""

from __future__ import annotations

from conformance.culprits import wrong_alone


def diverging(**examples: str) -> list[tuple[str, frozenset[str]]]:
    """Examples by the operation they try, with the words for what they applied."""
    return [(operation, frozenset(applied.split())) for operation, applied in examples.items()]


def test_each_operation_that_diverges_by_itself_is_wrong():
    assert wrong_alone(diverging(exp="exp", mul="mul")) == {"exp", "mul"}


def test_what_a_wrong_operation_explains_is_wrong_for_no_other_reason():
    assert wrong_alone(diverging(add="add permute", permute="permute")) == {"permute"}


def test_an_operation_that_was_not_reached_is_not_wrong():
    found = diverging(add="", mul="permute", permute="permute")
    assert wrong_alone(found) == {"permute"}
