"""All planted defects, area by area."""

from __future__ import annotations

from . import (
    accumulation,
    arguments,
    control_flow,
    custom,
    custom_calls,
    forward_mode,
    gradients_again,
    graph_ends,
    graphs,
    higher_order,
    hook_life,
    hook_places,
    hooks,
    in_place,
    kept_gradients,
    leaf_state,
    lifetime,
    modes,
    operators,
    pass_effects,
    reductions,
    repeated_passes,
    retention,
    roots_and_paths,
    rounding_of_passes,
    shapes,
    toggling,
    training_losses,
    training_steps,
    unforeseen,
    unforeseen_state,
    view_bases,
    views,
    write_checks,
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
    hook_life,
    write_checks,
    leaf_state,
    kept_gradients,
    roots_and_paths,
    view_bases,
    toggling,
    training_losses,
    training_steps,
    rounding_of_passes,
    gradients_again,
    hook_places,
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
