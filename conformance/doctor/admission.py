"""Loading an adapter that may be wrong: what is broken is noted and left out, the rest is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from traceback import extract_tb
from typing import Any

from conformance.adapter import Adapter, UnusableError
from conformance.finding import find_adapter
from conformance.trace import told
from conformance.vocabulary import is_known

from .diagnosis import Finding
from .reading import table_findings, text_findings
from .settings import FALLBACKS, setting_findings, sound_definitions, sound_dtypes


@dataclass(frozen=True, slots=True)
class Admitted:
    """An adapter that can be tried, and what had to be left out of it.

    Attributes:
        adapter: what is sound of it.
        findings: what is not.
        phrases: every known name that the author wrote a phrase for, broken ones too.
        lost: definitions that do not run.
    """

    adapter: Adapter
    findings: tuple[Finding, ...]
    phrases: tuple[str, ...]
    lost: tuple[str, ...]


def admit(name: str, device: str) -> Admitted:
    """Load what can be loaded of an adapter.

    Raises:
        UnusableError: there is no such adapter, its module or ``setup`` fails, or the device is
            absent.
    """
    written = _class_of(name)
    bare = _made(name, _with(written, **FALLBACKS, ops={}, actions={}, definitions={}), device)
    tables = {"ops": dict(written.ops), "actions": dict(written.actions)}
    known = {t: {n: text for n, text in p.items() if is_known(n)} for t, p in tables.items()}
    definitions = sound_definitions(written, bare.namespace)
    findings = [*table_findings(tables), *setting_findings(written, bare)]
    for phrases in known.values():
        for phrase, text in list(phrases.items()):
            wrong = list(text_findings(phrase, text, bare.namespace, written.definitions))
            findings += wrong
            if wrong:
                del phrases[phrase]
    kept = _with(written, **_sound_settings(written, bare), **known, definitions=definitions)
    said = dict.fromkeys(n for table in tables.values() for n in table if is_known(n))
    lost = tuple(name for name in written.definitions if name not in definitions)
    return Admitted(_made(name, kept, device), tuple(findings), tuple(said), lost)


def _class_of(name: str) -> type[Adapter]:
    try:
        written = find_adapter(name)
    except UnusableError:
        raise
    except (Exception, SystemExit) as error:
        raise UnusableError(f"adapter {name!r}: its module raises {_where(error)}") from error
    missing = [a for a in ("name", "setup", "ops", "actions") if not hasattr(written, a)]
    if missing:
        raise UnusableError(
            f"adapter {name!r}: the class {written.__name__} has no {', '.join(missing)}; "
            "start from TorchLike or FunctionalLike, or write them"
        )
    for table in ("ops", "actions", "definitions", "dtypes", "discrete_dtypes"):
        if not isinstance(getattr(written, table), Mapping):
            raise UnusableError(f"adapter {name!r}: `{table}` is no mapping of names to text")
    return written


def _made(name: str, adapter: type[Adapter], device: str) -> Adapter:
    try:
        made = adapter(device)
    except UnusableError:
        raise
    except (Exception, SystemExit) as error:
        raise UnusableError(
            f"adapter {name!r}: `setup` or the making of the adapter raises {_where(error)}"
        ) from error
    made.spoken_name = name
    return made


def _where(error: BaseException) -> str:
    frame = extract_tb(error.__traceback__)[-1]
    return f"{told(error)} ({frame.filename}, line {frame.lineno})"


def _with(written: type[Adapter], **attributes: Any) -> type[Adapter]:
    """The adapter's class with other tables and settings."""
    return type(written.__name__, (written,), {"__module__": written.__module__, **attributes})


def _sound_settings(written: type[Adapter], bare: Adapter) -> dict[str, Any]:
    broken = {finding.phrase for finding in setting_findings(written, bare)}
    fallen = {name: value for name, value in FALLBACKS.items() if name in broken}
    return {**fallen, **sound_dtypes(written, bare)}
