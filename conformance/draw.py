"""Draws: everything an example needs, decoded from one string of bytes.

One large draw is many times faster than many small ones, and shrinks well as long as decoders are
monotone: byte 0 is the simplest choice, each part reads its own fixed stretch of bytes, and what
lies beyond the end reads as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class ByteSource:
    """Reads choices off a stretch of bytes."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def byte(self) -> int:
        """The next byte, 0 beyond the end."""
        at = self.position
        self.position = at + 1
        return self.data[at] if at < len(self.data) else 0

    def take(self, count: int) -> ByteSource:
        """A source of its own over the next ``count`` bytes."""
        start = self.position
        self.position = start + count
        return ByteSource(self.data[start : start + count])

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound`` - 1."""
        return self.byte() % bound

    def choose(self, options: Sequence[T]) -> T:
        """One of the options; earlier ones are simpler."""
        return options[self.byte() % len(options)]

    def flag(self, one_in: int) -> bool:
        """True about once in ``one_in`` times."""
        return self.byte() % one_in == one_in - 1


@dataclass(frozen=True, slots=True)
class Scope:
    """What the drawn values are for: the engine's operations and ranks, and the dtype.

    ``untracked`` says whether leaves may be kept out of differentiation, and ``cotangents``
    whether a backward pass may start from anything else than ones.
    """

    ops: frozenset[str]
    max_ndim: int
    dtype: str
    untracked: bool = True
    cotangents: bool = True


@dataclass(frozen=True, slots=True)
class Draw(Generic[T]):
    """A decoder and the number of bytes it reads."""

    width: int
    decode: Callable[[ByteSource, Scope], T]


def integers(low: int, high: int) -> Draw[int]:
    """Integers from ``low``, the simplest, to ``high`` inclusive; at most 256 of them."""
    return Draw(1, lambda source, scope: low + source.below(high - low + 1))


def booleans() -> Draw[bool]:
    """False or True."""
    return Draw(1, lambda source, scope: bool(source.byte() & 1))


def sampled(*options: T) -> Draw[T]:
    """One of the options."""
    return Draw(1, lambda source, scope: source.choose(options))


def tuples(*draws: Draw[Any]) -> Draw[tuple[Any, ...]]:
    """One value of each draw."""
    return Draw(
        sum(draw.width for draw in draws),
        lambda source, scope: tuple(draw.decode(source.take(draw.width), scope) for draw in draws),
    )


def lists(draw: Draw[T], low: int, high: int) -> Draw[list[T]]:
    """Lists of ``low`` to ``high`` values."""

    def decode(source: ByteSource, scope: Scope) -> list[T]:
        count = low + source.below(high - low + 1)
        return [draw.decode(source.take(draw.width), scope) for _ in range(count)]

    return Draw(1 + high * draw.width, decode)


def raw(width: int) -> Draw[ByteSource]:
    """A source of ``width`` bytes, for behaviors that decide as they go."""
    return Draw(width, lambda source, scope: source)


def total_width(given: Mapping[str, Draw[Any]]) -> int:
    """The number of bytes that one example of ``given`` reads."""
    return sum(draw.width for draw in given.values())


def decode_all(given: Mapping[str, Draw[Any]], data: bytes, scope: Scope) -> dict[str, Any]:
    """A value for each name, each decoded from its own stretch of ``data``."""
    values, start = {}, 0
    for name, draw in given.items():
        stretch = data[start : start + draw.width]
        values[name] = draw.decode(ByteSource(stretch), scope)
        start += draw.width
    return values
