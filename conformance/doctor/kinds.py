"""What a phrase gave, against the kind of thing it should give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .diagnosis import Finding


class Faulty(Exception):  # noqa: N818
    """A phrase is wrong; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.came)
        self.finding = finding


class Doubtful(Exception):  # noqa: N818
    """A phrase or the engine is wrong; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.came)
        self.finding = finding


class Blocked(Exception):  # noqa: N818
    """A phrase cannot be tried; the text says why."""


NUMERIC = (bool, int, float, np.generic, np.ndarray)

Wrong = Callable[[str, str], Faulty]
"""Makes the exception of what came and the mend."""


def described(value: Any) -> str:
    """A value in a few words: its type, and its shape or length where it has one."""
    if value is None:
        return "None"
    if _is_uncalled(value):
        return f"the {'class' if isinstance(value, type) else 'function'} `{value.__name__}`"
    if isinstance(value, bool | int | float | str):
        return f"the {type(value).__name__} {value!r}"
    if isinstance(value, np.ndarray):
        return f"a NumPy array of {value.dtype} and shape {value.shape}"
    kind = type(value).__name__
    return f"a {kind} of {len(value)}" if isinstance(value, tuple | list) else f"a {kind}"


def _is_uncalled(value: Any) -> bool:
    """Whether parentheses seem to be missing behind it."""
    return callable(value) and hasattr(value, "__name__")


def mend_for(value: Any, wanted: str) -> str:
    """What to do where ``value`` came and something else was wanted."""
    if value is None:
        return f"write an expression whose value is {wanted}, not a statement"
    if _is_uncalled(value):
        return "call it: put parentheses behind it"
    return f"let the phrase give {wanted}"


def flag(value: Any, wrong: Wrong) -> bool:
    """A boolean."""
    if not isinstance(value, bool | np.bool_):
        raise wrong(f"{described(value)}, not a boolean", mend_for(value, "True or False"))
    return bool(value)


def number(value: Any, wrong: Wrong) -> float:
    """A Python number, or what converts to one."""
    if isinstance(value, bool | str):
        raise wrong(f"{described(value)}, not a number", mend_for(value, "a number"))
    try:
        return float(value)
    except Exception:
        raise wrong(
            f"{described(value)}, not a number", mend_for(value, "a Python number")
        ) from None


def array(value: Any, wrong: Wrong) -> np.ndarray[Any, Any]:
    """A NumPy array of numbers or booleans; a plain number counts as one of no axes."""
    wanted = "a NumPy array of numbers"
    if not isinstance(value, NUMERIC):
        raise wrong(f"{described(value)}, not {wanted}", mend_for(value, wanted))
    made = np.asarray(value)
    if made.dtype.kind not in "fiub":
        raise wrong(f"{described(value)}, not {wanted}", mend_for(value, wanted))
    return made


def several(value: Any, count: int, what: str, wrong: Wrong) -> list[Any]:
    """A list or tuple of ``count``."""
    if not isinstance(value, tuple | list) or len(value) != count:
        wanted = f"a list or tuple of {count}: {what}"
        raise wrong(f"{described(value)}, not {wanted}", mend_for(value, wanted))
    return list(value)


def context(value: Any, wrong: Wrong) -> Any:
    """A context manager."""
    entered = hasattr(value, "__enter__") and hasattr(value, "__exit__")
    if isinstance(value, type) or not entered:
        wanted = "a context manager, as `with` takes it"
        raise wrong(f"{described(value)}, not {wanted}", mend_for(value, wanted))
    return value
