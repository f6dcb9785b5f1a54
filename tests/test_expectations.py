"""Expectations: what a file of known failures may say, what it means, and how it is refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from conformance.expectations import UNREAD, Expectation, Expectations, ExpectationsError

KNOWN = ("accumulation.sums-over-calls", "accumulation.one-seed", "hooks.run-once")
ENTRY = """
[[expected]]
behavior = "accumulation.sums-over-calls"
reason = "it replaces"
link = "https://example.org/1"
"""


def parse(text):
    return Expectations.parse(text, "known.toml", KNOWN)


def test_entry_is_read_and_matched():
    found = parse(ENTRY).match("accumulation.sums-over-calls", "float64", "cpu")
    assert found == Expectation(
        "accumulation.sums-over-calls", reason="it replaces", link="https://example.org/1"
    )
    assert str(found) == "it replaces (https://example.org/1)"
    assert parse(ENTRY).match("hooks.run-once", "float64", "cpu") is None


@pytest.mark.parametrize(
    ("extra", "dtype", "device", "matches"),
    [
        ('dtype = "float32"', "float32", "cpu", True),
        ('dtype = "float32"', "float64", "cpu", False),
        ('device = "cuda"', "float64", "cuda", True),
        ('device = "cuda"', "float64", "cuda:1", True),
        ('device = "cuda:0"', "float64", "cuda:1", False),
        ('device = "cuda:0"', "float64", "cuda", False),
        ('device = "cuda"', "float64", "cpu", False),
    ],
)
def test_entry_is_limited_to_a_dtype_or_device(extra, dtype, device, matches):
    expectations = parse(ENTRY + extra)
    found = expectations.match("accumulation.sums-over-calls", dtype, device)
    assert (found is not None) is matches


def test_entry_is_limited_to_an_adapter():
    expectations = parse(f'{ENTRY}adapter = "torch"')
    assert expectations.for_engine("torch", "2") == expectations
    assert expectations.for_engine("mine", "2").entries == ()


@pytest.mark.parametrize(
    ("wanted", "version", "matches"),
    [
        (">=2.1,<3", "2.13.0+cpu", True),
        (">=2.1,<3", "3.0", False),
        ("==2.*", "2.4", True),
        ("<2.2", "2.2.0a1", False),
        (">2", "2.5.0.dev20250101", True),
    ],
)
def test_entry_is_limited_to_versions_of_the_engine(wanted, version, matches):
    expectations = parse(f'{ENTRY}when = {{engine = "{wanted}"}}')
    assert bool(expectations.for_engine("torch", version).entries) is matches


def test_engine_without_a_version_cannot_be_compared():
    expectations = parse(f'{ENTRY}when = {{engine = ">1"}}')
    with pytest.raises(ExpectationsError, match=r"known\.toml, line 2: the version of mine reads"):
        expectations.for_engine("mine", "unknown")


def test_conditions_stand_in_when_or_beside_it():
    within = parse(f'{ENTRY}when = {{device = "cuda", dtype = "float32"}}')
    assert within == parse(f'{ENTRY}device = "cuda"\ndtype = "float32"')
    table = parse(f'{ENTRY}[expected.when]\ndevice = "cuda"\ndtype = "float32"')
    assert within == table


def test_signature_and_witness_are_read():
    entry = parse(f'{ENTRY}signature = "grad is wrong"\nwitness = "00ff"').entries[0]
    assert (entry.signature, entry.witness) == ("grad is wrong", b"\0\xff")
    assert parse(f'{ENTRY}signature = "s"\nwitness = ""').entries[0].witness == b""
    assert parse(ENTRY).entries[0].witness is None


def test_entry_is_in_force_up_to_its_last_day():
    today = date.today()
    assert parse(f"{ENTRY}expires = {today}").entries[0].expires == today
    with pytest.raises(ExpectationsError, match=r"line 6: the entry of accumulation\.sums-over"):
        parse(f"{ENTRY}expires = {today - timedelta(days=1)}")


@pytest.mark.parametrize("reason", [UNREAD, f"{UNREAD}; it was: r", UNREAD.lower()])
def test_reason_that_nobody_wrote_is_refused(reason):
    expectations = parse(ENTRY + ENTRY.replace("it replaces", reason))
    with pytest.raises(ExpectationsError, match=r"known\.toml, line 7: nobody has said"):
        expectations.read()
    assert parse(ENTRY).read() == parse(ENTRY)


def test_glob_covers_an_area_and_the_first_entry_counts():
    glob = ENTRY.replace("sums-over-calls", "*").replace("it replaces", "all of it")
    expectations = parse(ENTRY + glob)
    assert expectations.match("accumulation.sums-over-calls", "", "").reason == "it replaces"
    assert expectations.match("accumulation.one-seed", "", "").reason == "all of it"
    assert expectations.match("hooks.run-once", "", "") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[expected", ["known.toml is not TOML"]),
        ("expected = 3", ["[[expected]] table"]),
        ("expect = []", ["unknown key 'expect'"]),
        ("shipped = 1", ["true or false"]),
        (ENTRY.replace("reason", "why"), ["line 4", "unknown key 'why'"]),
        (ENTRY.replace('reason = "it replaces"', ""), ["line 2", "say the reason"]),
        (ENTRY.replace('"it replaces"', '"  "'), ["say the reason"]),
        (ENTRY.replace('"it replaces"', "7"), ["reason is a string, not 7"]),
        (ENTRY.replace("https://", ""), ["the address of a page"]),
        (ENTRY + ENTRY.replace("calls", "call"), ["line 8", "did you mean", KNOWN[0]]),
        (ENTRY.replace("accumulation.sums", "zzz"), ["no behavior is 'zzz-over-calls'"]),
        (ENTRY.replace("accumulation.sums-over-calls", "hook.*"), ["no behavior is 'hook.*'"]),
        (ENTRY + 'dtypes = "float32"', ["unknown key 'dtypes'", "did you mean 'dtype'"]),
        (ENTRY + "when = 'cuda'", ["line 6", "when is a table"]),
        (ENTRY + "when = {dtypes = 'float32'}", ["line 6", "'dtypes'", "mean 'dtype'"]),
        (ENTRY + "[expected.when]\ndtype = 3", ["line 6", "dtype of when is a string, not 3"]),
        (ENTRY + "dtype = 'f'\nwhen = {dtype = 'f'}", ["line 6", "given twice"]),
        (ENTRY + "when = {engine = 'new'}", ["line 6", "version specifier", "not 'new'"]),
        (ENTRY + "expires = 'soon'", ["line 6", "expires is a date", "'soon'"]),
        (ENTRY + "expires = 2030-01-01T00:00:00", ["expires is a date"]),
        (ENTRY + "signature = 's'\nwitness = 'xy'", ["line 7", "not hexadecimal: 'xy'"]),
        (ENTRY + "witness = '00'", ["line 6", "needs the signature"]),
        (
            ENTRY.replace("sums-over-calls", "*") + "signature = 's'\nwitness = '00'",
            ["line 3", "belongs to one behavior"],
        ),
        ("expected = [{behavior = 'hooks.run-once'}]", ["entry 1", "say the reason"]),
    ],
)
def test_unusable_text_is_refused_by_file_and_entry(text, words):
    with pytest.raises(ExpectationsError) as refusal:
        parse(text)
    assert "known.toml" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert all(word in str(refusal.value) for word in words)


def test_unreadable_file_is_refused(tmp_path):
    with pytest.raises(ExpectationsError, match=r"none\.toml: No such file"):
        Expectations.load(tmp_path / "none.toml", KNOWN)
    with pytest.raises(ExpectationsError, match="cannot read"):
        Expectations.load(tmp_path, KNOWN)
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ExpectationsError, match=r"odd\.toml: it is not UTF-8"):
        Expectations.load(tmp_path / "odd.toml", KNOWN)


def test_empty_file_expects_nothing(tmp_path):
    (tmp_path / "known.toml").touch()
    assert Expectations.load(tmp_path / "known.toml", KNOWN) == Expectations()


def test_shipped_entries_are_of_behaviors_that_exist():
    from conformance.catalogue import load_specs

    behaviors = load_specs()
    shipped = Expectations.shipped("torch", behaviors)
    found = shipped.match("accumulation.gradients-own-their-storage", "float64", "cpu")
    assert found.link == "https://github.com/pytorch/pytorch/issues/34082"


@pytest.mark.parametrize("adapter", ["mine", "", "../torch", "my.engine"])
def test_nothing_is_shipped_for_other_adapters(adapter):
    assert Expectations.shipped(adapter) == Expectations()


def test_own_entries_stand_before_the_shipped_ones_or_replace_them():
    shipped = parse(ENTRY)
    own = parse(ENTRY.replace("it replaces", "our reason"))
    both = own.over(shipped)
    assert [entry.reason for entry in both.entries] == ["our reason", "it replaces"]
    assert parse(f"shipped = false\n{ENTRY}").over(shipped).entries == shipped.entries
    assert parse("shipped = false").over(shipped).entries == ()


def test_lines_are_those_of_the_file_whatever_strings_hold():
    odd = '''
[[expected]]
behavior = "hooks.run-once"
reason = """
[[expected]]
behaviour = "this is no key"
"""

# the culprit
[[ "expected" ]]
"behavior" = "hooks.run-twice"
reason = "r"
'''
    with pytest.raises(ExpectationsError, match=r"known\.toml, line 11: no behavior"):
        parse(odd)
