"""The bytes that examples are decoded from: drawn evenly, and shrunk once they show something.

Every string of bytes stands for an example, so nothing has to steer the draw, and an example costs
what the engine and the oracle cost. What diverges is handed to Hypothesis, which shrinks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.database import ExampleDatabase, choices_to_bytes

_KEY = b"found"
_SHRINKING = settings(
    max_examples=10_000,
    phases=(Phase.reuse, Phase.shrink),
    derandomize=True,
    deadline=None,
)


def drawn(width: int, count: int, seed: int) -> Iterator[bytes]:
    """At most ``count`` different strings of ``width`` bytes, the one of zeros first.

    One seed gives one sequence; there are fewer where the width allows no more.
    """
    random = Random(seed)
    seen: set[bytes] = set()
    data = bytes(width)
    while len(seen) < min(count, 256**width):
        if data not in seen:
            seen.add(data)
            yield data
        data = random.randbytes(width)


def shrink(diverges: Callable[[bytes], bool], data: bytes) -> bytes:
    """The simplest bytes that Hypothesis finds to diverge, starting from some that do.

    Raises:
        hypothesis.errors.NoSuchExample: ``data`` no longer diverge.
    """
    return find(
        st.binary(min_size=len(data), max_size=len(data)),
        diverges,
        settings=settings(_SHRINKING, database=_Found(data)),
        database_key=_KEY,
    )


class _Found(ExampleDatabase):
    """A database that knows one example, which nobody has shrunk yet."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._entry = choices_to_bytes((data,))

    def fetch(self, key: bytes) -> Iterator[bytes]:
        if key == _KEY + b".secondary":  # examples under the key itself count as shrunk
            yield self._entry

    def save(self, key: bytes, value: bytes) -> None:
        """Keep nothing: the session holds on to the simplest example."""

    def delete(self, key: bytes, value: bytes) -> None:
        """Forget nothing."""
