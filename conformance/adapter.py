"""What the suite asks of an engine: a phrasebook of how the engine says each thing.

An adapter is data. ``ops`` and ``actions`` hold one Python expression or statement for each thing
the engine can do, over the slots of :data:`ACTIONS` (and ``a``, ``b``, … for an operation's
operands). What has no phrase is not implemented: there is no second list of capabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from conformance.ops import OPS
from conformance.phrase import compile_phrase, mentions, render

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "tensor": ("value", "dtype", "device", "requires_grad"),
    "plain_tensor": ("value", "dtype", "device"),
    "filled": ("shape", "number", "dtype", "device", "requires_grad"),
    "filled_like": ("x", "number"),
    "negated": ("x", "count"),
    "value": ("x",),
    "dtype_of": ("x",),
    "requires_grad": ("x",),
    "is_leaf": ("x",),
    "has_history": ("x",),
    "version": ("x",),
    "set_requires_grad": ("x", "flag"),
    "assign_requires_grad": ("x", "flag"),
    "grad": ("x",),
    "slot_value": ("x",),
    "set_grad": ("x", "value"),
    "clear_grad": ("x",),
    "zero_grad": ("x",),
    "backward": ("root", "cotangent", "retain_graph", "create_graph", "inputs"),
    "backward_keeping_graph": ("root", "cotangent"),
    "backward_all": ("roots", "cotangents", "retain_graph", "create_graph", "inputs"),
    "gradients": (
        "outputs",
        "inputs",
        "cotangents",
        "retain_graph",
        "create_graph",
        "allow_unused",
        "materialize_grads",
    ),
    "detach": ("x",),
    "detach_in_place": ("x",),
    "same_object": ("x", "y"),
    "no_grad": (),
    "enable_grad": (),
    "grad_enabled": (),
    "retain_grad": ("x",),
    "retains_grad": ("x",),
    "hook": ("x", "function"),
    "remove_hook": ("handle",),
    "greater": ("x", "number"),
    "to_number": ("x",),
    "custom": ("name", "inputs"),
    "vjp": ("function", "primals", "cotangent"),
    "jvp": ("function", "primals", "tangents"),
    "jacobian": ("function", "primals"),
    "jacobian_blocks": ("function", "primals"),
    "functional_vjp": ("function", "primals", "cotangent"),
    "functional_jvp": ("function", "primals", "tangents"),
    "hessian": ("function", "primals"),
    "hessian_blocks": ("function", "primals"),
    "stop_gradient": ("x",),
}

IN_PLACE: Mapping[str, tuple[str, ...]] = {
    "add_": ("a", "b"),
    "sub_": ("a", "b"),
    "mul_": ("a", "b"),
    "copy_": ("a", "b"),
    "mul_scalar_": ("a", "number"),
    "add_scalar_": ("a", "number"),
    "neg_": ("a",),
    "zero_": ("a",),
    "exp_": ("a",),
    "put_": ("a", "b", "index"),
    "put_at_": ("a", "b", "positions"),
}

OPERANDS = "abc"
VARIADIC = ("concat", "stack")


class UnusableError(ValueError):
    """An adapter, device or dtype that was asked for cannot be used; the message says the mend."""


class Unsupported(Exception):  # noqa: N818
    """The engine has no phrase for something a behavior needs."""


class Adapter:
    """Base class of all adapters; subclasses fill the class attributes.

    Attributes:
        name: what reports call the engine.
        setup: import statements and helpers, run once and shown at the head of reproductions.
        ops: phrases of operations, by the names of :data:`conformance.ops.OPS`, and of in-place
            operations, by those of :data:`IN_PLACE`.
        actions: phrases of everything else, by the names of :data:`ACTIONS`.
        definitions: source text of custom functions and helpers, by name, put into reproductions
            that use them.
        dtypes: how the engine names each dtype it offers.
        discrete_dtypes: how it names the integer and boolean ones, for operands and results.
        default_dtypes: the dtypes tried when none is asked for.
        max_ndim: the largest rank of a tensor, None if unbounded; scalar engines say 0.
        refusal: the exception class of the engine's refusals.
        version_phrase: an expression for the engine's version.
        empty_slot: what an engine without None keeps in a gradient slot that nothing reached.
    """

    name: ClassVar[str]
    setup: ClassVar[str]
    ops: ClassVar[Mapping[str, str]]
    actions: ClassVar[Mapping[str, str]]
    definitions: ClassVar[Mapping[str, str]] = {}
    dtypes: ClassVar[Mapping[str, str]] = {"float64": "float"}
    discrete_dtypes: ClassVar[Mapping[str, str]] = {}
    default_dtypes: ClassVar[tuple[str, ...]] = ("float64", "float32")
    max_ndim: ClassVar[int | None] = None
    refusal: ClassVar[str] = "Exception"
    version_phrase: ClassVar[str] = "'unknown'"
    empty_slot: ClassVar[str] = "None"

    def __init__(self, device: str = "cpu") -> None:
        """Import the engine and compile its phrases.

        Raises:
            UnusableError: the engine is not installed, or does not have the device.
        """
        self.device = device
        self._known: dict[tuple[str, ...], bool] = {}
        self.spoken_name = self.name
        self.namespace: dict[str, Any] = {"device": device}
        try:
            exec(self.setup, self.namespace)
        except ImportError as error:
            raise UnusableError(
                f"adapter {self.name!r}: cannot import the engine ({error}); install it first"
            ) from error
        self.prepare()
        self.check_device()
        self._phrases: dict[str, Callable[..., Any]] = {}
        self.refusals: type[BaseException] = eval(self.refusal, self.namespace)
        self.engine_version = str(eval(self.version_phrase, self.namespace))
        self.dtype_objects = {
            name: eval(text, self.namespace)
            for name, text in {**self.dtypes, **self.discrete_dtypes}.items()
        }

    def prepare(self) -> None:
        """Put names into the namespace that phrases use beyond those that ``setup`` makes."""

    def check_device(self) -> None:
        """Refuse a device that the engine does not have.

        Raises:
            UnusableError: the device is absent; engines with devices override this.
        """
        if self.device != "cpu":
            raise UnusableError(
                f"adapter {self.name!r} has no device {self.device!r}; it runs on cpu only"
            )

    @property
    def tracks_everything(self) -> bool:
        """Whether no tensor can be kept out: there are slots, but no phrase says who has one."""
        return self.can("slot_value") and not self.can("tensor.requires_grad")

    @property
    def takes_cotangents(self) -> bool:
        """Whether a backward pass can start from anything else than ones."""
        starts = ("backward.cotangent", "backward_keeping_graph.cotangent", "vjp")
        return any(self.can(start) for start in starts)

    def is_empty_slot(self, grad: Any) -> bool:
        """Whether the engine's own way to say an empty slot is what ``grad`` is."""
        return self.empty_slot != "None" and bool(grad == eval(self.empty_slot, self.namespace))

    def can(self, *capabilities: str) -> bool:
        """Whether everything named has a phrase; ``backward.inputs`` names a phrase's slot."""
        known = self._known.get(capabilities)
        if known is None:
            known = all(self._text(name) is not None for name in capabilities)
            self._known[capabilities] = known
        return known

    def __getitem__(self, capability: str) -> Callable[..., Any]:
        """The compiled phrase of an operation or action.

        Raises:
            Unsupported: the engine has none.
        """
        phrase = self._phrases.get(capability)
        if phrase is None:
            text = self._text(capability)
            if text is None:
                raise Unsupported(capability)
            for name in self.definitions:
                if mentions(text, name):
                    self.define(name)
            phrase = compile_phrase(text, slots(capability.partition(".")[0]), self.namespace)
            self._phrases[capability] = phrase
        return phrase

    def _text(self, capability: str) -> str | None:
        name, _, slot = capability.partition(".")
        text = self.text(name)
        if slot and text is not None:
            found = slot in self.definitions if name == "custom" else mentions(text, slot)
            return text if found else None
        return text

    def text(self, name: str) -> str | None:
        """The phrase of an operation or action as source text, None if there is none."""
        return self.ops.get(name) or self.actions.get(name) or self._derived(name)

    def _derived(self, name: str) -> str | None:
        """The text of a phrase that follows from another."""
        if name == "plain_tensor" and self.can("tensor.requires_grad"):
            return render(self.actions["tensor"], {"requires_grad": "False"})
        if name == "negated" and "neg" in self.ops:
            negation = f"lambda a, _: {self.ops['neg']}"
            return f"__import__('functools').reduce({negation}, range(count), x)"
        return None

    def define(self, name: str) -> Any:
        """The object that a definition makes, run on first use.

        Raises:
            Unsupported: the engine has no such definition.
        """
        if name not in self.definitions:
            raise Unsupported(f"custom.{name}")
        if name not in self.namespace:
            exec(self.definitions[name], self.namespace)
        return self.namespace[name]


def slots(name: str) -> tuple[str, ...]:
    """The slots that the phrase of an operation or action may use, in the order they are filled."""
    if name in ACTIONS:
        return ACTIONS[name]
    if name in IN_PLACE:
        return IN_PLACE[name]
    if name in VARIADIC:
        return ("tensors", *OPS[name].params)
    return (*OPERANDS[: arity(name)], *OPS[name].params)


_BINARY = frozenset("add sub mul div pow maximum minimum where dot mv mm matmul put put_at".split())


def arity(name: str) -> int:
    """The number of tensor operands of an operation that has a fixed number of them."""
    return 2 if name in _BINARY else 1


def unknown_names(adapter: type[Adapter]) -> list[str]:
    """The keys of an adapter's tables that the suite knows nothing of: most likely slips."""
    known = {*ACTIONS, *IN_PLACE, *OPS}
    return sorted({*adapter.ops, *adapter.actions} - known)


def synchronize(adapter: Adapter) -> None:
    """Wait for the device, where the engine says how."""
    with suppress(KeyError):
        adapter.namespace["synchronize"]()
