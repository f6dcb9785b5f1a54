"""What a run finds out: one frozen result for each behavior and dtype, and the facts of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Verdict(str, Enum):
    """The outcome of one behavior in one dtype; the values are those of the JSON report."""

    PASS = "pass"
    FAIL = "fail"
    UNSUPPORTED = "unsupported"
    BLOCKED = "blocked"
    ERROR = "error"
    CRASH = "crash"
    TIMEOUT = "timeout"
    EXPECTED_FAILURE = "expected_failure"
    UNEXPECTED_PASS = "unexpected_pass"

    @property
    def breaks_the_gate(self) -> bool:
        """Whether a run that holds this verdict exits with status 1."""
        return self in _GATE_BREAKERS


_GATE_BREAKERS = {
    Verdict.FAIL,
    Verdict.ERROR,
    Verdict.CRASH,
    Verdict.TIMEOUT,
    Verdict.UNEXPECTED_PASS,
}


@dataclass(frozen=True, slots=True)
class Node:
    """A tensor of a failing program; ``kind`` is leaf, constant, result or root."""

    id: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A divergence after shrinking: what was expected, what came, and how to see it again.

    ``repro`` is a standalone script in the engine's own API; ``verified`` says that it was run and
    failed as described. ``edges`` are pairs of node ids, operand first. ``first_wrong`` is the step
    after which something was wrong first, and what.
    """

    message: str
    expected: str
    actual: str
    program: str
    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]
    repro: str
    verified: bool
    replay: str
    first_wrong: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict on one behavior in one dtype.

    ``reason`` explains every verdict but ``pass``: the missing capability, the broken behavior that
    blocks this one, the error's text, or the expectation's reason. ``seconds`` is wall time.
    ``signature`` says how a failure fails; ``witness`` is the example that shows it, in hex.
    ``operations`` are those that a behavior of single operations is broken for.
    ``memory_growth_mib`` is by how much the process's resident memory grew, in MiB, over the
    examples; None, and no key of JSON, where it was not measured.
    """

    behavior: str
    level: str
    area: str
    dtype: str
    verdict: Verdict
    examples: int
    seconds: float
    statement: str
    sources: tuple[tuple[str, str], ...]
    reason: str = ""
    failure: Failure | None = None
    signature: str = ""
    witness: str | None = None
    operations: tuple[str, ...] = ()
    memory_growth_mib: float | None = None

    def to_json(self) -> dict[str, Any]:
        """This result as plain JSON data."""
        data = asdict(self) | {"verdict": self.verdict.value}
        if self.memory_growth_mib is None:
            del data["memory_growth_mib"]
        return data

    def properties(self) -> list[tuple[str, str]]:
        """The properties of this result's test case in a JUnit file; each source is one."""
        names = ("behavior", "level", "area", "dtype")
        return [
            *((name, getattr(self, name)) for name in names),
            ("verdict", self.verdict.value),
            *(("source", f"{title}: {url}") for title, url in self.sources),
        ]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        """The result that :meth:`to_json` wrote."""
        failure = data["failure"]
        return cls(
            **{key: data[key] for key in _PLAIN},
            verdict=Verdict(data["verdict"]),
            signature=data.get("signature", ""),
            witness=data.get("witness"),
            operations=tuple(data.get("operations", ())),
            memory_growth_mib=data.get("memory_growth_mib"),
            sources=tuple((title, url) for title, url in data["sources"]),
            failure=None
            if failure is None
            else Failure(
                **{
                    **failure,
                    "nodes": tuple(Node(**node) for node in failure["nodes"]),
                    "edges": tuple((start, end) for start, end in failure["edges"]),
                }
            ),
        )


_PLAIN = (
    "behavior",
    "level",
    "area",
    "dtype",
    "examples",
    "seconds",
    "statement",
    "reason",
)


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The facts of one run; ``complete`` is false when it was cut or behaviors deselected.

    ``catalogue`` and ``expectations`` are digests of what was tried and of what was known to fail,
    ``command`` makes the run again, and ``suite`` is the version of the suite that made it.
    """

    adapter: str
    engine_version: str
    device: str
    dtypes: tuple[str, ...]
    level: str
    profile: str
    seed: int
    python: str
    platform: str
    started: str
    seconds: float
    complete: bool
    catalogue: str = ""
    expectations: str = ""
    command: str = ""
    suite: str = ""

    def to_json(self) -> dict[str, Any]:
        """These facts as plain JSON data."""
        return asdict(self)
