"""All planted defects, area by area."""

from __future__ import annotations

from . import (
    accumulation,
    arguments,
    control_flow,
    custom,
    custom_calls,
    forward_mode,
    graph_ends,
    graphs,
    higher_order,
    hooks,
    in_place,
    lifetime,
    modes,
    operators,
    pass_effects,
    reductions,
    repeated_passes,
    retention,
    shapes,
    unforeseen,
    unforeseen_state,
    views,
)
from .defect import Defect

AREAS = (
    accumulation,
    graphs,
    lifetime,
    arguments,
    modes,
    in_place,
    views,
    hooks,
    retention,
    reductions,
    shapes,
    operators,
    custom,
    higher_order,
    unforeseen,
    unforeseen_state,
    repeated_passes,
    pass_effects,
    control_flow,
    forward_mode,
    custom_calls,
    graph_ends,
)


def defects() -> dict[str, Defect]:
    """Every defect by id."""
    found: dict[str, Defect] = {}
    for area in AREAS:
        for defect in area.DEFECTS:
            if defect.id in found:
                raise ValueError(f"two defects are called {defect.id}")
            found[defect.id] = defect
    return found
