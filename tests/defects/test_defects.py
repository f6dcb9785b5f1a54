"""Every behavior that a defect is planted against holds on the engine as it is, and notices it."""

from __future__ import annotations

import pytest

from conformance.catalogue import load_specs

from .catalogue import defects
from .hunting import hunt, hunt_planted

DEFECTS = defects()
SEEDS = (1, 2)


@pytest.mark.parametrize("behavior", sorted({defect.behavior for defect in DEFECTS.values()}))
def test_the_clean_engine_conforms(behavior):
    result = hunt(load_specs()[behavior], SEEDS[0])

    assert (result.found, result.broken) == ("", "")


def test_every_behavior_is_there_for_a_defect():
    tried = {name for name, one in load_specs().items() if not one.off_cpu}
    assert tried - {defect.behavior for defect in DEFECTS.values()} == set()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", DEFECTS)
def test_the_defect_is_noticed(name, seed):
    result = hunt_planted(DEFECTS[name], seed)

    assert result.found, result.broken or DEFECTS[name].sentence


def test_plants_are_taken_back():
    before = hunt(load_specs()["backward.vjp-equals-weighted-sum"], SEEDS[0])
    for defect in DEFECTS.values():
        with defect.planted():
            pass

    after = hunt(load_specs()["backward.vjp-equals-weighted-sum"], SEEDS[0])

    assert (after.found, after.examples) == (before.found, before.examples)
