"""The order in which behaviors are found and tried."""

from __future__ import annotations

from fakes import BEHAVIORS

from conformance.behavior import Level
from conformance.catalogue import chapters, load_specs, requirements_first, trials


def test_behaviors_come_chapter_by_chapter():
    places = [chapters().index(b.module.rpartition(".")[2]) for b in load_specs().values()]
    assert places == sorted(places)
    assert set(places) == set(range(len(chapters())))


def test_what_a_behavior_requires_exists():
    behaviors = load_specs()
    for behavior in behaviors.values():
        assert set(behavior.requires) <= behaviors.keys()


def test_trials_keep_to_level_and_dtypes():
    def names(dtypes, level):
        found = trials(BEHAVIORS, dtypes=dtypes, level=level)
        return {(behavior.level, dtype) for behavior, dtype in found}

    assert names(["float64"], "core") == {(Level.CORE, "float64")}
    assert (Level.EXTENDED, "float64") in names(["float64", "float32"], "extended")
    assert (Level.EXTENDED, "float32") not in names(["float64", "float32"], "full")


def test_requirements_come_first_and_nothing_else_moves():
    assert requirements_first({"a": [], "b": ["d"], "c": [], "d": ["e"], "e": []}) == list("aedbc")
    assert requirements_first({"a": ["elsewhere"], "b": []}) == ["a", "b"]
    assert requirements_first({}) == []


def test_circle_of_requirements_is_cut():
    assert requirements_first({"a": ["b"], "b": ["a"], "c": ["c"]}) == ["b", "a", "c"]
