"""The table that ``python -m tests.defects`` prints."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from .catalogue import defects
from .defect import Defect
from .hunting import hunt_planted, noticing


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if any defect survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.defects", description=__doc__)
    parser.add_argument("ids", nargs="*", help="defects to plant, all by default")
    parser.add_argument("--suite", action="store_true", help="try all behaviors on each")
    parser.add_argument("--seeds", type=int, default=5, help="seeds to take the median over")
    parser.add_argument("--profile", default="default", help="examples per behavior")
    options = parser.parse_args(arguments)
    chosen = [d for d in defects().values() if not options.ids or d.id in options.ids]
    console = Console()
    if options.suite:
        survivors = _by_suite(console, chosen, options.profile)
    else:
        survivors = _by_behavior(console, chosen, options.seeds, options.profile)
    total, alive = len(chosen), len(survivors)
    console.print(f"{total - alive} of {total} defects noticed", highlight=False)
    if survivors:
        console.print("not noticed: " + ", ".join(survivors), style="bold red", highlight=False)
    return 1 if survivors else 0


def _table(*columns: str) -> Table:
    table = Table("defect", "difficulty", *columns[:-2], box=None, pad_edge=False)
    for name in columns[-2:]:
        table.add_column(name, justify="right")
    return table


def _difficulty(defect: Defect) -> str:
    return defect.difficulty.name.lower().replace("_", " ")


def _by_behavior(console: Console, chosen: Sequence[Defect], seeds: int, profile: str) -> list[str]:
    """How soon the behavior that a defect breaks notices it; the ids of those it missed."""
    table = _table("behavior", "examples", "seconds")
    survivors = []
    for defect in chosen:
        hunts = [hunt_planted(defect, seed, profile) for seed in range(seeds)]
        missed = sum(not result.found for result in hunts)
        examples = f"{median(result.examples for result in hunts):g}"
        if missed:
            survivors.append(defect.id)
            broken = next((result.broken for result in hunts if result.broken), "")
            examples = broken or f"missed by {missed} of {seeds}"
        seconds = f"{median(result.seconds for result in hunts):.2f}"
        row = (defect.behavior, examples, seconds)
        table.add_row(f"{defect.id} {defect.sentence}", _difficulty(defect), *row)
    console.print(table)
    return survivors


def _by_suite(console: Console, chosen: Sequence[Defect], profile: str) -> list[str]:
    """All behaviors that notice each defect; the ids of those that none did."""
    table = _table("behaviors that notice it", "count", "seconds")
    survivors = []
    for defect in chosen:
        found = dict(noticing(defect, 0, profile))
        if not found:
            survivors.append(defect.id)
        names = ", ".join(sorted(found, key=lambda name: found[name].examples)[:6])
        seconds = f"{sum(result.seconds for result in found.values()):.2f}"
        table.add_row(
            f"{defect.id} {defect.sentence}", _difficulty(defect), names, str(len(found)), seconds
        )
    console.print(table)
    return survivors
