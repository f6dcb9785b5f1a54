"""What is wrong with an adapter's settings: its refusal, version, dtypes, slots and definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.adapter import Adapter
from conformance.custom import FUNCTIONS
from conformance.trace import told

from .diagnosis import Finding
from .kinds import described
from .reading import syntax_error

FALLBACKS: Mapping[str, Any] = {
    "refusal": "Exception",
    "version_phrase": "'unknown'",
    "empty_slot": "None",
    "dtypes": {},
    "discrete_dtypes": {},
    "max_ndim": None,
}
_TABLES_OF_DTYPES = ("dtypes", "discrete_dtypes")


def setting_findings(written: type[Adapter], bare: Adapter) -> Iterator[Finding]:
    """What is wrong with the settings that ``written`` adds to the ``bare`` adapter."""
    yield from _refusal(written.refusal, bare.namespace)
    yield from _version(written.version_phrase, bare.namespace)
    yield from _evaluated("empty_slot", written.empty_slot, bare.namespace)
    yield from _rank(written.max_ndim)
    yield from _dtypes(written, bare.namespace)
    yield from _definitions(written, bare.namespace)


def sound_dtypes(written: type[Adapter], bare: Adapter) -> dict[str, dict[str, str]]:
    """The dtypes that exist."""
    return {
        table: {
            name: text
            for name, text in getattr(written, table).items()
            if not list(_evaluated(name, text, bare.namespace))
        }
        for table in _TABLES_OF_DTYPES
    }


def sound_definitions(written: type[Adapter], namespace: Mapping[str, Any]) -> dict[str, str]:
    """The definitions that run."""
    return {
        name: text
        for name, text in written.definitions.items()
        if not list(_definition(name, text, namespace))
    }


def _definitions(written: type[Adapter], namespace: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with the definitions that some phrase needs, one finding for each cause."""
    causes: dict[tuple[str, str], list[str]] = {}
    for name, text in written.definitions.items():
        if _is_needed(name, written):
            for finding in _definition(name, text, namespace):
                causes.setdefault((finding.came, finding.mend), []).append(name)
    for (came, mend), names in causes.items():
        yield Finding("definitions", f"running the text of {', '.join(names)}", came, mend)


def _is_needed(name: str, written: type[Adapter]) -> bool:
    """Whether a phrase mentions the definition, or it is a custom function that can be said."""
    if name in FUNCTIONS:
        return "custom" in written.actions
    texts = [t for t in (*written.ops.values(), *written.actions.values()) if isinstance(t, str)]
    return any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts)


def _refusal(text: Any, namespace: Mapping[str, Any]) -> Iterator[Finding]:
    wrong = list(_evaluated("refusal", text, namespace))
    yield from wrong
    if wrong:
        return
    value = eval(text, dict(namespace))
    if not (isinstance(value, type) and issubclass(value, BaseException)):
        yield Finding(
            "refusal",
            text,
            f"it is {value!r}, not a class of exceptions",
            "name the class of what the engine raises when it refuses, such as 'RuntimeError'",
        )


def _version(text: Any, namespace: Mapping[str, Any]) -> Iterator[Finding]:
    wrong = list(_evaluated("version_phrase", text, namespace))
    yield from wrong
    if wrong:
        return
    value = eval(text, dict(namespace))
    if not isinstance(value, str | int | float | tuple):
        yield Finding(
            "version_phrase",
            text,
            f"it is {described(value)}, not a version",
            "write an expression for the engine's version, such as 'myengine.__version__'",
        )


def _rank(value: Any) -> Iterator[Finding]:
    if value is not None and (not isinstance(value, int) or value < 0):
        yield Finding(
            "max_ndim",
            repr(value),
            "it is no number of axes",
            "write the largest rank of a tensor, 0 for scalars, None where there is no limit",
        )


def _dtypes(written: type[Adapter], namespace: Mapping[str, Any]) -> Iterator[Finding]:
    if not written.dtypes:
        yield Finding(
            "dtypes",
            "{}",
            "there is no floating dtype, so nothing can be tried",
            "name at least one, such as {'float64': 'float'}",
        )
    for table in _TABLES_OF_DTYPES:
        for name, text in getattr(written, table).items():
            yield from _evaluated(f"{table}[{name!r}]", text, namespace)


def _evaluated(what: str, text: Any, namespace: Mapping[str, Any]) -> Iterator[Finding]:
    """The finding of an expression that does not evaluate."""
    if not isinstance(text, str):
        yield Finding(what, repr(text), "it is not text", "write it as text: an expression")
        return
    try:
        eval(text, dict(namespace))
    except SyntaxError as error:
        yield Finding(what, text, syntax_error(error), "mend the expression")
    except Exception as error:
        yield Finding(
            what,
            text,
            f"it raises {told(error)}",
            "write an expression that the engine knows, or leave the entry out",
        )


def _definition(name: str, text: Any, namespace: Mapping[str, Any]) -> Iterator[Finding]:
    scope, tried = dict(namespace), f"running the text of {name}"
    try:
        exec(text, scope)
    except SyntaxError as error:
        mend = "mend the Python of the definition"
        yield Finding("definitions", tried, syntax_error(error), mend)
    except Exception as error:
        mend = "mend the text, or leave it out if the engine has no such thing"
        yield Finding("definitions", tried, f"it raises {told(error)}", mend)
    else:
        if name not in scope:
            came = f"it makes nothing of the name {name}"
            yield Finding("definitions", tried, came, f"let the text define `{name}`")
