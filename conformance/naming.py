"""Names and literals for people: short, stable, and valid Python."""

from __future__ import annotations

from string import ascii_lowercase

from conformance.kernels import Array


class _Letters:
    """a, b, c, … z, a1, b1, …"""

    def __getitem__(self, position: int) -> str:
        round_, letter = divmod(position, len(ascii_lowercase))
        return ascii_lowercase[letter] + (str(round_) if round_ else "")


LETTERS = _Letters()


def literal(array: Array) -> str:
    """The array as nested lists, or as a NumPy call where lists cannot tell its shape."""
    if array.size == 0:
        return f"np.zeros({array.shape})"
    return repr(array.tolist())
