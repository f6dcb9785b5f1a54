"""Names and literals for people: short, stable, and valid Python."""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Collection
from string import ascii_lowercase
from typing import Any

import numpy as np


class _Letters:
    """a, b, c, … z, a1, b1, …"""

    def __getitem__(self, position: int) -> str:
        round_, letter = divmod(position, len(ascii_lowercase))
        return ascii_lowercase[letter] + (str(round_) if round_ else "")


LETTERS = _Letters()
_RESERVED = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "np", "suppress"})


class Names:
    """Hands out names that shadow neither Python's own nor those that are ``taken``."""

    def __init__(self, taken: Collection[str] = ()) -> None:
        self._taken = _RESERVED | set(taken)
        self._position = 0

    def letter(self) -> str:
        """The next letter that is free."""
        while True:
            name = LETTERS[self._position]
            self._position += 1
            if name not in self._taken:
                return name

    def free(self, name: str) -> str:
        """The name, with underscores behind it if it is taken."""
        while name in self._taken:
            name += "_"
        return name


def literal(value: Any) -> str:
    """The source text of numbers, strings, and arrays, tuples, lists and slices of them."""
    if isinstance(value, np.ndarray):
        plain = value.size or value.ndim == 1
        return literal(value.tolist()) if plain else f"np.zeros({value.shape})"
    if isinstance(value, np.generic):
        return literal(value.item())
    if isinstance(value, float) and (value != value or value in (np.inf, -np.inf)):
        return "np.nan" if value != value else ("np.inf" if value > 0 else "-np.inf")
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def tidy(text: str) -> str:
    """The same Python as a person would write it: ``a[:1]`` for ``a[slice(None, 1, None)]``."""
    return ast.unparse(ast.fix_missing_locations(_Tidy().visit(ast.parse(text))))


class _Tidy(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Call(ast.Name("float"), [ast.Constant(float() as number)], []):
                return ast.Constant(number)
            case ast.Call(ast.Name("float"), [ast.UnaryOp(ast.USub(), ast.Constant(float()))], []):
                return node.args[0]
            case ast.Call(ast.Name("list"), [ast.Tuple(items)], []):
                return ast.List(items, ast.Load())
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.slice, ast.Tuple) and node.slice.elts:
            items = [_as_slice(item) for item in node.slice.elts]
            node.slice = items[0] if len(items) == 1 else ast.Tuple(items, ast.Load())
        else:
            node.slice = _as_slice(node.slice)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.UnaryOp(ast.Not(), ast.Compare(left, [ast.IsNot()], [right])):
                return ast.Compare(left, [ast.Is()], [right])
        return node


def _as_slice(index: ast.expr) -> ast.expr:
    match index:
        case ast.Call(ast.Name("slice"), [start, stop, step], []):
            parts = [None if _is_none(part) else part for part in (start, stop, step)]
            return ast.Slice(*parts)
        case ast.Constant(value) if value is Ellipsis:
            return index
        case ast.Name("Ellipsis"):
            return ast.Constant(...)
    return index


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
