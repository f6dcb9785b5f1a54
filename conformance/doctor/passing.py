"""Trying phrases about backward passes and what they leave in gradient slots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import kinds
from .bench import Bench
from .kinds import Faulty

_OPTIONS: Mapping[str, Any] = {
    "retain_graph": True,
    "create_graph": True,
    "allow_unused": True,
    "materialize_grads": True,
}


def square(bench: Bench) -> tuple[Any, Any]:
    """A tracked leaf of 3 and its square."""
    bench.need("mul")
    x = bench.tensor(3.0, tracked=True)
    return x, bench.known(bench.say("mul", x, x), "x * x")


def pull(bench: Bench, root: Any) -> None:
    """A plain backward pass, by whichever phrase there is."""
    keeps = bench.adapter.can("backward_keeping_graph") and not bench.adapter.can("backward")
    name = "backward_keeping_graph" if keeps else "backward"
    bench.need(name)
    bench.say(name, *_arguments(name, root, {}))


def filled_leaf(bench: Bench) -> Any:
    """A leaf of 3 whose slot holds the gradient of its square, 6."""
    x, root = square(bench)
    pull(bench, root)
    return bench.known(x, "a leaf after a pass")


def try_backward(bench: Bench, name: str) -> None:
    """Run passes, one for each option that the phrase takes, and look into the slot."""
    wanted: list[dict[str, Any]] = [{}]
    wanted += [{slot: value} for slot, value in _OPTIONS.items() if _takes(bench, name, slot)]
    for options in wanted:
        _pass(bench, name, options)
    for slot in ("cotangent", "cotangents"):
        if _takes(bench, name, slot):
            _pass(bench, name, {slot: bench.tensor(1.0)})
    if _takes(bench, name, "inputs"):
        _pass(bench, name, {"inputs": True})


def _takes(bench: Bench, name: str, slot: str) -> bool:
    return bench.adapter.can(f"{name}.{slot}")


def _pass(bench: Bench, name: str, options: dict[str, Any]) -> None:
    x, root = square(bench)
    if "inputs" in options:
        options = {"inputs": [x]}
    if "cotangents" in options:
        options = {"cotangents": [options["cotangents"]]}
    arguments = _arguments(name, root, options)
    result = bench.say(name, *arguments)
    if callable(result):
        raise bench.wrong(name, *arguments)(
            f"{kinds.described(result)}; no pass was run", "call it: put parentheses behind it"
        )
    if not bench.adapter.can("slot_value") or "slot_value" in bench.broken:
        return
    try:
        found = kinds.array(bench.say("slot_value", x), bench.wrong("slot_value", x))
    except Faulty as fault:
        raise bench.doubt(
            name,
            arguments,
            f"the leaf's slot cannot be read after the pass: {fault.finding.came}",
            "see that the phrase runs the pass, and that `slot_value` reads the leaf's gradient",
        ) from fault
    bench.agree(name, arguments, found, 6.0)


def _arguments(name: str, root: Any, options: Mapping[str, Any]) -> tuple[Any, ...]:
    if name == "backward_keeping_graph":
        return root, options.get("cotangent")
    first = [root] if name == "backward_all" else root
    cotangents = options.get("cotangents", options.get("cotangent"))
    return (
        first,
        cotangents,
        options.get("retain_graph"),
        options.get("create_graph", False),
        options.get("inputs"),
    )


def try_gradients(bench: Bench, name: str) -> None:
    """Take the gradient of a square in the functional form, with each option on its own."""
    wanted: list[dict[str, Any]] = [{}]
    wanted += [{slot: value} for slot, value in _OPTIONS.items() if _takes(bench, name, slot)]
    if _takes(bench, name, "cotangents"):
        wanted.append({"cotangents": [bench.tensor(1.0)]})
    for options in wanted:
        x, root = square(bench)
        arguments = (
            [root], [x], options.get("cotangents"), options.get("retain_graph"),
            options.get("create_graph", False), options.get("allow_unused"),
            options.get("materialize_grads", False),
        )  # fmt: skip
        results = bench.say(name, *arguments)
        wrong = bench.wrong(name, *arguments)
        (gradient,) = kinds.several(results, 1, "one gradient for each input", wrong)
        bench.expect(name, arguments, gradient, 6.0)


def try_slot(bench: Bench, name: str) -> None:
    """Read the slot before and after a pass."""
    x = filled_leaf(bench)
    result = bench.say(name, x)
    if name == "grad":
        bench.expect(name, [x], result, 6.0)
        _see_empty(bench, name, bench.tensor(3.0, tracked=True))
        return
    bench.agree(name, [x], kinds.array(result, bench.wrong(name, x)), 6.0)
    if not bench.adapter.can("grad"):
        _see_empty(bench, name, bench.tensor(3.0, tracked=True))


def _see_empty(bench: Bench, name: str, x: Any) -> None:
    """See that the slot of a leaf that no pass has reached reads as empty."""
    read = bench.say(name, x)
    if read is not None and not bench.adapter.is_empty_slot(read):
        raise bench.doubt(
            name,
            [x],
            f"an empty slot reads as {kinds.described(read)}",
            "say in `empty_slot` what the engine keeps in a slot that nothing reached",
        )


def try_clear(bench: Bench, name: str) -> None:
    """Empty a slot."""
    x = filled_leaf(bench)
    bench.say(name, x)
    reader = "grad" if bench.adapter.can("grad") else "slot_value"
    bench.need(reader)
    read = bench.say(reader, x)
    if read is not None and not bench.adapter.is_empty_slot(read):
        raise bench.doubt(
            name,
            [x],
            f"the slot holds {kinds.described(read)} afterwards",
            "let the phrase empty the slot, and say in `empty_slot` what an empty one holds",
        )


def try_zero(bench: Bench, name: str) -> None:
    """Fill a slot with zeros."""
    x = filled_leaf(bench)
    bench.say(name, x)
    bench.need("slot_value")
    bench.agree(name, [x], kinds.array(bench.say("slot_value", x), bench.wrong(name, x)), 0.0)


def try_set(bench: Bench, name: str) -> None:
    """Put a tensor into a slot."""
    x, value = bench.tensor(3.0, tracked=True), bench.tensor(5.0)
    bench.say(name, x, value)
    bench.need("slot_value")
    bench.agree(name, [x, value], np.asarray(bench.say("slot_value", x)), 5.0)


def try_retain(bench: Bench, name: str) -> None:
    """Ask for the gradient of an intermediate; and read whether it was asked for."""
    _, y = square(bench)
    bench.need("retain_grad")
    bench.say("retain_grad", y)
    if name == "retains_grad":
        kinds.flag(bench.say(name, y), bench.wrong(name, y))


def try_hook(bench: Bench, name: str) -> None:
    """Register a hook that only looks, run a pass, and remove it."""
    x, root = square(bench)
    seen: list[Any] = []

    def look(gradient: Any) -> None:
        seen.append(gradient)

    bench.need("hook")
    handle = bench.say("hook", x, look)
    if name == "remove_hook":
        result = bench.say(name, bench.known(handle, "what `hook` gave"))
        if callable(result):
            raise bench.wrong(name, handle)(
                f"{kinds.described(result)}; nothing was removed", "call it: put parentheses behind"
            )
        return
    pull(bench, root)
    if not seen:
        came = "the function was not called in a pass"
        mend = "see that the phrase registers the function on this tensor's gradient"
        raise bench.doubt(name, [x, look], came, mend)
    bench.expect(name, [x, look], seen[0], 6.0)


PROBES: Mapping[str, Callable[[Bench, str], None]] = {
    "backward": try_backward,
    "backward_keeping_graph": try_backward,
    "backward_all": try_backward,
    "gradients": try_gradients,
    "slot_value": try_slot,
    "grad": try_slot,
    "clear_grad": try_clear,
    "zero_grad": try_zero,
    "set_grad": try_set,
    "retain_grad": try_retain,
    "retains_grad": try_retain,
    "hook": try_hook,
    "remove_hook": try_hook,
}
