"""Engines broken in one place: a phrase of the reference adapter, or a method of the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.adapters.reference import Reference

from conformance.torch_like import ACTIONS, OPS
from conformance.torch_like_functions import DEFINITIONS


@dataclass(frozen=True)
class Broken:
    """One breakage, the behavior that notices it, and how long its reproduction may be.

    ``says`` are pieces of the script; ``patch`` names a method of the engine's tensor instead of
    a phrase, and maps the right one to the broken one.
    """

    name: str
    behavior: str
    lines: int
    says: tuple[str, ...] = ()
    phrases: Mapping[str, str] = field(default_factory=dict)
    patch: tuple[str, Callable[[Any], Any]] | None = None

    def adapter(self) -> Reference:
        """The reference adapter with the phrases that this breaks."""

        tables = {"ops": OPS, "actions": ACTIONS, "definitions": DEFINITIONS}
        broken = {
            name: {key: self.phrases.get(key, text) for key, text in table.items()}
            for name, table in tables.items()
        }
        return type("Broken", (Reference,), {"name": "broken", **broken})()


def _said_twice(right):
    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        right(self, gradient, retain_graph=True, create_graph=create_graph, inputs=inputs)
        right(self, gradient, retain_graph, create_graph, inputs)

    return backward


def _doubled(right):
    return lambda self, *given, **named: right(self, *given, **named) * 2


def _never_called(right):
    return lambda self, hook: right(self, lambda gradient: None)


def _wrong_class(right):
    def backward(self, *given, **named):
        try:
            return right(self, *given, **named)
        except RuntimeError as error:
            raise KeyError("no such thing") from error

    return backward


GRAD = ACTIONS["gradients"]
BACKWARD = ACTIONS["backward"]

LEFT_ON_AN_EXCEPTION = """(lambda before: __import__("contextlib").contextmanager(lambda: [
    engine.set_grad_enabled(False), (yield), engine.set_grad_enabled(before)
])())(engine.is_grad_enabled())"""

BROKEN = [
    Broken("value", "control.python-numbers-are-constants", 16, phrases={"add": "a + b + 1"}),
    Broken("operand", "backward.fan-out-sums", 14, phrases={"mul": "a * b.detach()"}),
    Broken(
        "emptying", "accumulation.setting-none-restarts-with-fresh-tensor", 14,
        ("is None",), {"clear_grad": "x.grad.zero_()"},
    ),
    Broken(
        "zeroing", "accumulation.zeroing-in-place-restarts", 14,
        (" is ",), {"zero_grad": "x.grad = None"},
    ),
    Broken(
        "assigning", "accumulation.assigned-tensor-is-adopted-and-mutated", 15,
        (".mul_(2.0)",), {"set_grad": "x.grad = value.clone()"},
    ),
    Broken(
        "retaining", "graph.second-backward-raises-when-saved", 16,
        ("except RuntimeError", "no error was raised"),
        {"backward": BACKWARD.replace("=retain_graph", "=True")},
    ),
    Broken(
        "detaching", "detach.result-is-untracked-leaf", 10,
        ("assert not ",), {"detach": "x * 1"},
    ),
    Broken(
        "switching", "toggle.in-place-and-returns-self", 14,
        ("assert not a.requires_grad",), {"set_requires_grad": "x", "assign_requires_grad": "x"},
    ),
    Broken(
        "leaf flag", "state.leaf-iff-no-producer", 12,
        ("assert not ",), {"is_leaf": "True"},
    ),
    Broken(
        "no_grad", "modes.no-grad-results-are-untracked", 12,
        ("with reference",), {"no_grad": "engine.enable_grad()"},
    ),
    Broken(
        "gradients", "grad.tuple-in-input-order", 14,
        ("autograd.grad(",), {"gradients": f"[g * 2 for g in {GRAD}]"},
    ),
    Broken(
        "too few gradients", "grad.tuple-in-input-order", 16,
        ("assert len(result) == ",), {"gradients": f"{GRAD}[1:]"},
    ),
    Broken(
        "unused gradients", "grad.allow-unused-gives-none", 16,
        ("result[", " is None"),
        {"gradients": f"[engine.zeros(()) if g is None else g for g in {GRAD}]"},
    ),
    Broken(
        "retained slot", "retain-grad.populates-nonleaf", 12,
        ("is not None",), {"retain_grad": "None"},
    ),
    Broken(
        "roots", "roots.sum-of-contributions", 16,
        ("autograd.backward(",),
        {
            "backward_all": "engine.autograd.backward(roots[:1], cotangents and cotangents[:1], "
            "retain_graph=retain_graph, create_graph=create_graph, inputs=inputs)"
        },
    ),
    Broken(
        "write", "inplace.index-assignment-builds-graph", 14,
        ("[0] = ",), {"put_": "a[index] = b * 2"},
    ),
    Broken(
        "view", "view.shares-memory-and-carries-gradient", 14, phrases={"select": "a[index] * 1"}
    ),
    Broken("cast", "convert.casts-are-differentiable", 12, phrases={"cast": "a.to(dtype) * 1.5"}),
    Broken(
        "dtype", "convert.casts-are-differentiable", 12,
        (".dtype == ",), {"cast": "a.to(dtype).to(engine.float16)"},
    ),
    Broken("shape", "operation.gradient-is-its-derivative", 12, phrases={"neg": "-a[None]"}),
    Broken(
        "custom", "function.backward-formula-is-trusted", 22,
        ("class ",),
        {
            "Sevenfold": DEFINITIONS["Sevenfold"].replace("* 7", "* 6"),
            "Cube": DEFINITIONS["Cube"].replace("* 3", "* 2"),
        },
    ),
    Broken(
        "tangent", "forward.tangent-is-jacobian-vector-product", 18,
        ("def forward_mode", "def program"), {"jvp": "forward_mode(function, tangents, primals)"},
    ),
    Broken(
        "jacobian", "functional.jacobian-shape-and-nesting", 16,
        ("def program", "result"), {"jacobian_blocks": "engine.zeros(5)", "jacobian": "[0.0]"},
    ),
    Broken(
        "hook factor", "hooks.tensor-hook-replaces-grad", 12,
        ("register_hook",), {"hook": "x.register_hook(lambda g: function(g) and None)"},
    ),
    Broken(
        "raising", "operation.gradient-is-its-derivative", 10, phrases={"mul": "a.nothing(b)"}
    ),
    Broken(
        "two passes", "backward.one-element-root-seeds-one", 10, (), {}, ("backward", _said_twice)
    ),
    Broken("exp", "operation.gradient-is-its-derivative", 10, (), {}, ("exp", _doubled)),
    Broken(
        "silent hook", "hooks.returning-none-changes-nothing", 14,
        ("calls = []", "assert len(calls) == 1"), {}, ("register_hook", _never_called),
    ),
    Broken(
        "raising hook", "hooks.exception-aborts-backward", 21,
        ("raise ", "except LookupError"), {}, ("register_hook", _never_called),
    ),
    Broken(
        "left early", "modes.nesting-restores-previous", 17,
        ("with suppress(KeyError), ", "raise KeyError"), {"no_grad": LEFT_ON_AN_EXCEPTION},
    ),
    Broken(
        "refusal", "graph.second-backward-raises-when-saved", 16,
        ("except RuntimeError",), {}, ("backward", _wrong_class),
    ),
]  # fmt: skip
