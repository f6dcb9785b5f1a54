"""A broken promise in five parts: the promise, what it asks, what came, a script, a command."""

from __future__ import annotations

from dataclasses import dataclass

from .results import Result, Verdict
from .trace import escaped

__all__ = ["Part", "five_parts", "headline", "named", "written"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the account; ``color`` is how a terminal shows it, empty for plain."""

    title: str
    text: str
    color: str = ""


def five_parts(result: Result, replay: str) -> list[Part]:
    """The parts of a result's account that there are; ``replay`` is the command of the last.

    The first wrong step, where it is known, stands between what came and the script.
    """
    pages = "".join(f"\n{title}: {url}" for title, url in result.sources)
    expected, actual, script = _account(result)
    parts = [
        Part("Promise", result.statement + pages),
        Part("Expected", escaped(expected), "green"),
        Part("Actual", escaped(actual), "red"),
        Part("First wrong step", result.failure.first_wrong if result.failure else ""),
        Part("Reproduce", script),
        Part("Replay", replay),
    ]
    return [part for part in parts if part.text]


def written(result: Result, replay: str) -> str:
    """The account as plain text, each part under its title."""
    return "\n\n".join(
        "\n".join([f"{part.title}:", *(f"    {line}" for line in part.text.splitlines())])
        for part in five_parts(result, replay)
    )


def headline(result: Result) -> str:
    """What is wrong, in one line."""
    failure, said = result.failure, named(result)
    if result.verdict is Verdict.UNEXPECTED_PASS:
        said = f"unexpected pass: {result.reason}"
    elif failure is not None:
        said = result.reason or failure.message
    return escaped(" ".join(said.split()))


def named(result: Result) -> str:
    """The verdict and its reason."""
    name, reason = result.verdict.value, escaped(result.reason)
    return reason if reason.startswith(name) else f"{name}: {reason}"


def _account(result: Result) -> tuple[str, str, str]:
    """What was expected, what came instead, and a script that shows it where there is one."""
    failure = result.failure
    if result.verdict is Verdict.UNEXPECTED_PASS:
        return (
            result.reason,
            "the behavior conforms; remove its entry from the expectations",
            "",
        )
    if failure is None:
        return "the behavior is tried to its end", named(result), ""
    script = failure.repro or failure.program
    if failure.repro and not failure.verified:
        script = f"# not verified: this script did not fail the same way on its own\n{script}"
    message = "" if result.reason.startswith(failure.message) else failure.message
    said = (failure.actual, message, result.reason)
    actual = "\n".join(dict.fromkeys(text for text in said if text))
    return failure.expected, actual, script
