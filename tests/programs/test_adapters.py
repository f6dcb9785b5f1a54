"""Adapters: how they are found, what they can say, and how slips are reported."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conformance.adapters.autograd import Autograd
from conformance.adapters.micrograd import Micrograd
from conformance.adapters.torch import Torch

from conformance import finding
from conformance.adapter import Unsupported, UnusableError, unknown_names
from conformance.finding import load_adapter
from conformance.functional_like import FunctionalLike
from conformance.ops import OPS
from conformance.session import Session
from conformance.torch_like import TorchLike
from conformance.vocabulary import ACTIONS, slots

TEXT = """
from conformance.adapter import Adapter

class Tiny(Adapter):
    name = "tiny"
    setup = "import math"
    ops = {ops}
    actions = {actions}
    {extra}
"""


def write(path: Path, ops: str = "{}", actions: str = "{}", extra: str = "pass") -> str:
    path.write_text(TEXT.format(ops=ops, actions=actions, extra=extra))
    return f"{path}:Tiny"


@pytest.mark.parametrize("name", finding.BUILT_IN)
def test_built_in_adapters_load_and_know_their_name(name: str) -> None:
    adapter = load_adapter(name)
    assert adapter.name == name
    assert adapter.engine_version not in ("", "unknown")
    assert not unknown_names(type(adapter))


@pytest.mark.parametrize("name", finding.BUILT_IN)
def test_every_phrase_of_a_built_in_adapter_compiles(name: str) -> None:
    adapter = load_adapter(name)
    for phrase in (*adapter.ops, *adapter.actions):
        assert callable(adapter[phrase])


def test_a_file(tmp_path: Path) -> None:
    adapter = load_adapter(write(tmp_path / "mine.py", ops="{'add': 'a + b'}"))
    assert adapter.name == "tiny"
    assert adapter["add"](2, 3) == 5


def test_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package_of_tiny").mkdir()
    write(tmp_path / "package_of_tiny" / "engine.py")
    monkeypatch.syspath_prepend(tmp_path)
    assert load_adapter("package_of_tiny.engine:Tiny").name == "tiny"


def test_a_module_in_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "engine_lying_here.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [p for p in __import__("sys").path if p])
    assert load_adapter("engine_lying_here:Tiny").name == "tiny"


def test_an_installed_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("mytorch", "conformance.adapters.torch:Torch", finding.GROUP)
    monkeypatch.setattr(finding, "entry_points", lambda *, group: [point])
    assert isinstance(load_adapter("mytorch"), Torch)
    with pytest.raises(UnusableError, match="did you mean 'mytorch'"):
        load_adapter("mytorhc")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torhc", "did you mean 'torch'"),
        ("nothing-like-it", "known are torch"),
        ("no_such_module_at_all:Engine", "cannot be imported"),
        ("conformance.adapters.torch:Torhc", "no subclass"),
        ("conformance.ops:OPS", "no subclass"),
        ("no/such/file.py:Engine", "no adapter file"),
    ],
)
def test_what_cannot_be_found_says_the_mend(name: str, message: str) -> None:
    with pytest.raises(UnusableError, match=message):
        load_adapter(name)


def test_slips_in_a_table_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "slip.py", ops="{'ad': 'a + b'}", actions="{'backwards': 'root'}")
    with pytest.raises(UnusableError, match="ad, backwards"):
        load_adapter(path)


def test_an_engine_that_is_not_installed(tmp_path: Path) -> None:
    path = write(tmp_path / "absent.py", extra="setup = 'import engine_nobody_has'")
    with pytest.raises(UnusableError, match="install it first"):
        load_adapter(path)


@pytest.mark.parametrize("name", ["torch", "micrograd", "autograd"])
def test_an_absent_device(name: str) -> None:
    with pytest.raises(UnusableError, match="abacus"):
        load_adapter(name, "abacus")


def test_what_has_no_phrase_is_unsupported() -> None:
    adapter = Micrograd()
    assert adapter.can("add", "tensor")
    assert not adapter.can("add", "exp")
    with pytest.raises(Unsupported, match="exp"):
        adapter["exp"]
    with pytest.raises(Unsupported, match=r"custom\.Cube"):
        adapter.define("Cube")


def test_custom_functions_without_a_phrase_are_unsupported_whatever_their_text() -> None:
    class Without(Torch):
        actions = {name: text for name, text in Torch.actions.items() if name != "custom"}
        definitions = {"Cube": "class Cube(engine.nothing_of_this_name): pass"}

    session = Session(Without())
    x = session.tensor(2.0, requires_grad=True)
    with pytest.raises(Unsupported, match="custom"):
        session.custom("Cube", [x])


def test_slots_of_a_phrase_are_capabilities_too() -> None:
    torch = Torch()
    assert torch.can("backward.inputs", "backward.create_graph", "custom.Cube")
    assert not torch.can("backward.allow_unused")
    assert not torch.can("custom.Pyramid")
    assert not Micrograd().can("backward_keeping_graph.cotangent")


def test_definitions_that_a_phrase_needs_are_made() -> None:
    value, tangent = Torch()["jvp"](*_squares())
    np.testing.assert_array_equal(value.numpy(), [1.0, 4.0])
    np.testing.assert_array_equal(tangent.numpy(), [2.0, 4.0])


def _squares() -> tuple[Any, ...]:
    import torch

    ones = torch.ones(2)
    return (lambda x: x * x, (torch.tensor([1.0, 2.0]),), (ones,))


def test_every_slot_is_known() -> None:
    assert slots("backward")[0] == "root"
    assert slots("add") == ("a", "b")
    assert slots("stack") == ("tensors", "dim")
    assert slots("put_") == ("a", "b", "index")
    assert slots("norm_axis") == ("a", "order", "dim", "keepdim")


def test_base_classes_say_all_they_can() -> None:
    for base in (TorchLike, FunctionalLike):
        assert not unknown_names(base)
        assert set(base.ops) - {*OPS} <= {name for name in base.ops if name.endswith("_")}
        assert set(base.actions) <= set(ACTIONS)


class TestEngineThatTracksEverything:
    """micrograd: no flags, no cotangents, and plain numbers in its slots."""

    adapter = Micrograd()

    def test_traits(self) -> None:
        assert self.adapter.tracks_everything
        assert not self.adapter.takes_cotangents
        assert not self.adapter.can("grad")
        assert not Torch().tracks_everything
        assert not Autograd().tracks_everything
        assert Autograd().takes_cotangents

    def test_untracked_tensors_and_axes_are_unsupported(self) -> None:
        session = Session(self.adapter)
        with pytest.raises(Unsupported, match="untracked"):
            session.tensor(2.0)
        with pytest.raises(Unsupported, match="1 axes"):
            session.tensor([2.0], requires_grad=True)

    def test_gradients_are_checked_in_slots_of_numbers(self) -> None:
        session = Session(self.adapter)
        x, y = (session.tensor(n, requires_grad=True) for n in (2.0, 3.0))
        (x * y + x).backward()
        session.finish()
        assert session.observe("slot_value", x.handle) == 4.0
        x.grad = None
        session.finish()

    def test_what_needs_a_tensor_in_the_slot_is_unsupported(self) -> None:
        session = Session(self.adapter)
        x = session.tensor(2.0, requires_grad=True)
        (x * x).backward()
        with pytest.raises(Unsupported, match="grad"):
            _ = x.grad

    def test_a_graph_that_is_never_freed_cannot_be_refused(self) -> None:
        session = Session(self.adapter)
        x = session.tensor(2.0, requires_grad=True)
        y = x * x
        y.backward()
        with pytest.raises(Unsupported, match="frees"), session.raises("the graph was freed"):
            y.backward()


class TestFunctionalEngine:
    """autograd: no slots; one gradient for each primal."""

    adapter = Autograd()

    def test_vjp_gives_one_gradient_for_each_primal(self) -> None:
        a, b, v = (np.array(x) for x in ([1.0, 2.0], [3.0, 5.0], [1.0, 10.0]))
        found = self.adapter["vjp"](lambda x, y: x * y, [a, b], v)
        np.testing.assert_array_equal(found, [b * v, a * v])

    def test_jvp_gives_the_value_and_the_tangent(self) -> None:
        a, t = np.array([1.0, 2.0]), np.array([3.0, 4.0])
        value, tangent = self.adapter["jvp"](lambda x, y: x * x * y, (a, a), (t, t))
        np.testing.assert_array_equal(value, a**3)
        np.testing.assert_array_equal(tangent, 3 * a**2 * t)

    def test_jacobians_and_hessians_come_in_blocks(self) -> None:
        a, b = np.array([1.0, 2.0]), np.array(3.0)
        single = self.adapter["jacobian"](lambda x: x * x, a)
        np.testing.assert_array_equal(single, np.diag(2 * a))
        blocks = self.adapter["jacobian"](lambda x, y: x * y, (a, b))
        np.testing.assert_array_equal(blocks[0], 3 * np.eye(2))
        np.testing.assert_array_equal(blocks[1], a)
        rows = self.adapter["hessian"](lambda x, y: (x * x * y).sum(), (a, b))
        np.testing.assert_array_equal(rows[0][0], 6 * np.eye(2))
        np.testing.assert_array_equal(rows[0][1], 2 * a)
        np.testing.assert_array_equal(rows[1][1], 0.0)
