"""What the suite asks of an engine: a phrasebook of how the engine says each thing.

An adapter is data. ``ops`` and ``actions`` hold one Python expression or statement for each thing
the engine can do, over the slots that the vocabulary gives it (``a``, ``b``, … for an operation's
operands). What has no phrase is not implemented: there is no second list of capabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from conformance.phrase import compile_phrase, mentions, render
from conformance.vocabulary import is_known, slots


class UnusableError(ValueError):
    """An adapter, device or dtype that was asked for cannot be used; the message says the mend."""


class Unsupported(Exception):  # noqa: N818
    """The engine has no phrase for something a behavior needs."""


class Phrases(dict[str, Callable[..., Any]]):
    """Compiled phrases by what they say; each is compiled when it is first asked for."""

    def __init__(self, compiled: Callable[[str], Callable[..., Any]]) -> None:
        super().__init__()
        self._compiled = compiled

    def __missing__(self, capability: str) -> Callable[..., Any]:
        phrase = self[capability] = self._compiled(capability)
        return phrase


class Adapter:
    """Base class of all adapters; subclasses fill the class attributes.

    Attributes:
        name: what reports call the engine.
        setup: import statements and helpers, run once and shown at the head of reproductions.
        ops: phrases of operations, by the names of :data:`conformance.ops.OPS`, and of in-place
            operations, by those of :data:`conformance.vocabulary.IN_PLACE`.
        actions: phrases of everything else, by the names of
            :data:`conformance.vocabulary.ACTIONS`.
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
        self.phrases = Phrases(self._compiled)
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
        return self.phrases[capability]

    def _compiled(self, capability: str) -> Callable[..., Any]:
        text = self._text(capability)
        if text is None:
            raise Unsupported(capability)
        for name in self.definitions:
            if mentions(text, name):
                self.define(name)
        return compile_phrase(text, slots(capability.partition(".")[0]), self.namespace)

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


def unknown_names(adapter: type[Adapter]) -> list[str]:
    """The keys of an adapter's tables that the suite knows nothing of: most likely slips."""
    return sorted(name for name in {*adapter.ops, *adapter.actions} if not is_known(name))


def synchronize(adapter: Adapter) -> None:
    """Wait for the device, where the engine says how."""
    with suppress(KeyError):
        adapter.namespace["synchronize"]()
