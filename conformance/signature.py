"""How a behavior fails, as a short text that stays the same from run to run and machine to machine.

It names the kind of divergence and what was compared, and no number, address or exception's text.
"""

from __future__ import annotations

import re

from conformance.trace import Divergence

__all__ = ["OUT_OF_MEMORY", "of_divergence", "of_error"]

_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|inf)\b\.?", re.I
)
_NUMBERS = re.compile(r"\[[\s\[\](),#…]*\]|\([\s(),#]*#[\s(),#]*\)")
_REMARK = re.compile(r" \(.*\)$")


def of_divergence(divergence: Divergence) -> str:
    """The signature of a divergence."""
    text = divergence.kind or _REMARK.sub("", " ".join(divergence.message.split()))
    text = _NUMBERS.sub("#", _NUMBER.sub("#", text))
    return text if divergence.check is None else f"{text}; compared: {divergence.check.observed}"


def of_error(error: BaseException) -> str:
    """The signature of a try that something else than a divergence ended."""
    return f"error: {type(error).__name__}"


OUT_OF_MEMORY = of_error(MemoryError())
