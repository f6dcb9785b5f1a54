"""Writing known failures down: what becomes of each entry of a file after a run."""

from __future__ import annotations

import pytest

from conformance.expectation_update import Run, updated
from conformance.expectations import UNREAD, Expectations, ExpectationsError
from conformance.results import Result, Verdict

A, B, C = "accumulation.a", "accumulation.b", "hooks.c"
DTYPES = ("float64", "float32")
HEAD = """\
# What mine is known to break.
# Written by hand.

"""
FIRST = f"""\
# the oldest of all
[[expected]]
behavior = "{B}"  # not A
reason = "it replaces"
link = "https://example.org/1"
expires = 2999-01-01
signature = "grad is wrong"
witness = "01"
"""
SECOND = f"""\
[[expected]]
behavior = "{A}"
reason = "it adds"
signature = "grad is empty"
witness = "02"
"""


def result(behavior, verdict, signature="", witness=None, dtype="float64"):
    return Result(
        behavior, "core", "Area", dtype, Verdict(verdict), 1, 0.1, "A.", (), "", None,
        signature, witness,
    )  # fmt: skip


def after(text, *results, shipped=()):
    run = Run(
        adapter="mine",
        version="1.0",
        device="cpu",
        results={(one.behavior, one.dtype): one for one in results},
        trials=[(behavior, dtype) for behavior in (A, B, C) for dtype in DTYPES],
        shipped=Expectations(tuple(shipped)),
    )
    return updated(text, "known.toml", run)


def everywhere(behavior, *words):
    return [result(behavior, *words, dtype=dtype) for dtype in DTYPES]


STILL_B = everywhere(B, "expected_failure", "grad is wrong", "01")
STILL_A = everywhere(A, "expected_failure", "grad is empty", "02")


def test_file_that_says_it_all_stays_letter_for_letter():
    text = f"{HEAD}{FIRST}\n{SECOND}"
    changes = after(text, *STILL_A, *STILL_B, *everywhere(C, "pass"))
    assert changes.text == text
    assert str(changes) == "0 new, 0 changed, 0 removed"


def test_new_failure_comes_last_and_unread():
    changes = after(f"{HEAD}{FIRST}", *STILL_B, *everywhere(C, "fail", "a hook is late", "03"))
    assert changes.text.startswith(f"{HEAD}{FIRST}\n[[expected]]\n")
    entry = Expectations.parse(changes.text, "known.toml").entries[-1]
    assert (entry.behavior, entry.reason, entry.dtype) == (C, UNREAD, "")
    assert (entry.signature, entry.witness) == ("a hook is late", b"\3")
    assert (changes.new, changes.changed, changes.removed) == (1, 0, 0)


def test_absent_file_begins_with_the_first_failure():
    changes = after("", *everywhere(C, "timeout", "timeout"))
    assert changes.text == (
        f'[[expected]]\nbehavior = "{C}"\nreason = "{UNREAD}"\nsignature = "timeout"\n'
    )


def test_dtypes_that_fail_in_different_ways_get_an_entry_each():
    changes = after("", result(A, "fail", "s", "01"), result(A, "fail", "t", "01", "float32"))
    entries = Expectations.parse(changes.text, "known.toml").entries
    assert [(e.dtype, e.signature) for e in entries] == [("float64", "s"), ("float32", "t")]
    one = after("", result(A, "fail", "s", "01"), result(A, "pass", dtype="float32"))
    assert [e.dtype for e in Expectations.parse(one.text, "known.toml").entries] == ["float64"]


def test_entry_that_no_longer_fails_goes_with_its_comment():
    text = f"{HEAD}{FIRST}\n{SECOND}"
    changes = after(text, *STILL_A, *everywhere(B, "unexpected_pass"))
    assert changes.text == f"{HEAD}{SECOND}"
    assert changes.removed == 1
    assert after(f"{HEAD}{FIRST}", *everywhere(B, "unexpected_pass")).text == HEAD.rstrip() + "\n"


@pytest.mark.parametrize(
    "results",
    [
        [],
        [result(B, "unexpected_pass")],
        [result(B, "unexpected_pass"), result(B, "blocked", dtype="float32")],
    ],
)
def test_entry_that_was_not_tried_throughout_stays(results):
    assert after(FIRST, *results).text == FIRST


@pytest.mark.parametrize(
    "limit", ['when = {engine = ">=2"}', 'adapter = "other"', 'device = "cuda"', 'dtype = "half"']
)
def test_entry_of_another_run_stays(limit):
    text = f"{FIRST}{limit}\n"
    assert after(text, *everywhere(B, "pass")).text == text


def test_entry_without_a_witness_gets_one_and_keeps_what_was_written():
    bare = FIRST.partition("signature")[0]
    changes = after(f"{HEAD}{bare}\n{SECOND}", *STILL_B, *STILL_A)
    assert changes.text == f"{HEAD}{FIRST}\n{SECOND}"
    assert changes.changed == 1


def test_stale_witness_is_replaced():
    changes = after(FIRST, *everywhere(B, "expected_failure", "grad is wrong", "07"))
    assert changes.text == FIRST.replace('"01"', '"07"')


def test_failure_that_changed_must_be_read_again():
    changes = after(FIRST, *everywhere(B, "fail", "grad is late", "01"))
    (entry,) = Expectations.parse(changes.text, "known.toml").entries
    assert entry.reason == f"{UNREAD}; it was: it replaces"
    assert (entry.signature, entry.link) == ("grad is late", "https://example.org/1")
    assert entry.unread


def test_glob_becomes_one_entry_for_each_failure():
    glob = '# both\n[[expected]]\nbehavior = "accumulation.*"\nreason = "r"\n'
    changes = after(
        f"shipped = false\n\n{glob}\n{SECOND.replace(A, C)}",
        *everywhere(A, "expected_failure", "s", "01"),
        *everywhere(B, "expected_failure", "t", "02"),
        *everywhere(C, "expected_failure", "grad is empty", "02"),
    )
    entries = Expectations.parse(changes.text, "known.toml").entries
    assert [(e.behavior, e.reason) for e in entries] == [(A, "r"), (B, "r"), (C, "it adds")]
    assert changes.text.count("# both") == 1
    assert changes.text.startswith("shipped = false\n\n# both\n[[expected]]\n")


def test_entry_is_narrowed_to_the_dtype_that_still_fails():
    changes = after(
        FIRST,
        result(B, "expected_failure", "grad is wrong", "01"),
        result(B, "unexpected_pass", dtype="float32"),
    )
    (entry,) = Expectations.parse(changes.text, "known.toml").entries
    assert (entry.dtype, entry.reason, entry.witness) == ("float64", "it replaces", b"\1")


def test_what_a_shipped_entry_expects_is_not_written_again():
    shipped = Expectations.parse(SECOND, "shipped").entries
    assert after("", *STILL_A, shipped=shipped).text == ""
    changed = everywhere(A, "fail", "grad is late", "02")
    assert after("", *changed, shipped=shipped).new == 1


def test_entries_in_a_list_are_refused():
    text = f'expected = [{{behavior = "{A}", reason = "r"}}]'
    with pytest.raises(ExpectationsError, match=r"known\.toml: write each known failure as"):
        after(text)
