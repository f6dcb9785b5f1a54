"""From a divergence and its session to everything a report shows of it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.naming import LETTERS
from conformance.ops import OPS
from conformance.results import Failure, Node
from conformance.script import write_script
from conformance.session import Session
from conformance.trace import Divergence, Instruction
from conformance.var import Var

_BACKWARDS = ("backward", "backward_keeping_graph", "backward_all", "gradients")


def describe(
    session: Session | None, divergence: Divergence, behavior_id: str, dtype: str, seed: int
) -> Failure:
    """The failure of one behavior, with a reproduction that was run if that was possible."""
    replay = replay_command(session, behavior_id, dtype, seed)
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
    script, verified = reproduction(session, divergence)
    nodes, edges = picture(session.trace)
    return Failure(
        message=divergence.message,
        expected=divergence.expected,
        actual=divergence.actual,
        program=listing(session.trace),
        nodes=nodes,
        edges=edges,
        repro=script,
        verified=verified,
        replay=replay,
    )


def replay_command(session: Session | None, behavior_id: str, dtype: str, seed: int) -> str:
    """The command that runs just this behavior with the same draws."""
    adapter = session.adapter if session else None
    chosen = f" --adapter={adapter.spoken_name} --device={adapter.device}" if adapter else ""
    return (
        f"pytest --pyargs conformance{chosen} --dtype={dtype} "
        f'-k "{behavior_id}" --hypothesis-seed={seed}'
    )


def reproduction(session: Session, divergence: Divergence) -> tuple[str, bool]:
    """A standalone script, short if a short one fails as described, and whether it does."""
    for short in (True, False):
        try:
            script = write_script(
                session.adapter, session.trace, divergence.check, divergence.message, short=short
            )
        except (KeyError, TypeError, AssertionError, StopIteration, SyntaxError):
            continue
        if fails_as_described(script, divergence):
            return script, True
    return script, False


def fails_as_described(script: str, divergence: Divergence) -> bool:
    """Whether running the script raises what the divergence says."""
    quiet = io.StringIO()
    try:
        code = compile(script, "<reproduction>", "exec")
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            exec(code, {"__name__": "__main__"})
    except AssertionError:
        return True
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return divergence.actual.startswith(f"{type(error).__name__}:")
    return False


def listing(trace: Sequence[Instruction]) -> str:
    """The session's instructions, one a line, independent of any engine's API."""
    names: dict[int, str] = {}

    def name(value: Any) -> str:
        if isinstance(value, Var):
            return names.setdefault(value.index, LETTERS[len(names)])
        if isinstance(value, list):
            return f"[{', '.join(map(name, value))}]"
        if isinstance(value, np.ndarray):
            return np.array2string(value, separator=", ")
        if isinstance(value, Instruction):
            return "the hook"
        return repr(value)

    lines, depth = [], 0
    for instruction in trace:
        if instruction.name == "end":
            depth -= 1
            continue
        arguments = ", ".join(name(a) for a in instruction.arguments if a is not None)
        results = ", ".join(name(r) for r in instruction.results if r is not None)
        call = f"{instruction.name}({arguments})"
        refused = "  # refused" if instruction.raises else ""
        lines.append("    " * depth + (f"{results} = " if results else "") + call + refused)
        depth += instruction.block
    return "\n".join(lines)


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
