"""A pretend suite, loaded with ``-p fakes``: an engine and behaviors whose verdicts are known.

The real specs and the runner are put aside, so that these tests say what the plugin does with a
verdict, whatever the real suite holds. A behavior's verdict is the first word of its name.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from conformance import adapter, catalogue, finding, runner
from conformance.behavior import Behavior, Level, doc
from conformance.results import Failure, Node, Result, Verdict

HERE = Path(__file__).parent
CHAPTER = "conformance.specs.accumulation"


def _behavior(name: str, level: Level = Level.CORE, **more: object) -> Behavior:
    return Behavior(
        id=f"accumulation.{name}",
        area="Accumulation",
        statement=f"The promise called {name} is kept.",
        level=level,
        sources=(doc("torch.Tensor.backward"),),
        given={},
        run=_behavior,
        module=CHAPTER,
        **more,
    )


BEHAVIORS = [
    _behavior("pass-late", requires=("accumulation.pass-basic",)),
    _behavior("pass-basic"),
    _behavior("pass-full", Level.FULL),
    _behavior("pass-double-only", Level.EXTENDED, dtypes=("float64",)),
    _behavior("pass-warning"),
    _behavior("pass-slow"),
    _behavior("fail-sum"),
    _behavior("unsupported-hooks"),
    _behavior("blocked-sum"),
    _behavior("error-odd"),
    _behavior("timeout-long"),
    _behavior("crash-hard"),
    _behavior("raise-bug"),
    _behavior("interrupt-now"),
]
_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_REASONS = {
    "unsupported": "needs hook",
    "blocked": "blocked by accumulation.sums",
    "error": "KeyError: 1",
}


class FakeRunner:
    """Gives each behavior the verdict that its name begins with."""

    def __init__(
        self, engine: object, *, profile: str, seed: int, expectations: object, **_: object
    ) -> None:
        self.engine, self.profile, self.seed, self.expectations = (
            engine,
            profile,
            seed,
            expectations,
        )

    def run(self, behavior: Behavior, dtype: str) -> Result:
        word = behavior.id.partition(".")[2].partition("-")[0]
        if word == "crash":
            os._exit(13)
        if word == "raise":
            raise RuntimeError("a bug of the suite")
        if word == "interrupt":
            raise KeyboardInterrupt
        if behavior.id.endswith("warning"):
            warnings.warn("from the engine", stacklevel=1)
        if behavior.id.endswith("slow"):
            time.sleep(0.05)
        verdict, reason = _VERDICTS[word], _REASONS.get(word, "")
        expected = self.expectations.match(behavior.id, dtype, self.engine.device)
        if expected is not None:
            reason = f"expected to fail: {expected}" if word == "pass" else str(expected)
            verdict = {
                Verdict.FAIL: Verdict.EXPECTED_FAILURE,
                Verdict.PASS: Verdict.UNEXPECTED_PASS,
            }.get(verdict, verdict)
        return Result(
            behavior=behavior.id,
            level=behavior.level.value,
            area=behavior.area,
            dtype=dtype,
            verdict=verdict,
            examples=self.seed % 1000,
            seconds=0.01,
            statement=behavior.statement,
            sources=tuple((source.title, source.url) for source in behavior.sources),
            reason=reason,
            failure=FAILURE if verdict in (Verdict.FAIL, Verdict.EXPECTED_FAILURE) else None,
        )


FAILURE = Failure(
    message="the second pass replaced the gradient",
    expected="[6.0, 10.0]",
    actual="[3.0, 5.0]",
    program="Program()",
    nodes=(Node("a", "a", "leaf"), Node("b", "b", "root")),
    edges=(("a", "b"),),
    repro="import engine\nassert engine.grad == 6",
    verified=True,
    replay="",
)


def _load_adapter(name: str, device: str) -> object:
    if name not in ("fake", "idle"):
        raise adapter.UnusableError(f"unknown adapter {name!r}; did you mean 'fake'?")
    if device not in ("cpu", "cuda:0"):
        raise adapter.UnusableError(f"adapter {name!r} has no device {device!r}")
    return SimpleNamespace(
        name=name,
        device=device,
        engine_version="1.2",
        dtypes={"float64": "f8", "float32": "f4", "float16": "f2"},
        default_dtypes=("float64", "float32"),
    )


def pretend(put: Callable[[object, str, object], None] = setattr) -> None:
    """Put the pretend suite in place of the real one."""
    wanted = os.environ.get("FAKE_BEHAVIORS", "pass fail unsupported blocked").split()
    kept = [b for b in BEHAVIORS if b.id.partition(".")[2].partition("-")[0] in wanted]
    put(catalogue, "load_specs", lambda: {behavior.id: behavior for behavior in kept})
    put(finding, "load_adapter", _load_adapter)
    put(runner, "Runner", FakeRunner)


def pytest_addoption() -> None:
    """As a plugin of a process of its own, take over at once."""
    pretend()
