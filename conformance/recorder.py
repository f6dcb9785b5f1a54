"""The example that a process was busy with, kept where the process's death cannot take it."""

from __future__ import annotations

import json
import mmap
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_SIZE = 1 << 16
_HEAD = struct.Struct("<I")
_MARK = struct.Struct("<dI")
_MARK_AT = 1024
_DATA_AT = _MARK_AT + _MARK.size
_END_AT = _SIZE - 8192


@dataclass(frozen=True, slots=True)
class Begun:
    """An example that began: its behavior and dtype, its bytes, and when, in seconds of the epoch.

    ``data`` is None where no example began yet; ``end`` is the error for which the process ended
    itself, and empty where it did not.
    """

    behavior: str
    dtype: str
    data: bytes | None
    at: float
    end: str = ""


class Recorder:
    """Notes each example in a memory-mapped file before it runs.

    What is written there outlives a process that is killed, and costs no system call.

    Args:
        path: the file, which is made anew.
    """

    def __init__(self, path: Path) -> None:
        with path.open("w+b") as file:
            file.truncate(_SIZE)
            self._page = mmap.mmap(file.fileno(), _SIZE)

    def noting(self, behavior: str, dtype: str) -> Callable[[bytes], None]:
        """What notes the examples of one behavior in one dtype."""
        head = json.dumps([behavior, dtype]).encode()
        page = self._page
        _MARK.pack_into(page, _MARK_AT, time.time(), _SIZE)
        _HEAD.pack_into(page, 0, len(head))
        page[_HEAD.size : _HEAD.size + len(head)] = head

        def note(data: bytes) -> None:
            page[_DATA_AT : _DATA_AT + len(data)] = data
            _MARK.pack_into(page, _MARK_AT, time.time(), len(data))

        return note

    def note_end(self, error: str) -> None:
        """Note the error, told in at most some hundred words, for which the process ends itself."""
        told = error.encode()[: _SIZE - _END_AT - _HEAD.size]
        self._page[_END_AT + _HEAD.size : _END_AT + _HEAD.size + len(told)] = told
        _HEAD.pack_into(self._page, _END_AT, len(told))


def last_begun(path: Path) -> Begun | None:
    """The last example that a recorder noted; None if it noted none, or there is no such file."""
    try:
        page = path.read_bytes()
    except OSError:
        return None
    (length,) = _HEAD.unpack_from(page, 0) if len(page) == _SIZE else (0,)
    if not length:
        return None
    behavior, dtype = json.loads(page[_HEAD.size : _HEAD.size + length])
    at, size = _MARK.unpack_from(page, _MARK_AT)
    data = None if size >= _SIZE else page[_DATA_AT : _DATA_AT + size]
    (said,) = _HEAD.unpack_from(page, _END_AT)
    end = page[_END_AT + _HEAD.size : _END_AT + _HEAD.size + said].decode(errors="replace")
    return Begun(behavior, dtype, data, at, end)
