"""What defects remember of single tensors, for as long as those live."""

from __future__ import annotations

import weakref
from typing import Any

from .defect import Plant, method


class Marks:
    """A memory by object: tensors compare element by element, so they cannot be keys."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Any], Any]] = {}

    def put(self, tensor: Any, mark: Any = True) -> None:
        """Remember ``mark`` of a tensor."""
        self._known[id(tensor)] = (weakref.ref(tensor), mark)

    def get(self, tensor: Any) -> Any:
        """The tensor's mark, None if it has none."""
        reference, mark = self._known.get(id(tensor), (None, None))
        return mark if reference is not None and reference() is tensor else None


def marking_frozen(marks: Marks) -> Plant:
    """An engine that remembers in ``marks`` which tensors' tracking was switched off."""

    def requires_grad(real: Any) -> Any:
        def assign(tensor: Any, value: Any) -> None:
            marks.put(tensor, True if tensor.flag and value is False else None)
            real.fset(tensor, value)

        return property(real.fget, assign)

    return method("requires_grad", requires_grad)
