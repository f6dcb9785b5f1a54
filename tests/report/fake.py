"""A run that was never made: every verdict, two dtypes, and failures with all they can carry."""

from __future__ import annotations

from dataclasses import replace

from conformance.results import Failure, Node, Result, RunInfo, Verdict

DOCS = "https://docs.pytorch.org/docs/stable/"

INFO = RunInfo(
    adapter="torch",
    engine_version="2.13.0+cpu",
    device="cpu",
    dtypes=("float64", "float32"),
    level="full",
    profile="default",
    seed=20250131,
    python="3.11.7",
    platform="Linux-6.1-x86_64-with-glibc2.36",
    started="2025-01-31T09:14:07+00:00",
    seconds=74.2,
    complete=True,
)

ENGINES = ("torch", "reference", "micrograd")

AREAS = {
    "Leaves": "Which tensors are leaves, and what that means for their gradients",
    "Accumulation": "Each backward pass adds to what a leaf already holds",
    "Detaching": "A detached value has no history and passes no gradient on",
    "Grad modes": "What is recorded inside no_grad, enable_grad and inference_mode",
    "Graph lifetime": "What a backward pass frees, and when a second one may run",
    "Reduction of broadcasts": "A broadcast operand's gradient is summed to its own shape",
    "In-place changes": "A saved value that was changed since is detected, not used",
    "Hooks": "Hooks see gradients in their documented order and may replace them",
    "Functional transforms": "vjp and jvp agree with each other and with the Jacobian",
    "Higher orders": "A gradient taken with create_graph can be differentiated again",
}

STATEMENTS = (
    "Each backward pass adds its gradient to what the leaf already holds.",
    "The result needs a gradient exactly if one of its operands does.",
    "A second pass through freed nodes raises an error that names `retain_graph`.",
    "The gradient has the shape, dtype and device of the tensor that it belongs to.",
    "Reading it twice gives the same object, and changes nothing.",
    "It holds no storage in common with the cotangent that was passed in, whatever shape that had.",
    "A tensor used twice receives the sum of what arrives along both paths.",
)

MESSAGE = "x.grad is the last pass's gradient alone; it should be the sum of both passes"

REPRO = '''\
"""accumulation.sums-over-calls: each backward pass adds its gradient."""

import torch

x = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
w = torch.tensor([[0.5, 1.0]], dtype=torch.float64)

for _ in range(2):  # the second pass should add, not replace
    y = (x * w + x).sum()
    y.backward()

expected = torch.tensor([3.0, 4.0], dtype=torch.float64)
assert torch.equal(x.grad, expected), f"expected {expected}, got {x.grad}"
'''

FAILURE = Failure(
    message=MESSAGE,
    expected="x.grad == [3.0, 4.0]",
    actual="x.grad == [1.5, 2.0]",
    program="""\
x = leaf([1.0, -2.0])
w = constant([[0.5, 1.0]])
a = x * w
b = a + x
y = b.sum()
y.backward()
y.backward()
""",
    nodes=(
        Node("x", "x = leaf([1.0, -2.0])", "leaf"),
        Node("w", "w = [[0.5, 1.0]]", "constant"),
        Node("a", "a = x * w", "result"),
        Node("b", "b = a + x", "result"),
        Node("y", "y = b.sum()", "root"),
    ),
    edges=(("x", "a"), ("w", "a"), ("a", "b"), ("x", "b"), ("b", "y")),
    repro=REPRO,
    verified=True,
    replay="pytest conformance --adapter=torch --device=cpu --dtype=float64"
    " -k 'accumulation.sums-over-calls' --hypothesis-seed=20250131",
)

TRACEBACK = """\
Traceback (most recent call last):
  File "engine/tape.py", line 88, in backward
    node.apply(cotangent)
  File "engine/rules.py", line 31, in apply
    return self.vjp(cotangent, *self.saved)
TypeError: vjp() missing 1 required positional argument: 'saved'
"""

VERDICTS = {
    1: (Verdict.FAIL, Verdict.FAIL),
    8: (Verdict.PASS, Verdict.FAIL),
    15: (Verdict.UNSUPPORTED, Verdict.UNSUPPORTED),
    16: (Verdict.UNSUPPORTED, Verdict.UNSUPPORTED),
    23: (Verdict.BLOCKED, Verdict.BLOCKED),
    24: (Verdict.BLOCKED, Verdict.PASS),
    31: (Verdict.ERROR, Verdict.ERROR),
    38: (Verdict.CRASH, Verdict.PASS),
    45: (Verdict.TIMEOUT, Verdict.TIMEOUT),
    52: (Verdict.EXPECTED_FAILURE, Verdict.EXPECTED_FAILURE),
    53: (Verdict.PASS, Verdict.UNEXPECTED_PASS),
    60: (Verdict.UNSUPPORTED, Verdict.UNSUPPORTED),
}

REASONS = {
    Verdict.FAIL: MESSAGE,
    Verdict.UNSUPPORTED: "the adapter has no register_hook",
    Verdict.BLOCKED: "blocked by accumulation.sums-over-calls",
    Verdict.ERROR: TRACEBACK,
    Verdict.CRASH: "the engine's process ended with signal 11 (SIGSEGV)",
    Verdict.TIMEOUT: "no answer in 20 s",
    Verdict.EXPECTED_FAILURE: "the second pass adds two broadcasts of one operand wrongly: #12345",
    Verdict.UNEXPECTED_PASS: "it passes, yet the expectations say that it fails: remove its entry",
}


def run() -> list[Result]:
    """70 behaviors in ten areas, each in two dtypes."""
    results = []
    for number in range(70):
        area = list(AREAS)[number // 7]
        slug = area.lower().replace(" ", "-")
        name = "sums-over-calls" if number == 8 else f"rule-{number % 7}"
        verdicts = VERDICTS.get(number - 7, (Verdict.PASS, Verdict.PASS))
        for index, dtype in enumerate(INFO.dtypes):
            results.append(_result(f"{slug}.{name}", area, number, dtype, verdicts[index]))
    return results


def _result(behavior: str, area: str, number: int, dtype: str, verdict: Verdict) -> Result:
    failing = verdict in (Verdict.FAIL, Verdict.EXPECTED_FAILURE)
    failure = replace(
        FAILURE,
        repro=REPRO.replace("float64", dtype),
        replay=FAILURE.replay.replace("float64", dtype),
        verified=dtype == "float64",
    )
    tried = verdict not in (Verdict.UNSUPPORTED, Verdict.BLOCKED)
    return Result(
        behavior=behavior,
        level=("core", "core", "extended", "full")[number % 4],
        area=area,
        dtype=dtype,
        verdict=verdict,
        examples=100 + 7 * number if tried else 0,
        seconds=(0.041 * (number % 13) + 0.02) if tried else 0.0,
        statement=STATEMENTS[0 if number == 8 else number % 7],
        sources=(
            ("torch.Tensor.backward", f"{DOCS}generated/torch.Tensor.backward.html"),
            ("notes: autograd", f"{DOCS}notes/autograd.html#{number}"),
        )[: 1 + number % 2],
        reason=REASONS.get(verdict, ""),
        failure=failure if failing else None,
    )
