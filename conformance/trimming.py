"""What a reproduction can do without: computations that nothing uses, and names for single uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from conformance.ops import OPS
from conformance.trace import Check, Instruction, last_said
from conformance.var import Var

FUNCTIONS = (
    "vjp", "jvp", "jacobian", "jacobian_blocks", "hessian", "hessian_blocks", "functional_vjp",
    "functional_jvp",
)  # fmt: skip
_MAKING = ("tensor", "plain_tensor", "filled", "filled_like", "greater", "detach")
_PURE = frozenset({*OPS, *_MAKING, *FUNCTIONS, "negated", "custom", "grad", "to_number"})
_NESTED = frozenset({*OPS, *_MAKING})
_PASSES = frozenset({"backward", "backward_keeping_graph", "backward_all"})


def variables(value: Any) -> Iterator[Var]:
    """The tensors in an argument, inside lists and tuples too."""
    if isinstance(value, Var):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from variables(item)


def relevant(
    trace: Sequence[Instruction], check: Check | None, *, onlookers: bool = True
) -> list[Instruction]:
    """The instructions without pure computations whose results nothing refers to.

    Without ``onlookers`` hooks that only look go too, but for one that the check is about.
    """
    watched = watched_hook(check)
    needed = {x.index for x in variables(check.arguments)} if check else set()
    last = last_said(trace)
    decisive = check is None or check.phrase in (*FUNCTIONS, "count", "entry")
    kept: list[Instruction] = []
    for instruction in reversed(trace):
        wanted = any(r is not None and r.index in needed for r in instruction.results)
        spared = wanted or instruction.raises or (decisive and instruction is last)
        if instruction.name in _PURE and not spared:
            continue
        if not (onlookers or spared) and _looks_on(instruction, watched):
            continue
        kept.append(instruction)
        needed.update(x.index for x in variables(instruction.arguments))
    kept.reverse()
    return _without_empty_blocks(kept)


def watched_hook(check: Check | None) -> int | None:
    """The number of the hook whose calls are compared."""
    about_hook = check is not None and check.phrase in ("hook_call", "hook_calls")
    return check.arguments[0] if check is not None and about_hook else None


def _looks_on(instruction: Instruction, watched: int | None) -> bool:
    """Whether all that is said concerns a hook that does nothing."""
    said = instruction
    if said.name == "remove_hook":
        said = said.arguments[0]
    hook = said.arguments[1] if said.name == "hook" else None
    return hook is not None and hook.observes and not hook.error and hook.number != watched


def _without_empty_blocks(instructions: list[Instruction]) -> list[Instruction]:
    kept: list[Instruction] = []
    for instruction in instructions:
        empty = bool(kept) and kept[-1].block and not instruction.raises
        if instruction.name == "end" and empty:
            kept.pop()
        else:
            kept.append(instruction)
    return kept


def used_once(
    trace: Sequence[Instruction], check: Check | None, *, past_passes: bool = False
) -> frozenset[int]:
    """The results used once, by an instruction that no effect stands between.

    With ``past_passes`` backward passes may stand there too, unless somebody reads or assigns
    gradient slots: what a pass writes to is then out of the reach of any computation.
    """
    spoken = {instruction.name for instruction in trace}
    harmless = _PASSES if past_passes and not spoken & {"grad", "set_grad"} else frozenset()
    uses: Counter[int] = Counter()
    for instruction in trace:
        uses.update(x.index for x in variables(instruction.arguments))
    if check is not None:
        uses.update(2 * [x.index for x in variables(check.arguments)])
    inline: set[int] = set()
    fresh: set[int] = set()
    for instruction in trace:
        inline.update(x.index for x in variables(instruction.arguments) if x.index in fresh)
        if instruction.name in harmless and not instruction.raises:
            continue
        if instruction.name not in _NESTED or instruction.raises:
            fresh.clear()
        elif not _tracked_leaf(instruction):
            fresh.update(r.index for r in instruction.results if uses[r.index] == 1)
    return frozenset(inline)


def _tracked_leaf(instruction: Instruction) -> bool:
    """Whether a tracked leaf is made, which deserves a name."""
    return instruction.name in ("tensor", "filled") and bool(instruction.arguments[-1])
