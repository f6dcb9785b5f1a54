"""Writes in place, and saying one of those that the engine offers."""

from __future__ import annotations

from conformance.adapter import Unsupported

WITH_OPERAND = (("add_", ()), ("mul_", ()), ("copy_", ()), ("sub_", ()), ("put_", ((),)))
ALONE = (("zero_", ()), ("neg_", ()), ("mul_scalar_", (2.0,)), ("add_scalar_", (1.0,)))
WRITES = WITH_OPERAND + ALONE


def write(target, operand, pick, among=WRITES):
    """One of the writes that the engine offers."""
    session = target.session
    offered = [entry for entry in among if session.adapter.can(entry[0])]
    if not offered:
        raise Unsupported("writing in place")
    op, params = offered[pick % len(offered)]
    session.write(op, target, operand if (op, params) in WITH_OPERAND else None, params)
