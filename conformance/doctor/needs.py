"""What an adapter has no phrase for, and how many behaviors need it.

Behaviors do not list what they need, they ask for it. So each is run on the reference engine, once
with all that it asks for and once without the phrase in question: if it is then unsupported, it
needs the phrase.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from conformance.adapter import Adapter, Unsupported
from conformance.behavior import Behavior
from conformance.catalogue import load_specs
from conformance.custom import FUNCTIONS
from conformance.draw import total_width
from conformance.phrase import render
from conformance.session import Session
from conformance.torch_like import ACTIONS, TorchLike
from conformance.trying import play, scope_of
from conformance.vocabulary import OPTIONAL, sayable

from .diagnosis import Absent

_OF_FUNCTIONS = frozenset(("vjp", "jvp", "jacobian", "hessian"))
_OF_SLOTS = frozenset(("backward", "grad", "slot_value"))


class Imperative(TorchLike):
    """The reference engine with gradient slots; notes what is asked of it."""

    name = "reference"
    setup = "import conformance.reference as reference"
    module = "reference"

    # Numbers do not matter here, and a deep graph takes its time.
    actions: ClassVar[Mapping[str, str]] = {**ACTIONS, "negated": "-x"}

    def __init__(self, device: str = "cpu") -> None:
        self.asked: set[str] = set()
        super().__init__(device)

    def text(self, name: str) -> str | None:
        """The phrase of an operation or action, whose name is noted."""
        self.asked.add(name)
        return super().text(name)


class KeepingGraphs(Imperative):
    """The reference engine as one that can also run a pass that keeps the graph."""

    actions: ClassVar[Mapping[str, str]] = {
        **Imperative.actions,
        "backward_keeping_graph": "root.backward(cotangent, retain_graph=True)",
    }


class OfFunctions(Imperative):
    """The reference engine as one that differentiates functions."""

    actions: ClassVar[Mapping[str, str]] = {
        "tensor": "engine.tensor(value, dtype=dtype)",
        **{n: ACTIONS[n] for n in ("value", "dtype_of", "greater", "to_number")},
        "vjp": "engine.func.vjp(function, *primals)[1](cotangent)",
        "jvp": "engine.func.jvp(function, tuple(primals), tuple(tangents))",
        "jacobian": "engine.autograd.functional.jacobian(function, primals)",
        "hessian": "engine.autograd.functional.hessian(function, primals)",
        "hessian_blocks": "engine.autograd.functional.hessian(function, primals)",
        "stop_gradient": "x.detach()",
    }


@dataclass(frozen=True, slots=True)
class Asking:
    """One example of a behavior, and the names of all phrases that it asks for."""

    behavior: Behavior
    data: bytes
    asked: frozenset[str]


def absent(adapter: Adapter, written: Iterable[str]) -> tuple[Absent, ...]:
    """What the adapter cannot say, most needed first.

    Args:
        adapter: the adapter.
        written: the names of phrases that count as there although they are broken.
    """
    there = frozenset(written)
    missing = [n for n in sayable() if n not in there and not adapter.can(n)]
    for name, optional in OPTIONAL.items():
        missing += [f"{name}.{s}" for s in optional if name in there and _lacks(adapter, name, s)]
    if "custom" in there:
        missing += [f"custom.{name}" for name in FUNCTIONS if name not in adapter.definitions]
    witness = _witness_for(there)
    examples = list(_examples(witness))
    counted = [Absent(name, _behaviors_needing(witness, examples, name)) for name in missing]
    return tuple(sorted(counted, key=lambda each: -each.behaviors))


def _lacks(adapter: Adapter, name: str, slot: str) -> bool:
    return adapter.can(name) and not adapter.can(f"{name}.{slot}")


def _witness_for(there: frozenset[str]) -> type[Imperative]:
    """The reference engine in the manner of one that has these phrases."""
    if "backward_keeping_graph" in there:
        return KeepingGraphs
    return OfFunctions if there & _OF_FUNCTIONS and not there & _OF_SLOTS else Imperative


def _behaviors_needing(witness: type[Imperative], examples: Iterable[Asking], name: str) -> int:
    """How many behaviors are unsupported without a phrase or slot."""
    phrase = name.partition(".")[0]
    candidates = [example for example in examples if phrase in example.asked]
    if not candidates or not witness().can(name):
        return 0
    without = _without(witness, name)()
    return len(
        {c.behavior.id for c in candidates if not _is_supported(c.behavior, c.data, without)}
    )


def _examples(witness: type[Imperative]) -> Iterator[Asking]:
    """The simplest example and another one of each behavior that is within reach."""
    for behavior in load_specs().values():
        width = total_width(behavior.given)
        for data in (bytes(width), Random(behavior.id).randbytes(width)):
            engine = witness()
            if not behavior.off_cpu and _is_supported(behavior, data, engine):
                yield Asking(behavior, data, frozenset(engine.asked))


def _is_supported(behavior: Behavior, data: bytes, adapter: Adapter) -> bool:
    """Whether an example of the behavior finds all that it asks for."""
    try:
        play(behavior, data, scope_of(adapter, "float64"), Session(adapter))
    except Unsupported:
        return False
    except Exception:  # without a phrase things can go wrong in other ways, which do not matter
        return True
    return True


def _without(witness: type[Imperative], name: str) -> type[Imperative]:
    """The witness without a phrase, a slot of one, or a custom function."""
    phrase, _, part = name.partition(".")
    tables: dict[str, dict[str, Any]] = {
        table: dict(getattr(witness, table)) for table in ("ops", "actions", "definitions")
    }
    if phrase == "custom" and part:
        tables["definitions"].pop(part, None)
    elif part:
        tables["actions"][phrase] = render(tables["actions"][phrase], {part: "None"})
    else:
        tables["ops"].pop(phrase, None)
        tables["actions"].pop(phrase, None)
    return type(witness.__name__, (witness,), tables)
