"""What is wrong with a phrase before it is said: its syntax, its names, the slots it leaves out."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from conformance.vocabulary import OPTIONAL, is_known, sayable, slots

from .diagnosis import Finding

READING = "reading the adapter"


def table_findings(tables: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    """Keys that the suite does not know."""
    for table, phrases in tables.items():
        for name in phrases:
            if not is_known(name):
                yield Finding(
                    name,
                    READING,
                    f"`{table}` has a phrase for {name!r}, which the suite never says",
                    f"{_meant(name)}take it out, or use a name of conformance.vocabulary",
                )


def _meant(name: str) -> str:
    close = get_close_matches(name, sayable(), n=1)
    return f"perhaps {close[0]!r} is meant; " if close else ""


def text_findings(
    name: str, text: Any, namespace: Mapping[str, Any], definitions: Collection[str]
) -> Iterator[Finding]:
    """What the text of a phrase says of itself; nothing if it can be tried."""
    if not isinstance(text, str) or not text.strip():
        came = f"the phrase is {text!r}"
        yield Finding(name, READING, came, "write one line of Python, or leave the phrase out")
        return
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield Finding(name, text, syntax_error(error), "mend the Python of the phrase")
        return
    unknown = sorted(_free_names(tree) - {*slots(name), *namespace, *definitions, *dir(builtins)})
    for free in unknown:
        yield Finding(name, text, _unknown(name, free), _naming(name, free, namespace, definitions))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    left_out = [s for s in slots(name) if s not in used and s not in OPTIONAL.get(name, ())]
    if left_out and not unknown:
        yield Finding(
            name,
            text,
            f"the phrase makes no use of {_listed(left_out)}, without which it cannot be right",
            f"put {_listed(left_out)} where the engine takes it, or leave the phrase out",
        )


def syntax_error(error: SyntaxError) -> str:
    """What the parser said, where, and the line with a mark under the place."""
    at = f"line {error.lineno}, column {error.offset}"
    line = (error.text or "").rstrip("\n")
    mark = " " * max((error.offset or 1) - 1, 0) + "^"
    return f"it does not compile: {error.msg} ({at})\n{line}\n{mark}"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _unknown(name: str, free: str) -> str:
    own = ", ".join(slots(name)) or "none"
    return f"`{free}` is neither a slot of {name!r} (it has {own}) nor a name that `setup` makes"


def _naming(
    name: str, free: str, namespace: Mapping[str, Any], definitions: Collection[str]
) -> str:
    others = [n for n in (*slots(name), *namespace, *definitions) if not n.startswith("_")]
    close = get_close_matches(free, others, n=1)
    hint = f"perhaps `{close[0]}` is meant; " if close else ""
    return f"{hint}use the names of slots, or make `{free}` in `setup` or `definitions`"


def _free_names(tree: ast.AST) -> set[str]:
    """Names that are read and that the text itself does not make."""
    read: set[str] = set()
    made: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.alias):
            made.add((node.asname or node.name).partition(".")[0])
    return read - made
