"""What keeps the misfortunes of one behavior from those tried after it in the same worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from conformance.recorder import Recorder
from conformance.timeout import lethal_limit
from conformance.trace import told

__all__ = ["confined"]

_STATUS = 70


def confined(recorder: Recorder) -> Callable[[float], AbstractContextManager[None]]:
    """The limit of a worker: as :func:`~conformance.timeout.lethal_limit`, and of its memory too.

    A worker without memory ends, and says so in its record: what the engine keeps would fail
    whatever is tried next. Another worker goes on.
    """

    @contextmanager
    def limit(seconds: float) -> Iterator[None]:
        with lethal_limit(seconds):
            try:
                yield
            except MemoryError as error:
                recorder.note_end(told(error))
                os._exit(_STATUS)

    return limit
