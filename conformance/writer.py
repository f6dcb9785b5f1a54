"""Recorded instructions as statements in an engine's own API."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.adapter import Adapter
from conformance.naming import Names, literal, tidy
from conformance.ops import OPS
from conformance.phrase import mentions, render
from conformance.program import Program
from conformance.trace import HookSource, Instruction
from conformance.trimming import FUNCTIONS
from conformance.var import Var
from conformance.vocabulary import VARIADIC, arity, slots

_LONGEST_NESTED = 60


@dataclass(slots=True)
class Writer:
    """Turns instructions into statements; names tensors as they appear.

    ``watched`` is the number of the hook whose calls the script looks at, and ``keeps`` says
    whether it looks at what they were given; ``shared`` are those registered more than
    once, and ``removed`` the registrations (by identity) that are taken back.
    """

    adapter: Adapter
    nested: frozenset[int] = frozenset()
    watched: int | None = None
    keeps: bool = False
    shared: frozenset[int] = frozenset()
    removed: frozenset[int] = frozenset()
    names: Names = field(init=False)
    tensors: dict[int, str] = field(default_factory=dict)
    expressions: dict[int, str] = field(default_factory=dict)
    hooks: dict[int, str] = field(default_factory=dict)
    handles: dict[int, str] = field(default_factory=dict)
    definitions: set[str] = field(default_factory=set)
    program: Program | None = None

    def __post_init__(self) -> None:
        adapter = self.adapter
        setup = {n.id for n in ast.walk(ast.parse(adapter.setup)) if isinstance(n, ast.Name)}
        self.names = Names({*adapter.namespace, *adapter.definitions, *setup})

    def name(self, x: Var) -> str:
        """The tensor's name, or the expression that stands for it."""
        if x.index in self.expressions:
            return f"({self.expressions[x.index]})"
        if x.index not in self.tensors:
            self.tensors[x.index] = self.names.letter()
        return self.tensors[x.index]

    def source(self, value: Any, slot: str) -> str:
        """The source text of an argument."""
        if isinstance(value, Var):
            return self.name(value)
        if isinstance(value, list):
            return f"[{', '.join(self.source(item, slot) for item in value)}]"
        if isinstance(value, tuple):
            return f"({''.join(f'{self.source(item, slot)}, ' for item in value)})"
        if slot == "dtype":
            return {**self.adapter.dtypes, **self.adapter.discrete_dtypes}[value]
        if isinstance(value, HookSource):
            return self.hooks[value.number]
        if isinstance(value, Instruction):
            return self.handles[id(value)]
        if slot == "name" or isinstance(value, Program):
            return value if isinstance(value, str) else self.names.free("program")
        return literal(value)

    def say(self, name: str, filled: Mapping[str, str]) -> str:
        """The phrase for something, its slots filled by source text."""
        text = self.adapter.text(name)
        assert text is not None
        pending = {n for n in self.adapter.definitions if mentions(text, n)}
        while pending:
            used = pending.pop()
            self.definitions.add(used)
            source = self.adapter.definitions[used]
            inside = {n for n in self.adapter.definitions if mentions(source, n)}
            pending |= inside - self.definitions
        device = {"device": repr(self.adapter.device)}
        return self.engine(tidy(render(text, {**device, **filled})))

    def engine(self, text: str) -> str:
        """The text with the engine's module under its own name."""
        module = getattr(self.adapter, "module", None)
        return re.sub(r"(?<![\w.])engine\b", module, text) if module else text

    def phrase(self, instruction: Instruction) -> str:
        """The instruction as source text, without the assignment of its results."""
        name, arguments = instruction.name, instruction.arguments
        pairs = zip(slots(name), arguments, strict=False)
        filled = {slot: self.source(value, slot) for slot, value in pairs}
        if name == "custom":
            self.definitions.add(arguments[0])
        said = self.say(name, filled)
        if instruction.elsewhere:
            return f"ThreadPoolExecutor().submit(lambda: {said}).result()"
        return said

    def statement(self, instruction: Instruction) -> list[str]:
        """The lines of one instruction; none if its result stands inside a later expression."""
        if instruction.name == "hook":
            return self._registration(instruction)
        if instruction.name == "negated" and "negated" not in self.adapter.actions:
            return self._loop(instruction)
        before = self._function(instruction) if instruction.name in FUNCTIONS else []
        text = self.phrase(instruction)
        results = instruction.results
        if len(results) == 1 and results[0].index in self.nested and len(text) <= _LONGEST_NESTED:
            self.expressions[results[0].index] = text
            return []
        if not results or instruction.name == "set_requires_grad":
            return [*before, text]
        targets = ["_" if r is None else self.name(r) for r in results]
        if instruction.name == "gradients" and len(targets) == 1:
            return [f"({targets[0]},) = {text}"]
        if instruction.name == "functional_vjp":
            targets = [targets[0], f"({', '.join(targets[1:])},)"]
        return [*before, f"{', '.join(targets)} = {text}"]

    def unassigned(self, instruction: Instruction) -> list[str]:
        """As :meth:`statement`, with whatever it gives under the name ``result``."""
        before = self._function(instruction) if instruction.name in FUNCTIONS else []
        return [*before, f"{self.names.free('result')} = {self.phrase(instruction)}"]

    def _loop(self, instruction: Instruction) -> list[str]:
        x, count = instruction.arguments
        target = self.name(instruction.results[0]) if instruction.results else "_"
        step = self.say("neg", {"a": target})
        return [f"{target} = {self.name(x)}", f"for _ in range({count}):", f"    {target} = {step}"]

    def _registration(self, instruction: Instruction) -> list[str]:
        x, hook = instruction.arguments
        lines: list[str] = []
        if hook.number not in self.hooks:
            text, lines = self._hook(hook)
            self.hooks[hook.number] = text
        said = self.say("hook", {"x": self.name(x), "function": self.hooks[hook.number]})
        if id(instruction) not in self.removed:
            return [*lines, said]
        handle = self.names.free(f"handle{len(self.handles) or ''}")
        self.handles[id(instruction)] = handle
        return [*lines, f"{handle} = {said}"]

    def _hook(self, hook: HookSource) -> tuple[str, list[str]]:
        """What to register, and the lines that define it if it takes more than an expression."""
        result = "gradient"
        if hook.factor is not None:
            result = self.say("mul_scalar", {"a": result, "number": literal(hook.factor)})
        if hook.offset:
            result = self.say("add_scalar", {"a": f"({result})", "number": literal(hook.offset)})
        watched = hook.number == self.watched
        if not (watched or hook.error or hook.number in self.shared):
            return f"lambda gradient: {'None' if hook.observes else result}", []
        function = self.names.free(f"hook{len(self.hooks) or ''}")
        calls = self.names.free("calls" if watched else f"calls{len(self.hooks)}")
        lines = [f"def {function}(gradient):"]
        if watched or hook.error:
            given = f"np.array({self.say('value', {'x': 'gradient'})})"
            noted = given if watched and self.keeps else "1"
            lines = [f"{calls} = []", *lines, f"    {calls}.append({noted})"]
        if hook.error:
            lines += [f"    if len({calls}) == 1:", f"        raise {hook.error}('on purpose')"]
        if not hook.observes:
            lines.append(f"    return {result}")
        elif len(lines) == 1:
            lines.append("    pass")
        return function, lines

    def _function(self, instruction: Instruction) -> list[str]:
        """The program that an instruction differentiates, as a definition unless there is one."""
        program = next(a for a in instruction.arguments if isinstance(a, Program))
        if program == self.program:
            return []
        self.program = program
        names = [self.names.free(f"x{i}") for i in range(len(program.leaves))]
        lines = [f"def {self.names.free('program')}({', '.join(names)}):"]
        for step in program.steps:
            params = zip(OPS[step.op].params, step.params, strict=False)
            filled = {slot: self.source(value, slot) for slot, value in params}
            operands = [names[i] for i in step.operands]
            if step.op in VARIADIC:
                filled["tensors"] = f"[{', '.join(operands)}]"
            else:
                filled |= dict(zip("abc"[: arity(step.op)], operands, strict=False))
            names.append(self.names.free(f"x{len(names)}"))
            lines.append(f"    {names[-1]} = {self.say(step.op, filled)}")
        return [*lines, f"    return {', '.join(names[at] for at in program.outputs)}"]
