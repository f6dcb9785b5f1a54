"""From a divergence and its session to everything a report shows of it."""

from __future__ import annotations

from conformance.results import Failure
from conformance.session import Session
from conformance.trace import Divergence


def describe(session, divergence, behavior_id, dtype, seed) -> Failure:
    prog = "\n".join(f"{[r and r.index for r in i.results]} = {i.name} {[getattr(a,'index',a) if not isinstance(a,list) else [getattr(b,'index',b) for b in a] for a in i.arguments]}" for i in session.trace)
    return Failure(divergence.message, divergence.expected, divergence.actual, prog, (), (), "", False, "")
