"""Phrases: one line of an engine's own API, both executed and printed in reproductions.

A phrase is Python source over named slots. Because the text that runs is the text that is shown,
a reproduction cannot say anything else than what the suite did.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

_OPTIONAL: Mapping[str, str] = {
    "cotangent": "None",
    "cotangents": "None",
    "retain_graph": "None",
    "create_graph": "False",
    "inputs": "None",
    "allow_unused": "None",
    "materialize_grads": "False",
    "requires_grad": "False",
    "keepdim": "False",
    "device": "'cpu'",
}


def compile_phrase(
    text: str, slots: Sequence[str], namespace: dict[str, Any]
) -> Callable[..., Any]:
    """The function of ``slots`` that says ``text`` with the names of ``namespace``.

    Raises:
        SyntaxError: the text is neither an expression nor a statement of Python.
    """
    tree = ast.parse(text)
    body: list[ast.stmt] = list(tree.body)
    last = body[-1]
    if isinstance(last, ast.Expr):
        body[-1] = ast.Return(value=last.value)
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(arg=slot) for slot in slots],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    function = ast.parse("def phrase(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.args, function.body = arguments, body
    module = ast.fix_missing_locations(ast.Module(body=[function], type_ignores=[]))
    scope: dict[str, Any] = {}
    exec(compile(module, f"<phrase: {text}>", "exec"), namespace, scope)
    phrase: Callable[..., Any] = scope["phrase"]
    return phrase


@cache
def mentions(text: str, slot: str) -> bool:
    """Whether the phrase makes use of a slot."""
    return any(isinstance(node, ast.Name) and node.id == slot for node in ast.walk(ast.parse(text)))


def render(text: str, values: Mapping[str, str]) -> str:
    """The phrase with its slots filled by source text; arguments at their default are left out."""
    tree = _Fill(
        {name: ast.parse(source, mode="eval").body for name, source in values.items()}
    ).visit(ast.parse(text))
    return ast.unparse(ast.fix_missing_locations(tree))


class _Fill(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        keywords = [k for k in node.keywords if not self._is_default(k.value)]
        arguments = [spread for argument in node.args for spread in self._spread(argument)]
        while arguments and not keywords and self._is_default(arguments[-1]):
            arguments.pop()
        return self.generic_visit(ast.Call(func=node.func, args=arguments, keywords=keywords))

    def _spread(self, argument: ast.expr) -> list[ast.expr]:
        """The elements of a starred list, or the argument itself."""
        if isinstance(argument, ast.Starred) and isinstance(argument.value, ast.Name):
            value = self.values.get(argument.value.id)
            if isinstance(value, ast.List | ast.Tuple):
                return list(value.elts)
        return [argument]

    def _is_default(self, value: ast.expr) -> bool:
        if not isinstance(value, ast.Name) or value.id not in self.values:
            return False
        default = _OPTIONAL.get(value.id)
        return default is not None and ast.unparse(self.values[value.id]) == default
