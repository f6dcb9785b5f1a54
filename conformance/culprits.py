"""Operations that are wrong by themselves, and examples in which they have no part.

A wrong derivative of one operation shows in whatever behavior happens to draw that operation. The
behaviors that try one operation at a time name it; the others are judged by what involves no such
operation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from conformance.ops import COMPUTE
from conformance.program import Program
from conformance.trace import Instruction

__all__ = ["operations_in", "wrong_alone", "wrong_in_general"]


def operations_in(trace: Sequence[Instruction]) -> frozenset[str]:
    """The operations of the table that a session applied, also within programs it traced."""
    return frozenset(_operations(trace))


def _operations(trace: Sequence[Instruction]) -> Iterator[str]:
    for instruction in trace:
        name = instruction.name.removesuffix("_")  # in place it is the same operation
        if name in COMPUTE:
            yield name
        for argument in instruction.arguments:
            if isinstance(argument, Program):
                yield from (step.op for step in argument.steps)


def wrong_alone(diverging: Iterable[tuple[str, frozenset[str]]]) -> frozenset[str]:
    """The operations that explain why some examples of single operations diverge.

    What diverged before it came to its operation says nothing of that one.

    Args:
        diverging: for each example the operation that it tries, and all that it applied.
    """
    wrong: set[str] = set()
    for operation, applied in sorted(diverging, key=lambda pair: len(pair[1])):
        if operation in applied and not wrong & applied:
            wrong.add(operation)
    return frozenset(wrong)


def wrong_in_general(blamed: Mapping[str, str], spoken: Collection[str]) -> str | None:
    """The behavior for which most operations are wrong, so that the fault is none of theirs.

    Args:
        blamed: the wrong operations, each with the behavior that found it out.
        spoken: whatever the engine has a phrase for.
    """
    known = sum(name in COMPUTE for name in spoken)
    counts = Counter(blamed.values())
    return next((root for root, count in counts.items() if 2 * count > known), None)
