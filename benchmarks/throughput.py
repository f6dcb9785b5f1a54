"""Examples per second of the suite, and the cost of one gradient check, beside their peers.

Run as ``python -m benchmarks.throughput [--json] [--profile quick|default|deep]``. The machine may
be shared: everything is measured in one process, in turns, and only ratios mean anything.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import time
import warnings
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table

from conformance.adapter import Adapter
from conformance.catalogue import load_specs
from conformance.draw import ByteSource
from conformance.expectations import Expectations
from conformance.finding import load_adapter
from conformance.functional import Raw
from conformance.judge import judge
from conformance.program import Program
from conformance.results import Verdict
from conformance.runner import PROFILES, Runner
from conformance.session import Session
from conformance.strategies import smooth_scalar_programs
from conformance.truth import gradients
from conformance.trying import scope_of

FLOOR_EXAMPLES = 1000
PROGRAMS = 60
ELEMENTS = 12
ROUNDS = 5
CHECKS = 21


def empty_test() -> None:
    """Hypothesis's own cost: a test that draws an integer and does nothing."""

    @settings(
        max_examples=FLOOR_EXAMPLES,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers())
    def nothing(number: int) -> None:
        pass

    nothing()


def suite(adapter: Adapter, profile: str) -> Callable[[int, int], tuple[int, float]]:
    """A function that runs one part of the suite; gives examples and seconds.

    What engines import on first use is imported before, and not counted.
    """
    behaviors = [b for b in load_specs().values() if not b.off_cpu]
    warm_up = Runner(adapter, profile="quick", seed=1, expectations=Expectations(()))
    for behavior in behaviors:
        warm_up.run(behavior, "float64")
    runner = Runner(adapter, profile=profile, seed=0, expectations=Expectations(()))

    def run(part: int, parts: int) -> tuple[int, float]:
        examples, seconds = 0, 0.0
        for behavior in behaviors[part::parts]:
            for dtype in adapter.default_dtypes:
                if not behavior.dtypes or dtype in behavior.dtypes:
                    result = runner.run(behavior, dtype)
                    if result.verdict is Verdict.PASS:
                        examples += result.examples
                        seconds += result.seconds
        return examples, seconds

    return run


def examples_per_second(profile: str) -> dict[str, float]:
    """Rates of the whole suite on torch and on the reference, and of an empty test."""
    engines = {name: suite(load_adapter(name), profile) for name in ("torch", "reference")}
    counted = {name: [0, 0.0] for name in engines}
    floors = []
    for part in range(ROUNDS):
        for name, run in engines.items():
            examples, seconds = run(part, ROUNDS)
            counted[name][0] += examples
            counted[name][1] += seconds
        started = time.perf_counter()
        empty_test()
        floors.append(FLOOR_EXAMPLES / (time.perf_counter() - started))
    rates = {name: examples / seconds for name, (examples, seconds) in counted.items()}
    return rates | {"floor": median(floors)}


def smooth_programs_for(adapter: Adapter) -> list[Program]:
    """Programs with one output element and at least :data:`ELEMENTS` elements to differentiate.

    The cost of differences grows with the elements; a check that needs few is not worth timing.
    """
    draw, scope = smooth_scalar_programs(), scope_of(adapter, "float64")
    choices = random.Random(0)
    made: list[Program] = []
    while len(made) < PROGRAMS:
        program = draw.decode(ByteSource(choices.randbytes(draw.width)), scope)
        tracked = [program.leaves[at] for at in program.tracked if at in program.used]
        if sum(len(leaf.numbers) for leaf in tracked) >= ELEMENTS:
            made.append(program)
    return made


def check_ours(adapter: Adapter, programs: Sequence[Program]) -> None:
    """The oracle's check: the engine's gradient of each leaf beside the true one."""
    raw, dtype = Raw(adapter), adapter.dtype_objects["float64"]
    for program in programs:
        leaves = [
            adapter["tensor"](leaf.value, dtype, adapter.device, leaf.requires_grad)
            for leaf in program.leaves
        ]
        root = program.run(raw, leaves)[0]
        adapter["backward"](root, None, None, False, None)
        expected = gradients(program, np.ones(root.shape))
        for at in program.tracked:
            true = expected[at]
            if true is not None:
                gradient = adapter["slot_value"](leaves[at])
                assert judge(gradient, true, "float64").right


def check_in_session(adapter: Adapter, programs: Sequence[Program]) -> None:
    """A whole example: the gradients, and beside them every value, flag and empty slot."""
    for program in programs:
        session = Session(adapter, "float64")
        program(*session.leaves(program)).backward()
        session.finish()


def check_by_differences(adapter: Adapter, programs: Sequence[Program], fast: bool) -> None:
    """torch.autograd.gradcheck on the same programs, with its default tolerances."""
    torch = adapter.namespace["torch"]
    raw = Raw(adapter)
    for program in programs:
        leaves = [
            torch.tensor(leaf.value, requires_grad=leaf.requires_grad) for leaf in program.leaves
        ]

        def function(*xs: object, program: Program = program) -> object:
            return program.run(raw, xs)[0]

        torch.autograd.gradcheck(function, leaves, fast_mode=fast)


def gradient_check_ms() -> dict[str, float]:
    """Milliseconds to check one program's gradient, by the oracle and by differences."""
    adapter = load_adapter("torch")
    programs = smooth_programs_for(adapter)
    checks: dict[str, Callable[[], None]] = {
        "ours": lambda: check_ours(adapter, programs),
        "ours_in_session": lambda: check_in_session(adapter, programs),
        "gradcheck_slow": lambda: check_by_differences(adapter, programs, fast=False),
        "gradcheck_fast": lambda: check_by_differences(adapter, programs, fast=True),
    }
    for check in checks.values():
        check()
    times: dict[str, list[float]] = {name: [] for name in checks}
    for _ in range(CHECKS):
        for name, check in checks.items():
            started = time.perf_counter()
            check()
            times[name].append((time.perf_counter() - started) * 1000 / PROGRAMS)
    return {name: median(values) for name, values in times.items()}


def print_tables(rates: dict[str, float], costs: dict[str, float]) -> None:
    """Both measurements with their ratios."""
    console = Console()
    table = Table("suite on", "examples/s", "of an empty test", title="Throughput")
    for name, rate in rates.items():
        table.add_row(name, f"{rate:,.0f}", f"{rate / rates['floor']:.2f}")
    console.print(table)
    table = Table("check", "ms a program", "of slow gradcheck", title="One program's gradient")
    for name, cost in costs.items():
        table.add_row(name, f"{cost:.3f}", f"{cost / costs['gradcheck_slow']:.2f}")
    console.print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--profile", choices=list(PROFILES), default="default")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    gc.freeze()
    costs = gradient_check_ms()
    rates = examples_per_second(arguments.profile)
    if arguments.json:
        print(json.dumps({"examples_per_second": rates, "gradient_check_ms": costs}, indent=2))
    else:
        print_tables(rates, costs)


if __name__ == "__main__":
    main()
