"""From a divergence and its session to everything a report shows of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from conformance.behavior import Behavior
from conformance.naming import LETTERS, literal
from conformance.ops import OPS
from conformance.program import Program
from conformance.reproduction import reproduction
from conformance.results import Failure, Node
from conformance.session import Session
from conformance.trace import Divergence, HookSource, Instruction
from conformance.var import Var
from conformance.vocabulary import slots

_BACKWARDS = ("backward", "backward_keeping_graph", "backward_all", "gradients")


def describe(
    session: Session | None,
    divergence: Divergence,
    behavior: Behavior,
    dtype: str,
    seed: int,
    first_wrong: str = "",
) -> Failure:
    """The failure of one behavior, with a reproduction that was run if that was possible."""
    replay = replay_command(session, behavior.id, dtype, seed)
    if session is None:
        return Failure(
            divergence.message,
            divergence.expected,
            divergence.actual,
            "",
            (),
            (),
            "",
            False,
            replay,
        )
    script, verified = reproduction(session, divergence, behavior)
    nodes, edges = picture(session.trace)
    return Failure(
        message=divergence.message,
        expected=divergence.expected,
        actual=divergence.actual,
        program=listing(session.trace, session.dtype),
        nodes=nodes,
        edges=edges,
        repro=script,
        verified=verified,
        replay=replay,
        first_wrong=first_wrong,
    )


def replay_command(session: Session | None, behavior_id: str, dtype: str, seed: int) -> str:
    """The command that runs just this behavior with the same draws."""
    adapter = session.adapter if session else None
    chosen = f" --adapter={adapter.spoken_name} --device={adapter.device}" if adapter else ""
    return (
        f"pytest --pyargs conformance{chosen} --dtype={dtype} "
        f'-k "{behavior_id}" --hypothesis-seed={seed}'
    )


def listing(trace: Sequence[Instruction], dtype: str, names: dict[int, str] | None = None) -> str:
    """The session's instructions, one a line, independent of any engine's API and of the dtype.

    ``names`` takes on the name that each variable is given, by its index.
    """
    names = {} if names is None else names
    lines, depth = [], 0
    for instruction in trace:
        if instruction.name == "end":
            lines += ["    " * depth + "raise KeyError"] * instruction.raises
            depth -= 1
            continue
        arguments = ", ".join(_arguments(instruction, dtype, names))
        results = ", ".join("_" if r is None else _name(r, names) for r in instruction.results)
        call = f"{instruction.name}({arguments})"
        remark = "  # refused" if instruction.raises else ""
        remark += "  # in another thread" * instruction.elsewhere
        lines.append("    " * depth + (f"{results} = " if results else "") + call + remark)
        depth += instruction.block
    return "\n".join(lines)


def _arguments(instruction: Instruction, dtype: str, names: dict[int, str]) -> Iterator[str]:
    """What an instruction says: nothing of the device, of the session's dtype and of defaults."""
    known, operation = slots(instruction.name), instruction.name in OPS
    for position, value in enumerate(instruction.arguments):
        slot = known[position] if position < len(known) else ""
        implied = slot == "dtype" and value == dtype and not operation
        if value is None or slot == "device" or implied:
            continue
        if isinstance(value, bool) and slot != "flag":
            if value:
                yield f"{slot}=True"
            continue
        yield _name(value, names)


def _name(value: Any, names: dict[int, str]) -> str:
    if isinstance(value, Var):
        return names.setdefault(value.index, LETTERS[len(names)])
    if isinstance(value, list | tuple):
        return f"[{', '.join(_name(item, names) for item in value)}]"
    if isinstance(value, Instruction):
        return "the hook"
    if isinstance(value, HookSource):
        return _hook(value)
    if isinstance(value, Program):
        return _steps(value)
    return str(value) if isinstance(value, str) else literal(value)


def _hook(hook: HookSource) -> str:
    """What a hook makes of a gradient."""
    if hook.error:
        return f"raise {hook.error}"
    factor = "g" if hook.factor is None else f"{hook.factor:g} * g"
    return "look" if hook.observes else f"g -> {factor}" + f" + {hook.offset:g}" * bool(hook.offset)


def _steps(program: Program) -> str:
    """A program that is differentiated as a function, on one line."""
    names = [LETTERS[at] for at in range(len(program.leaves) + len(program.steps))]
    steps = []
    for at, step in enumerate(program.steps, start=len(program.leaves)):
        words = [*(names[i] for i in step.operands), *map(literal, step.params)]
        steps.append(f"{names[at]} = {step.op}({', '.join(words)})")
    heads = ", ".join(names[: len(program.leaves)])
    return f"[{heads} -> {'; '.join([*steps, ', '.join(names[i] for i in program.outputs)])}]"


def picture(
    trace: Sequence[Instruction],
) -> tuple[tuple[Node, ...], tuple[tuple[str, str], ...]]:
    """The tensors of the session and the operations between them, for drawing."""
    names: dict[int, str] = {}
    nodes: dict[int, Node] = {}
    edges: list[tuple[str, str]] = []
    for instruction in trace:
        operands = list(_flat(instruction.arguments))
        for result in _flat(instruction.results):
            label = names.setdefault(result.index, LETTERS[len(names)])
            kind = "result" if operands else _leaf_kind(instruction)
            text = f"{label} = {instruction.name}" if operands else label
            nodes[result.index] = Node(label, text, kind)
            if instruction.name in OPS or instruction.name in ("detach", "custom"):
                edges += [(names[x.index], label) for x in operands if x.index in names]
        if instruction.name in _BACKWARDS:
            for x in _flat(instruction.arguments[:1]):
                old = nodes[x.index]
                nodes[x.index] = Node(old.id, old.label, "root")
    return tuple(nodes.values()), tuple(dict.fromkeys(edges))


def _leaf_kind(instruction: Instruction) -> str:
    return "leaf" if instruction.name == "tensor" and instruction.arguments[3] else "constant"


def _flat(values: Any) -> list[Var]:
    found = []
    for value in values:
        if isinstance(value, Var):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += _flat(value)
    return found
