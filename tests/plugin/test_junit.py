"""What the JUnit file says: which behavior each test case is, and why it failed."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

pytest_plugins = ("pytester",)

PAGE = "https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html"
ROWDY = r"""
    from conformance.adapters.reference import Reference

    class Mine(Reference):
        name = "mine"
        actions = Reference.actions | {"backward": "shout(root, cotangent)"}

        def prepare(self):
            super().prepare()
            self.namespace["shout"] = shout

    def shout(root, cotangent):
        print("printed \x1b[31mred\x1b[0m \0")
        raise RuntimeError("said \x1b[31mred\x1b[0m \0 \ud800 ]]> <&")
"""


def cases(pytester):
    return list(ElementTree.parse(pytester.path / "junit.xml").iter("testcase"))


def properties(case):
    return [(item.get("name"), item.get("value")) for item in case.iter("property")]


def described(name, verdict, dtype="float64"):
    return [
        ("behavior", f"accumulation.{name}"),
        ("level", "core"),
        ("area", "Accumulation"),
        ("dtype", dtype),
        ("verdict", verdict),
        ("source", f"torch.Tensor.backward: {PAGE}"),
    ]


def named(found, name):
    return next(case for case in found if name in case.get("name"))


def test_cases_are_behaviors_with_their_properties(suite, pytester):
    suite("--junitxml=junit.xml", behaviors="pass fail unsupported raise")
    found = cases(pytester)
    case = named(found, "unsupported")
    assert case.get("classname") == "conformance.specs.accumulation"
    assert case.get("name") == "accumulation.unsupported-hooks[float64]"
    assert properties(case) == described("unsupported-hooks", "unsupported")
    assert case.find("skipped").get("message") == "unsupported: needs hook"
    assert properties(named(found, "pass-slow")) == described("pass-slow", "pass")
    assert properties(named(found, "raise-bug")) == described("raise-bug", "error")


def test_failure_is_told_in_five_parts(suite, pytester):
    suite("--junitxml=junit.xml", "--hypothesis-seed=4", behaviors="fail")
    failed = named(cases(pytester), "fail-sum").find("failure")
    assert failed.get("message") == "the second pass replaced the gradient"
    parts = dict(re.findall(r"^(\w+):\n((?: {4}.*\n?)+)", failed.text, re.MULTILINE))
    assert list(parts) == ["Promise", "Expected", "Actual", "Reproduce", "Replay"]
    assert PAGE in parts["Promise"]
    assert "assert engine.grad == 6" in parts["Reproduce"]
    assert parts["Replay"].rstrip().endswith("--hypothesis-seed=4")


def test_workers_tell_the_same_and_so_does_their_death(spread, pytester):
    spread("--junitxml=junit.xml", "--dtype=float32", behaviors="pass fail crash")
    found = cases(pytester)
    assert properties(named(found, "pass-slow")) == described("pass-slow", "pass", "float32")
    assert properties(named(found, "fail-sum")) == described("fail-sum", "fail", "float32")
    assert "Reproduce:" in named(found, "fail-sum").find("failure").text
    crashed = named(found, "crash-hard")
    assert properties(crashed) == described("crash-hard", "crash", "float32")
    assert "Promise:" in crashed.find("error").text


@pytest.mark.parametrize("inside", [False, True])
def test_whatever_an_engine_says_the_file_is_xml(pytester, inside):
    pytester.makepyfile(
        mine=ROWDY,
        test_mine="""
        from conformance import run_conformance
        from mine import Mine

        test_mine = run_conformance(
            Mine, dtypes=["float64"], profile="quick", only="operation.gradient-is-its-derivative"
        )
        """,
    )
    asked = ["--pyargs", "conformance", "--adapter=mine:Mine", "--profile=quick"]
    selected = [*asked, "-k", "operation.gradient-is-its-derivative and float64"]
    arguments = ["test_mine.py"] if inside else selected

    result = pytester.runpytest_subprocess("--junitxml=junit.xml", *arguments)

    assert result.parseoutcomes()["failed"] == 1
    (case,) = cases(pytester)
    told = case.find("failure")
    assert r"said \x1b[31mred\x1b[0m \x00 \ud800 ]]> <&" in told.text
    assert ("verdict", "fail") in properties(case)
    assert "\x1b" not in result.stdout.str().partition("Captured")[0]
