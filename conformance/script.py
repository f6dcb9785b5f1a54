"""Standalone scripts from recorded sessions, in the engine's own API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import indent, wrap

from conformance.adapter import Adapter
from conformance.assertion import assertion_lines, comment
from conformance.behavior import Behavior
from conformance.phrase import mentions
from conformance.trace import Divergence, HookSource, Instruction, last_said
from conformance.trimming import FUNCTIONS, relevant, used_once, watched_hook
from conformance.writer import Writer

_WIDTH = 98


def write_script(
    adapter: Adapter,
    trace: Sequence[Instruction],
    divergence: Divergence,
    behavior: Behavior,
    *,
    brevity: int,
) -> str:
    """The script that repeats a recorded session and ends in the comparison that failed.

    Args:
        adapter: how the engine says things.
        trace: the session's instructions.
        divergence: what went wrong; without a check, the last instruction itself did.
        behavior: the promise.
        brevity: 0 to say everything, 1 to leave out what the comparison does not depend on and
            nest single uses, 2 to leave out hooks that only look as well, and to nest results
            into what comes after a pass.
    """
    check = divergence.check
    kept = relevant(trace, check, onlookers=brevity < 2) if brevity else list(trace)
    looked_at = check.phrase if check else ""
    writer = Writer(
        adapter,
        nested=used_once(kept, check, past_passes=brevity > 1) if brevity else frozenset(),
        watched=watched_hook(check),
        keeps=looked_at == "hook_call",
        shared=frozenset(h.number for h in _hooks(kept) if h.shared),
        removed=frozenset(id(i.arguments[0]) for i in kept if i.name == "remove_hook"),
    )
    body: list[str] = []
    depth, last, early = 0, last_said(kept), _left_early(kept)
    for instruction in kept:
        if instruction.name == "end":
            body += [indent("raise KeyError", "    " * depth)] * instruction.raises
            body += [indent("pass", "    " * depth)] * body[-1].endswith(":")
            depth -= 1
            continue
        lines = _lines(writer, instruction, divergence, decisive=instruction is last)
        if id(instruction) in early:
            lines[-1] = lines[-1].replace("with ", "with suppress(KeyError), ", 1)
        body += [indent(line, "    " * depth) for line in lines]
        depth += instruction.block
    body += assertion_lines(writer, divergence)
    return "\n".join([*_head(writer, behavior, body), *body]) + "\n"


def _left_early(trace: Sequence[Instruction]) -> frozenset[int]:
    """The instructions that open a block which is left by an exception, by their ids."""
    opened: list[Instruction] = []
    early: set[int] = set()
    for instruction in trace:
        if instruction.name == "end":
            opener = opened.pop()
            early |= {id(opener)} if instruction.raises else set()
        elif instruction.block:
            opened.append(instruction)
    return frozenset(early)


def _hooks(trace: Sequence[Instruction]) -> list[HookSource]:
    return [a for i in trace for a in i.arguments if isinstance(a, HookSource)]


def _lines(
    writer: Writer, instruction: Instruction, divergence: Divergence, *, decisive: bool
) -> list[str]:
    """One instruction's lines; the ``decisive`` one is the last before the assertion."""
    check = divergence.check
    if decisive and check is not None and check.phrase in (*FUNCTIONS, "count", "entry"):
        return writer.unassigned(instruction)
    lines = writer.statement(instruction)
    if not lines:
        return lines
    refusal = instruction.refusal or writer.adapter.refusal
    remark = comment(divergence) if decisive and check is None else []
    *before, statement = lines
    inside = indent(statement, "    ")
    if decisive and check is None and (instruction.raises or divergence.actual == "no error"):
        missed = f"    raise AssertionError({divergence.message!r})"
        after = ["try:", inside, f"except {refusal}:", "    pass", "else:", missed]
        return [*before, *remark, *after]
    if instruction.raises:
        return [*before, f"with suppress({refusal}):", inside]
    if instruction.block:
        statement = f"with {statement}:"
    return [*before, *remark, statement]


def _head(writer: Writer, behavior: Behavior, body: Sequence[str]) -> Iterator[str]:
    """The promise, imports, and what the adapter has to define."""
    adapter = writer.adapter
    promise = f"{behavior.id}: {behavior.statement}"
    yield from (f"# {line}" for line in wrap(promise, _WIDTH, break_on_hyphens=False))
    yield from (f"# {source.url}" for source in behavior.sources[:1])
    used = [name for name in adapter.definitions if name in writer.definitions]
    definitions = [writer.engine(adapter.definitions[name].strip()) for name in used]
    text = "\n".join([*definitions, *body])
    setup = adapter.setup.strip()
    if re.search(r"\bsuppress\(", text):
        yield "from contextlib import suppress"
    if re.search(r"\bThreadPoolExecutor\(", text):
        yield "from concurrent.futures import ThreadPoolExecutor"
    if re.search(r"\bnp\.", text) and not re.search(r"\bimport numpy as np\b", setup):
        yield "import numpy as np"
    yield from setup.splitlines()
    yield ""
    if any(mentions(definition, "device") for definition in definitions):
        yield from (f"device = {adapter.device!r}", "")
    for definition in definitions:
        yield from (definition, "")
