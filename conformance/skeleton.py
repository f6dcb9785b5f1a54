"""A commented adapter to start from, written in the words that most engines use.

Phrases come from the phrasebooks, so the skeleton cannot fall behind them. Those that few small
engines have are commented out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from conformance import functional_like, torch_like

__all__ = ["STYLES", "write_skeleton"]

_COMMON_OPS = (
    "add sub mul div neg add_scalar mul_scalar rsub_scalar div_scalar pow_scalar exp log tanh sum "
    "mean matmul"
).split()


@dataclass(frozen=True, slots=True)
class Style:
    """A manner of engines: its phrases, and the names of the actions that are left in force."""

    ops: Mapping[str, str]
    actions: Mapping[str, str]
    common: tuple[str, ...]


def _torch_like() -> Style:
    own = {
        "tensor": "engine.tensor(value, requires_grad=requires_grad)",
        "value": "x.detach().numpy()",
        "slot_value": "x.grad.detach().numpy()",
        "backward": "root.backward(cotangent, retain_graph=retain_graph)",
    }
    keeping = {"backward_keeping_graph": "root.backward(cotangent)"}
    common = (*own, "requires_grad", "is_leaf", "grad", "clear_grad", "detach", "no_grad")
    return Style(torch_like.OPS, {**torch_like.ACTIONS, **own, **keeping}, common)


def _functional(engine: str) -> Style:
    own = {
        "vjp": f"{engine}.vjp(function, *primals)[1](cotangent)",
        "jvp": f"{engine}.jvp(function, tuple(primals), tuple(tangents))",
        "jacobian": f"{engine}.jacobian(function)(primals)",
        "hessian": f"{engine}.hessian(function)(primals)",
    }
    common = (*functional_like.ACTIONS, "vjp", "jvp")
    return Style(functional_like.OPS, {**functional_like.ACTIONS, **own}, common)


STYLES = ("torch-like", "functional")


def write_skeleton(path: Path, *, engine: str = "myengine", style: str = STYLES[0]) -> str:
    """Write an adapter skeleton to a file, and give the name of its class.

    Args:
        path: a Python file that does not exist.
        engine: the name of the engine's module.
        style: a manner of engines, one of :data:`STYLES`.

    Raises:
        ValueError: an argument cannot be used; the message says the mend.
        OSError: the file cannot be written.
    """
    if style not in STYLES:
        raise ValueError(f"there is no style {style!r}; it is one of {', '.join(STYLES)}")
    if not all(part.isidentifier() for part in engine.split(".")):
        raise ValueError(f"{engine!r} is no name of a module; write it as `import` takes it")
    if path.suffix != ".py":
        raise ValueError(f"{path} is no Python file; let its name end in .py")
    text, name = _text(path, engine, style)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ValueError(f"{path} exists; take another path, or remove it first") from None
    return name


def _text(path: Path, engine: str, style: str) -> tuple[str, str]:
    """The skeleton's text and the name of its class."""
    chosen = _torch_like() if style == "torch-like" else _functional(engine)
    name = "".join(word.capitalize() for word in engine.replace(".", "_").split("_"))

    def phrase(key: str, text: str) -> str:
        in_force = key in (*_COMMON_OPS, *chosen.common)
        return f"{'' if in_force else '# '}{json.dumps(key)}: {json.dumps(text)},"

    loader = PackageLoader("conformance", "skeletons")
    environment = Environment(
        loader=loader, undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    template = environment.get_template(f"{style}.py.j2")
    text = template.render(
        engine=engine,
        path=path.as_posix(),
        class_name=name,
        ops=chosen.ops,
        actions=chosen.actions,
        phrase=phrase,
    )
    return text, name
