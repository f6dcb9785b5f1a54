"""What a behavior does it builds on: a broken action is one failure, and not one for each user."""

from __future__ import annotations

import pytest

from conformance.behavior import Behavior
from conformance.catalogue import load_specs
from conformance.draw import total_width
from conformance.modes import Modes
from conformance.plan import Plan, Request
from conformance.searching import drawn
from conformance.session import Session
from conformance.trying import play, scope_of
from conformance.vocabulary import IN_PLACE

BEHAVIORS = load_specs()
TRIED = {name: one for name, one in BEHAVIORS.items() if not one.off_cpu}
EXAMPLES = 20
FIRST_PROMISE = {
    "backward": "operation.gradient-is-its-derivative",
    "backward_all": "roots.sum-of-contributions",
    "clear_grad": "accumulation.setting-none-restarts-with-fresh-tensor",
    "custom": "function.backward-formula-is-trusted",
    "detach": "detach.result-is-untracked-leaf",
    "detach_in_place": "detach.in-place-variant",
    "grad": "accumulation.gradient-tensor-is-plain-leaf",
    "gradients": "grad.never-touches-leaf-grad",
    "hook": "hooks.total-gradient-once-per-backward",
    "no_grad": "modes.no-grad-results-are-untracked",
    "retain_grad": "retain-grad.populates-nonleaf",
    "set_grad": "accumulation.assigned-tensor-is-adopted-and-mutated",
    "zero_grad": "accumulation.zeroing-in-place-restarts",
    **dict.fromkeys(IN_PLACE, "inplace.intermediate-allowed-and-differentiated"),
}


@pytest.fixture(scope="module")
def adapter():
    return Plan.of(Request(adapter="reference")).adapter


def behind(name: str) -> set[str]:
    """All that a behavior builds on, directly or not."""
    found: set[str] = set()
    waiting = list(BEHAVIORS[name].requires)
    while waiting:
        required = waiting.pop()
        if required not in found:
            found.add(required)
            waiting += BEHAVIORS[required].requires
    return found


def actions(behavior: Behavior, adapter) -> set[str]:
    """What the first examples of a behavior do without expecting to be refused."""
    done = set()
    count = max(1, round(EXAMPLES * min(behavior.examples, 1.0)))
    for data in drawn(total_width(behavior.given), count, seed=1):
        session, modes = Session(adapter), Modes(adapter)
        try:
            play(behavior, data, scope_of(adapter, "float64"), session)
        finally:
            modes.restore()
        done |= {said.name for said in session.trace if not said.raises}
    return done


@pytest.mark.parametrize("name", TRIED)
def test_a_behavior_builds_on_the_first_promise_of_what_it_does(name, adapter):
    known = behind(name)
    for action in sorted(actions(TRIED[name], adapter) & FIRST_PROMISE.keys()):
        first = FIRST_PROMISE[action]
        assert name == first or first in known or name in behind(first), action


def test_nothing_builds_on_itself():
    assert [name for name in BEHAVIORS if name in behind(name)] == []


@pytest.mark.parametrize("name", BEHAVIORS)
def test_requirements_exist_and_ask_for_no_higher_level(name):
    levels = ["core", "extended", "full"]
    for required in BEHAVIORS[name].requires:
        assert levels.index(BEHAVIORS[required].level.value) <= levels.index(
            BEHAVIORS[name].level.value
        )
