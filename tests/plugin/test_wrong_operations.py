"""A wrong operation is named once, and what merely meets it is not blamed for it."""

from __future__ import annotations

import json

import pytest

pytest_plugins = ("pytester",)
ALONE = "operation.gradient-is-its-derivative"
CHAIN = "backward.matches-finite-differences"
SUMS = "accumulation.sums-over-calls"
ENGINE = """
from conformance.adapters.reference import Reference


class WrongExp(Reference):
    name = "wrong"
    ops = {**Reference.ops, "exp": "a.exp() + a - a.detach()"}


class WrongCumsum(Reference):
    name = "wrong"
    ops = {**Reference.ops, "cumsum": "a.cumsum(dim) + a - a.detach()"}


class WrongTwo(Reference):
    name = "wrong"
    ops = {**WrongExp.ops, "cumsum": "a.cumsum(dim) + a - a.detach()"}


class WrongBesides(Reference):
    name = "wrong"
    ops = WrongTwo.ops
    actions = {
        **Reference.actions,
        "backward": "x_forgets(root, cotangent, retain_graph, create_graph, inputs)",
    }
    setup = '''
import conformance.reference as reference

def x_forgets(root, cotangent, retain_graph, create_graph, inputs):
    for leaf in LEAVES:
        leaf.grad = None
    root.backward(cotangent, retain_graph, create_graph, inputs)

LEAVES = []
real = reference.tensor

def tensor(*values, **words):
    made = real(*values, **words)
    LEAVES.append(made)
    return made

reference = __import__("types").SimpleNamespace(**vars(reference) | {"tensor": tensor})
'''
"""


@pytest.fixture
def run(pytester):
    """Run some behaviors of the suite; gives the exit status and the results by behavior."""
    pytester.makefile(".py", engines=ENGINE)

    def start(engine, *words, only=f"{ALONE} or {CHAIN} or {SUMS}"):
        common = ("--pyargs", "conformance", "--hypothesis-seed=0", "--dtype=float64")
        done = pytester.runpytest_subprocess(
            *common, "-pno:cacheprovider", f"--adapter=engines.py:{engine}", "-k", only, *words
        )
        report = json.loads((pytester.path / "reports/wrong-cpu.json").read_text())
        return done.ret, {one["behavior"]: one for one in report["results"]}

    return start


def verdicts(found):
    return {behavior: (one["verdict"], one["reason"]) for behavior, one in found.items()}


def test_wrong_operations_are_named_and_what_meets_them_is_blocked(run):
    status, found = run("WrongTwo")
    assert status == 1
    assert found[ALONE]["verdict"] == "fail"
    assert found[ALONE]["operations"] == ["cumsum", "exp"]
    assert found[ALONE]["reason"].endswith("; wrong operations: cumsum, exp")
    assert verdicts(found)[CHAIN] == ("blocked", f"blocked by {ALONE}")
    assert verdicts(found)[SUMS] == ("blocked", f"blocked by {ALONE}")


def test_another_fault_is_found_all_the_same(run):
    _, found = run("WrongBesides")
    assert found[ALONE]["operations"] == ["cumsum", "exp"]
    assert found[SUMS]["verdict"] == "fail"
    assert "cumsum" not in found[SUMS]["failure"]["repro"]


def test_which_behaviors_are_selected_makes_no_difference(run):
    _, whole = run("WrongTwo")
    _, part = run("WrongTwo", only=SUMS)
    assert verdicts(part) == {SUMS: verdicts(whole)[SUMS]}


def test_known_wrong_operations_are_written_down_and_excused(run, pytester):
    run("WrongTwo", "--expectations=known.toml", "--update-expectations")
    file = pytester.path / "known.toml"
    assert 'operations = ["cumsum", "exp"]' in file.read_text()
    assert SUMS not in file.read_text()
    file.write_text(file.read_text().replace("TODO: say why", "they are old"))

    status, found = run("WrongTwo", "--expectations=known.toml")

    assert status == 0
    assert verdicts(found)[ALONE] == ("expected_failure", "they are old")
    assert verdicts(found)[SUMS] == ("blocked", f"blocked by {ALONE}")


def test_an_operation_that_nobody_knew_to_be_wrong_stays_red(run, pytester):
    run("WrongExp", "--expectations=known.toml", "--update-expectations")
    file = pytester.path / "known.toml"
    file.write_text(file.read_text().replace("TODO: say why", "it is old"))

    status, found = run("WrongTwo", "--expectations=known.toml")

    assert status == 1
    assert found[ALONE]["verdict"] == "fail"
    assert found[ALONE]["reason"].startswith("the failure changed: known of exp (it is old)")
    assert found[ALONE]["operations"] == ["cumsum", "exp"]


def test_a_known_operation_that_was_mended_is_pointed_out(run, pytester):
    run("WrongTwo", "--expectations=known.toml", "--update-expectations")
    file = pytester.path / "known.toml"
    file.write_text(file.read_text().replace("TODO: say why", "it is old"))

    status, found = run("WrongCumsum", "--expectations=known.toml")

    assert status == 0
    assert verdicts(found)[ALONE] == (
        "expected_failure",
        "it is old; no longer found wrong: exp",
    )


def test_an_unknown_operation_is_refused(run, pytester):
    file = pytester.path / "known.toml"
    file.write_text(f'[[expected]]\nbehavior = "{ALONE}"\nreason = "r"\noperations = ["ecp"]\n')
    done = pytester.runpytest_subprocess(
        "--pyargs", "conformance", "--adapter=reference", "--expectations=known.toml"
    )
    assert done.ret == 4
    done.stderr.fnmatch_lines(["*known.toml, line 4*no operation is 'ecp'; did you mean 'exp'?"])
