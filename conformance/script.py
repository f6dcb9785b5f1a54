"""Standalone scripts from recorded sessions, in the engine's own API."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import indent
from typing import Any

import numpy as np

from conformance.adapter import VARIADIC, Adapter, arity, slots
from conformance.assertion import assertion_lines
from conformance.naming import LETTERS, literal
from conformance.ops import OPS
from conformance.phrase import mentions, render
from conformance.program import Program
from conformance.trace import Check, HookSource, Instruction
from conformance.var import Var

_FUNCTIONS = (
    "vjp", "jvp", "jacobian", "jacobian_blocks", "hessian", "hessian_blocks", "functional_vjp",
    "functional_jvp",
)  # fmt: skip
_LONGEST_INLINE = 60


@dataclass(slots=True)
class Writer:
    """Turns instructions into statements; names tensors as they appear."""

    adapter: Adapter
    inline: frozenset[int] = frozenset()
    names: dict[int, str] = field(default_factory=dict)
    expressions: dict[int, str] = field(default_factory=dict)
    handles: dict[int, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def name(self, x: Var) -> str:
        """The tensor's name, or the expression that stands for it."""
        if x.index in self.expressions:
            return f"({self.expressions[x.index]})"
        if x.index not in self.names:
            self.names[x.index] = LETTERS[len(self.names)]
        return self.names[x.index]

    def source(self, value: Any, slot: str) -> str:
        """The source text of an argument."""
        if isinstance(value, Var):
            return self.name(value)
        if isinstance(value, list):
            return f"[{', '.join(self.source(item, slot) for item in value)}]"
        if isinstance(value, tuple) and any(isinstance(item, Var) for item in value):
            return f"({''.join(f'{self.source(item, slot)}, ' for item in value)})"
        if slot == "dtype":
            return {**self.adapter.dtypes, **self.adapter.discrete_dtypes}[value]
        if isinstance(value, np.ndarray):
            return literal(value)
        if isinstance(value, HookSource):
            return self._hook(value)
        if isinstance(value, Instruction):
            return self.handles[id(value)]
        return repr(value)

    def _hook(self, hook: HookSource) -> str:
        if hook.observes:
            return "lambda gradient: None"
        result = "gradient"
        for name, number in (("mul_scalar", hook.factor), ("add_scalar", hook.offset)):
            if number or (number is not None and name == "mul_scalar"):
                text = self.adapter.ops[name]
                result = f"({render(text, {'a': result, 'number': repr(number)})})"
        return f"lambda gradient: {result}"

    def phrase(self, instruction: Instruction) -> str:
        """The instruction as source text, without the assignment of its results."""
        name = instruction.name
        text = self.adapter.text(name)
        assert text is not None
        filled = {
            slot: self.source(value, slot)
            for slot, value in zip(slots(name), instruction.arguments, strict=False)
        }
        if name == "custom":
            filled["name"] = instruction.arguments[0]
        if name in _FUNCTIONS:
            filled["function"] = "program"
        filled.setdefault("device", repr(self.adapter.device))
        self.used.update(n for n in self.adapter.definitions if mentions(text, n))
        if name == "custom":
            self.used.add(instruction.arguments[0])
        return self.engine(render(text, filled))

    def engine(self, text: str) -> str:
        """The text with the engine's module under its own name."""
        module = getattr(self.adapter, "module", None)
        return re.sub(r"\bengine\b", module, text) if module else text

    def statement(self, instruction: Instruction) -> list[str]:
        """The lines of one instruction; none if its result stands inside a later expression."""
        if instruction.name == "remove_hook":
            return [self.phrase(instruction)]
        text = self.phrase(instruction)
        results = [r for r in instruction.results if r is not None]
        if len(results) == 1 and results[0].index in self.inline and len(text) <= _LONGEST_INLINE:
            self.expressions[results[0].index] = text
            return []
        lines: list[str] = []
        if instruction.name in _FUNCTIONS:
            program = next(a for a in instruction.arguments if isinstance(a, Program))
            lines += self.function(program)
            lines.append(f"result = {text}")
            return [*lines, f"{', '.join(map(self.name, results))} = result"] if results else lines
        if instruction.name == "hook":
            self.handles[id(instruction)] = f"handle{len(self.handles)}"
            return [f"{self.handles[id(instruction)]} = {text}"]
        if not results or instruction.name in ("set_requires_grad",):
            return [text]
        targets = ", ".join("_" if r is None else self.name(r) for r in instruction.results)
        trailing = "," if len(instruction.results) > 1 or instruction.name == "gradients" else ""
        return [f"{targets}{trailing if len(instruction.results) == 1 else ''} = {text}"]

    def function(self, program: Program) -> list[str]:
        """The program as a function definition."""
        names = [f"x{i}" for i in range(len(program.leaves))]
        lines = [f"def program({', '.join(names)}):"]
        for step in program.steps:
            text = self.adapter.text(step.op)
            assert text is not None
            operands = [names[i] for i in step.operands]
            filled = dict(zip(OPS[step.op].params, map(repr, step.params), strict=False))
            if step.op in VARIADIC:
                filled["tensors"] = f"[{', '.join(operands)}]"
            else:
                filled |= dict(zip("abc"[: arity(step.op)], operands, strict=False))
            filled["device"] = repr(self.adapter.device)
            names.append(f"x{len(names)}")
            lines.append(f"    {names[-1]} = {self.engine(render(text, filled))}")
        return [*lines, f"    return {', '.join(names[at] for at in program.outputs)}"]


