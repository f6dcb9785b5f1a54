"""A session: one example on one engine, every action recorded, predicted and compared.

Each action runs the engine's phrase, then tells the ledger, and leaves an instruction behind.
Behaviors are written on sessions and :class:`~conformance.var.Var`; nothing here knows which
behavior runs, or which engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from conformance import functional, grad_slots, hooking, making, matrices, modes, passes, tracking
from conformance.adapter import Adapter, Unsupported
from conformance.custom import custom_nodes
from conformance.entries import Entry, HookRecord
from conformance.frame import check_frame
from conformance.ledger import Ledger
from conformance.nodes import Node
from conformance.program import Program
from conformance.trace import (
    PASSING_THROUGH,
    READABLE,
    Check,
    Divergence,
    EngineError,
    Instruction,
    last_said,
    miscounted,
    told,
    unexpected,
)
from conformance.var import Var
from conformance.vocabulary import VARIADIC

# Functions and hooks that an engine calls back say phrases too, and may find that there is none.
_PASSING_THROUGH = (*PASSING_THROUGH, Unsupported)


class Session:
    """Runs actions on an engine, and holds what the ledger says of each tensor.

    Args:
        adapter: the engine's phrasebook.
        dtype: the floating dtype that leaves are made in.
    """

    def __init__(self, adapter: Adapter, dtype: str = "float64") -> None:
        self.adapter = adapter
        self.dtype = dtype
        self.ledger = Ledger()
        self.trace: list[Instruction] = []
        self.vars: list[Var] = []
        self.hooks: list[HookRecord] = []
        self.expecting = False

    def tensor(
        self,
        value: Any,
        requires_grad: bool = False,
        dtype: str | None = None,
        device: str | None = None,
        exact: bool = True,
    ) -> Var:
        """A new leaf with these values (any array-like of numbers), on the run's device if None.

        What is computed from ``exact`` leaves by exact operations is expected bit for bit.

        Raises:
            Unsupported: the engine lacks the dtype, tensors of this rank, or untracked ones.
        """
        name = dtype or self.dtype
        if name not in self.adapter.dtype_objects:
            raise Unsupported(f"dtype {name}")
        array = np.asarray(value, dtype=name)
        if self.adapter.max_ndim is not None and array.ndim > self.adapter.max_ndim:
            raise Unsupported(f"tensors of {array.ndim} axes")
        if not requires_grad and self.adapter.tracks_everything:
            raise Unsupported("untracked tensors")
        place = device or self.adapter.device
        handle = self.call(
            "tensor",
            (array.copy(), self.adapter.dtype_objects[name], place, requires_grad),
            shown=(array, name, place, requires_grad),
        )
        node = Node(array.astype(np.float64), exact=exact)
        return self.adopt(handle, self.ledger.new(node.value, requires_grad, name, node))

    def leaves(self, program: Program) -> list[Var]:
        """One leaf for each of the program's, tracked and laid out as the program says."""
        made = []
        strided = self.adapter.can("permute", "set_requires_grad")
        for leaf in program.leaves:
            if not (strided and leaf.strided and len(leaf.shape) > 1):
                made.append(self.tensor(leaf.value, leaf.requires_grad, exact=program.exact))
                continue
            backwards = tuple(reversed(range(len(leaf.shape))))
            base = self.tensor(leaf.value.T, exact=program.exact)
            x = self.apply("permute", [base], (backwards,))
            made.append(x.requires_grad_() if leaf.requires_grad else x)
        return made

    def apply(self, op: str, operands: Sequence[Var], params: tuple[Any, ...] = ()) -> Var:
        """The result of an operation of the table."""
        handles = [operand.handle for operand in operands]
        given = (self.adapter.dtype_objects[params[0]],) if op == "cast" else params
        variadic = op in VARIADIC
        handle = self.call(
            op,
            (handles, *given) if variadic else (*handles, *given),
            shown=(list(operands), *params) if variadic else (*operands, *params),
        )
        dtype = params[0] if op == "cast" else operands[0].entry.dtype
        entries = [operand.entry for operand in operands]
        return self.adopt(handle, self.ledger.apply(op, entries, params, dtype))

    def write(
        self, op: str, target: Var, operand: Var | None, params: tuple[Any, ...] = ()
    ) -> None:
        """An in-place operation: ``target`` takes on the result."""
        operands = (target,) if operand is None else (target, operand)
        self.call(op, (*(o.handle for o in operands), *params), shown=(*operands, *params))
        if not self.expecting:  # a write that was to be refused need not make sense to the ledger
            self.ledger.write_op(op, [o.entry for o in operands], params)

    def custom(self, name: str, inputs: Sequence[Var], *constants: float) -> list[Var]:
        """The outputs of a custom function that the adapter defines."""
        handles = [x.handle for x in inputs]
        _ = self.adapter["custom"]  # without it, a definition need not even run
        outputs = self.call(
            "custom",
            (self.adapter.define(name), [*handles, *constants]),
            shown=(name, [*inputs, *constants]),
        )
        entries = custom_nodes(self.ledger, name, [x.entry for x in inputs], constants)
        many = outputs if isinstance(outputs, tuple | list) else [outputs]
        if len(many) != len(entries):
            raise miscounted(name, many, len(entries))
        made = [self.adopt(h, e) for h, e in zip(many, entries, strict=True)]
        self.trace[-1].results = made
        return made

    def detach(self, x: Var) -> Var:
        """A tensor without history on the memory of ``x``."""
        return self.adopt(self.call("detach", (x.handle,), shown=(x,)), self.ledger.detach(x.entry))

    plain = making.plain
    filled = making.filled
    filled_like = making.filled_like
    greater = making.greater
    discretized = making.discretized
    negated = making.negated
    number = making.number
    set_requires_grad = tracking.switch
    switched_requires_grad = tracking.switched
    assign_requires_grad = tracking.assign
    detach_in_place = tracking.detach_in_place
    backward = passes.backward
    gradients = passes.gradients
    vjp = functional.vjp
    jvp = functional.jvp
    products = functional.products
    jacobian = matrices.jacobian
    hessian = matrices.hessian
    retain_grad = passes.retain_grad
    hook = hooking.hook
    read_grad = grad_slots.read
    assign_grad = grad_slots.assign
    zero_grad = grad_slots.zero
    no_grad = modes.no_grad
    recorded_elsewhere = modes.recorded_elsewhere
    enable_grad = modes.enable_grad

    @contextmanager
    def raises(self, why: str, error: type[BaseException] | None = None) -> Iterator[None]:
        """Expect the engine to refuse what the block does, for the reason ``why``.

        Args:
            why: the reason, as part of a sentence.
            error: the exception that must come through, that of the engine's refusals if None.
        """
        self.expecting = True
        named = error.__name__ if error else self.adapter.refusal
        try:
            yield
        except EngineError as caught:
            self._mark_refused(named)
            self._judge_refusal(caught.error, why, error or self.adapter.refusals, named)
            return
        finally:
            self.expecting = False
        self._mark_refused(named)
        raise Divergence(
            f"no error was raised, although {why}", expected=f"an error: {why}", actual="no error"
        )

    def _judge_refusal(
        self, error: BaseException, why: str, wanted: type[BaseException], named: str
    ) -> None:
        if not isinstance(error, wanted):
            raise Divergence(
                f"the engine raised {type(error).__name__}, although {why}",
                expected=f"{named}: {why}",
                actual=told(error),
            ) from error

    def _mark_refused(self, refusal: str) -> None:
        """Note that the last thing said should be refused, by an exception of this name."""
        said = last_said(self.trace)
        if said is not None:
            said.raises, said.refusal = True, refusal

    def call(self, name: str, arguments: tuple[Any, ...], *, shown: tuple[Any, ...]) -> Any:
        """Say a phrase. What the engine raises is a divergence unless a refusal is expected."""
        phrase = self.adapter.phrases[name]
        self.trace.append(Instruction(name, shown))
        try:
            return phrase(*arguments)
        except _PASSING_THROUGH:
            raise
        except BaseException as error:
            if self.expecting:
                raise EngineError(error) from error
            raise unexpected(name, error) from error

    def observe(self, name: str, *arguments: Any) -> Any:
        """Read something off the engine without leaving an instruction."""
        try:
            return self.adapter.phrases[name](*arguments)
        except _PASSING_THROUGH:
            raise
        except BaseException as error:
            read = tuple(x for handle in arguments for x in self.vars if x.handle is handle)
            check = Check(name, read[:2], READABLE) if len(read) >= len(arguments) else None
            raise unexpected(f"reading {name}", error, check) from error

    def adopt(self, handle: Any, entry: Entry) -> Var:
        """A variable for what the last instruction gave."""
        var = Var(self, handle, entry)
        self.trace[-1].results.append(var)
        self.vars.append(var)
        return var

    def release(self) -> None:
        """Let go of the engine's tensors, which a circle of references would keep for a while."""
        self.vars.clear()
        self.trace.clear()
        self.hooks.clear()

    def finish(self) -> None:
        """Check the frame condition: everything observable is as the ledger says."""
        check_frame(self)
