"""The examination: load what can be loaded, try every phrase, say what is absent."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping

from conformance.adapter import Adapter
from conformance.phrase import mentions
from conformance.vocabulary import ACTIONS, IN_PLACE, sayable

from . import actions, operations, passing, transforms
from .admission import Admitted, admit
from .bench import Bench
from .diagnosis import Diagnosis, Finding, Untried
from .kinds import Blocked, Doubtful, Faulty
from .needs import absent

Probe = Callable[[Bench, str], None]
_PROBES: Mapping[str, Probe] = {**actions.PROBES, **passing.PROBES, **transforms.PROBES}
_FIRST = ("tensor", "value", "mul", "requires_grad", "backward", "backward_keeping_graph")


def diagnose(name: str, device: str = "cpu") -> Diagnosis:
    """Try each phrase of an adapter with a tiny call.

    Args:
        name: as ``--adapter`` takes it.
        device: as the engine names it.

    Raises:
        UnusableError: the adapter cannot be loaded at all.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _examined(admit(name, device), name)


def _examined(admitted: Admitted, name: str) -> Diagnosis:
    """The diagnosis of an adapter that was admitted under a name."""
    adapter = admitted.adapter
    broken = {finding.phrase for finding in admitted.findings}
    bench = Bench(adapter, broken)
    lost = _in_need_of(admitted.lost, adapter)
    findings, doubts, fine, untried = list(admitted.findings), [], [], []
    for phrase in _in_order(p for p in _sayings(adapter, admitted.phrases) if p not in broken):
        outcome = lost.get(phrase) or _outcome(bench, phrase)
        if outcome is None:
            fine.append(phrase)
        elif isinstance(outcome, Untried):
            untried.append(outcome)
        elif isinstance(outcome, Doubtful):
            doubts.append(outcome.finding)
        else:
            findings.append(outcome.finding)
            bench.broken.add(phrase)
    return Diagnosis(
        adapter=name,
        engine=adapter.name,
        engine_version=adapter.engine_version,
        device=adapter.device,
        findings=tuple(_once(findings)),
        doubts=tuple(doubts),
        fine=tuple(fine),
        untried=tuple(untried),
        absent=absent(adapter, admitted.phrases),
    )


def _in_need_of(lost: Iterable[str], adapter: Adapter) -> dict[str, Untried]:
    """The phrases that mention a definition which does not run."""
    return {
        phrase: Untried(phrase, f"needs the definition of `{name}`, which does not run")
        for phrase, text in {**adapter.ops, **adapter.actions}.items()
        for name in lost
        if mentions(text, name)
    }


def _sayings(adapter: Adapter, written: Iterable[str]) -> list[str]:
    """The phrases that were written, and those that follow from them."""
    followed = [p for p in ("plain_tensor", "negated") if adapter.can(p)]
    return list(dict.fromkeys([*written, *followed]))


def _in_order(phrases: Iterable[str]) -> list[str]:
    """What others need comes first."""
    order: dict[str, int] = {}
    for place, name in enumerate((*_FIRST, *sayable())):
        order.setdefault(name, place)
    return sorted(phrases, key=order.__getitem__)


def _outcome(bench: Bench, phrase: str) -> Faulty | Doubtful | Untried | None:
    """How the trial of a phrase ended; None where it works."""
    try:
        _probe(phrase)(bench, phrase)
    except Blocked as reason:
        return Untried(phrase, str(reason))
    except Doubtful as doubt:
        return doubt
    except Faulty as fault:
        if fault.finding.phrase != phrase and fault.finding.phrase in bench.broken:
            return Untried(phrase, f"needs `{fault.finding.phrase}`, which does not work")
        return fault
    return None


def _probe(phrase: str) -> Probe:
    if phrase in ACTIONS:
        return _PROBES[phrase]
    return operations.try_write if phrase in IN_PLACE else operations.try_operation


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, each once: several phrases can stumble over the same."""
    return list(dict.fromkeys(findings))