def write_script(
    adapter: Adapter,
    trace: Sequence[Instruction],
    check: Check | None,
    message: str,
    *,
    short: bool,
) -> str:
    """The script that repeats a recorded session and ends in the comparison that failed.

    Args:
        adapter: how the engine says things.
        trace: the session's instructions.
        check: what was compared last; None if the last instruction itself went wrong.
        message: what is promised, for the failing assertion.
        short: leave out what the comparison does not depend on, and nest single uses.
    """
    kept = _relevant(trace, check) if short else list(trace)
    writer = Writer(adapter, _used_once(kept, check) if short else frozenset())
    body: list[str] = []
    depth = 0
    for number, instruction in enumerate(kept):
        if instruction.name == "end":
            depth -= 1
            continue
        lines = writer.statement(instruction)
        if instruction.raises:
            last = number == len(kept) - 1
            lines = _refused(lines, adapter, message if last and check is None else None)
        if instruction.block:
            lines = [f"with {lines[-1]}:"]
        body += [indent(line, "    " * depth) for line in lines]
        depth += instruction.block
    body += assertion_lines(writer, check)
    return "\n".join([*_head(adapter, writer, body), *body]) + "\n"


def _head(adapter: Adapter, writer: Writer, body: Sequence[str]) -> Iterator[str]:
    text = "\n".join(body)
    if re.search(r"\bsuppress\(", text):
        yield "from contextlib import suppress"
    if re.search(r"\bnp\.", text):
        yield "import numpy as np"
    yield from adapter.setup.strip().splitlines()
    yield ""
    for name in adapter.definitions:
        if name in writer.used:
            yield writer.engine(adapter.definitions[name].strip())
            yield ""


def _refused(lines: list[str], adapter: Adapter, message: str | None) -> list[str]:
    statement = lines[-1]
    if message is None:
        return [*lines[:-1], f"with suppress({adapter.refusal}):", indent(statement, "    ")]
    return [
        *lines[:-1],
        "try:",
        indent(statement, "    "),
        f"except {adapter.refusal}:",
        "    pass",
        "else:",
        f"    raise AssertionError({message!r})",
    ]


def _vars(value: Any) -> Iterator[Var]:
    if isinstance(value, Var):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _vars(item)


def _relevant(trace: Sequence[Instruction], check: Check | None) -> list[Instruction]:
    """The instructions without pure computations whose results nothing refers to."""
    needed = {x.index for x in _vars(check.arguments)} if check else set()
    kept: list[Instruction] = []
    for number, instruction in reversed(list(enumerate(trace))):
        pure = instruction.name in OPS or instruction.name in ("tensor", "detach", "grad")
        wanted = any(r is not None and r.index in needed for r in instruction.results)
        last = number == len(trace) - 1 and check is None
        if pure and not wanted and not last and not instruction.raises:
            continue
        kept.append(instruction)
        needed.update(x.index for x in _vars(instruction.arguments))
    kept.reverse()
    return _without_empty_blocks(kept)


def _without_empty_blocks(instructions: list[Instruction]) -> list[Instruction]:
    kept: list[Instruction] = []
    for instruction in instructions:
        if instruction.name == "end" and kept and kept[-1].block:
            kept.pop()
        else:
            kept.append(instruction)
    return kept


def _used_once(trace: Sequence[Instruction], check: Check | None) -> frozenset[int]:
    """The results used once, by an instruction that no effect stands between."""
    uses: Counter[int] = Counter()
    for instruction in trace:
        uses.update(x.index for x in _vars(instruction.arguments))
    if check is not None:
        uses.update(2 * [x.index for x in _vars(check.arguments)])
    inline: set[int] = set()
    fresh: set[int] = set()
    for instruction in trace:
        inline.update(x.index for x in _vars(instruction.arguments) if x.index in fresh)
        pure = instruction.name in OPS or instruction.name == "tensor"
        if not pure or instruction.raises:
            fresh.clear()
        elif not (instruction.name == "tensor" and instruction.arguments[3]):
            fresh.update(r.index for r in instruction.results if uses[r.index] == 1)
    return frozenset(inline)
