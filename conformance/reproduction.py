"""Reproductions: a script for a divergence, and whether it fails as described when it is run."""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np

from conformance.behavior import Behavior
from conformance.frame import check_frame
from conformance.modes import Modes
from conformance.script import write_script
from conformance.session import Session
from conformance.timeout import time_limit
from conformance.trace import Divergence, printable

_SECONDS = 20.0
_FILE = "<reproduction>"


def reproduction(session: Session, divergence: Divergence, behavior: Behavior) -> tuple[str, bool]:
    """A standalone script, short if a short one fails as described, and whether it does."""
    shown = with_check(session, divergence)
    script = ""
    for brevity in (2, 1, 0):
        try:
            script = write_script(session.adapter, session.trace, shown, behavior, brevity=brevity)
        except Exception:
            continue
        if fails_as_described(script, shown, session):
            return script, True
    return script, False


def with_check(session: Session, divergence: Divergence) -> Divergence:
    """The divergence; if it names nothing that a script can look at, whatever else is wrong."""
    if divergence.check is not None or divergence.actual != "it does not hold":
        return divergence
    try:
        check_frame(session)
    except Divergence as other:
        return other
    except Exception:
        return divergence
    return divergence


def fails_as_described(script: str, divergence: Divergence, session: Session) -> bool:
    """Whether running the script, at its end, raises what the divergence says.

    It runs in this process, which is left as it was: nothing is printed, and grad modes, warnings
    and NumPy's way with errors are restored.
    """
    modes = Modes(session.adapter)
    quiet = io.StringIO()
    try:
        code = compile(script, _FILE, "exec")
        with (
            contextlib.redirect_stdout(quiet),
            contextlib.redirect_stderr(quiet),
            warnings.catch_warnings(),
            np.errstate(),
            time_limit(_SECONDS),
        ):
            warnings.simplefilter("ignore")
            exec(code, {"__name__": "__main__"})
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return _is_described(error, script, divergence)
    finally:
        modes.restore()
    return False


def _is_described(error: BaseException, script: str, divergence: Divergence) -> bool:
    """Whether an error is the one to be shown, and came from where the script says so."""
    lines = script.splitlines()
    remarks = [at for at, line in enumerate(lines, 1) if line.strip().startswith("# expected ")]
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename != _FILE:
        traceback = traceback.tb_next
    if traceback is None or not remarks or traceback.tb_lineno <= remarks[-1]:
        return False
    name, actual = printable(type(error).__name__), divergence.actual
    if actual == name or actual.startswith(f"{name}:"):
        return True
    asserts = divergence.check is not None or actual == "no error"
    return asserts and isinstance(error, AssertionError)
