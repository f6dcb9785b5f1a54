"""Whether operations are recorded: a flag of the running thread, and the contexts that switch it.

https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any


class _State(threading.local):
    """What a thread starts with: recording on."""

    recording: bool = True


_state = _State()


def is_grad_enabled() -> bool:
    """Whether operations of this thread are recorded now."""
    return _state.recording


def switch(recording: bool) -> bool:
    """Set the flag of this thread and return what it was."""
    before = _state.recording
    _state.recording = recording
    return before


class GradMode:
    """A context that holds the flag at ``recording`` and restores what it found.

    As a decorator it applies to each call, and to a generator's body only while that body runs.
    """

    __slots__ = ("_before", "recording")

    def __init__(self, recording: bool) -> None:
        self.recording = recording
        self._before: bool | None = None

    def __enter__(self) -> None:
        self._before = switch(self.recording)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        switch(bool(self._before))

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return _decorated(function, self.recording)


def _decorated(function: Callable[..., Any], recording: bool) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            return (yield from _held_while_running(function(*args, **kwargs), recording))

        return generator

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with GradMode(recording):
            return function(*args, **kwargs)

    return call


def _held_while_running(
    body: Generator[Any, Any, Any], recording: bool
) -> Generator[Any, Any, Any]:
    """Step ``body`` with the flag held, giving the caller's flag back at each suspension."""
    step: Callable[[], Any] = functools.partial(next, body)
    while True:
        try:
            with GradMode(recording):
                value = step()
        except StopIteration as stop:
            return stop.value
        try:
            sent = yield value
        except GeneratorExit:
            with GradMode(recording):
                body.close()
            raise
        except BaseException as error:
            step = functools.partial(body.throw, error)
        else:
            step = functools.partial(body.send, sent)


class no_grad(GradMode):  # noqa: N801 - spelled like the function it stands for
    """Recording off; ``@no_grad`` and ``@no_grad()`` decorate alike."""

    __slots__ = ()
    _recording = False

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        if function is not None:
            return _decorated(function, cls._recording)
        return super().__new__(cls)

    def __init__(self) -> None:
        super().__init__(self._recording)


class enable_grad(no_grad):  # noqa: N801
    """Recording on."""

    __slots__ = ()
    _recording = True


class set_grad_enabled(GradMode):  # noqa: N801
    """Recording on or off: at once, until the end of a ``with`` block, or in a decorated call."""

    __slots__ = ()

    def __init__(self, mode: bool) -> None:
        super().__init__(bool(mode))
        self._before = switch(self.recording)

    def __enter__(self) -> None:
        switch(self.recording)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        switch(bool(self._before))
        return super().__call__(function)
