"""What defects remember of single tensors, for as long as those live."""

from __future__ import annotations

import weakref
from typing import Any


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
