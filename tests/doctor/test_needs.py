"""How many behaviors need what an adapter has no phrase for."""

from __future__ import annotations

import pytest
from conformance.adapters.reference import Reference

from conformance import catalogue
from conformance.adapter import Adapter
from conformance.behavior import Behavior, Level, doc
from conformance.doctor import needs
from conformance.doctor.needs import absent
from conformance.torch_like import ACTIONS, OPS


def detaches(session, **_):
    session.tensor(2.0, requires_grad=True).detach()


def passes_without_freeing(session, **_):
    x = session.tensor(2.0, requires_grad=True)
    (x * x).backward(retain_graph=True)


def grows(session, **_):
    x = session.tensor(2.0, requires_grad=True)
    if session.adapter.can("exp"):
        x.apply("exp")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of three behaviors, whose needs are plain."""
    behaviors = {
        run.__name__: Behavior(
            id=f"few.{run.__name__.replace('_', '-')}",
            area="Few",
            statement="This is done.",
            level=Level.CORE,
            sources=(doc("torch.Tensor.backward"),),
            given={},
            run=run,
            module=__name__,
        )
        for run in (detaches, passes_without_freeing, grows)
    }
    monkeypatch.setattr(needs, "load_specs", lambda: behaviors)


def without(*names: str, **changes: str) -> Adapter:
    class Lacking(Reference):
        ops = {n: text for n, text in OPS.items() if n not in names}
        actions = {n: t for n, t in {**ACTIONS, **changes}.items() if n not in names}

    return Lacking()


def counted(adapter: Adapter) -> dict[str, int]:
    return {
        each.phrase: each.behaviors for each in absent(adapter, [*adapter.ops, *adapter.actions])
    }


@pytest.mark.usefixtures("few")
class TestFewBehaviors:
    def test_a_phrase_that_one_needs(self) -> None:
        assert counted(without("detach"))["detach"] == 1

    def test_a_phrase_that_all_need(self) -> None:
        assert counted(without("tensor"))["tensor"] == 3

    def test_a_phrase_that_is_used_only_where_it_is(self) -> None:
        assert counted(without("exp"))["exp"] == 0

    def test_a_slot_that_a_phrase_leaves_out(self) -> None:
        found = counted(without(backward="root.backward(cotangent)"))
        assert found["backward.retain_graph"] == 1
        assert found["backward.inputs"] == 0

    def test_another_phrase_can_stand_in(self) -> None:
        keeping = without("backward", backward_keeping_graph="root.backward(cotangent, True)")
        assert counted(keeping)["backward"] == 0
        assert counted(without("backward"))["backward"] == 1

    def test_most_needed_first(self) -> None:
        assert [each.behaviors for each in absent(without("detach", "tensor"), [])][:2] == [3, 1]


def test_of_the_suite_itself() -> None:
    behaviors = len(catalogue.load_specs())
    found = counted(without("hook", "detach", definitions=""))
    assert 0 < found["hook"] < behaviors
    assert 0 < found["detach"] < behaviors
    assert found["stop_gradient"] == 0
