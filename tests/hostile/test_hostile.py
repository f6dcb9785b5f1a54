"""Whatever an adapter does, a run ends, its verdicts are right, and its reports are whole."""

from __future__ import annotations

import json
import signal
from xml.etree import ElementTree

import pytest
from hostile_runs import ALL, DETACHING, MAKING, SUMMING, judged, only, start, words

from conformance.journal import read_journal
from conformance.report.__main__ import main as write_again

FAULTY = {
    "Mute": "its text cannot be read",
    "Unusual": "Unusual: odd",
    "Quits": "SystemExit: 3",
    "Marks": "<script>alert(1)</script>\\x1b[31m\\x00\\ud800",
    "Verbose": "RuntimeError: long long",
    "Descends": "RecursionError",
    "Says": "AttributeError",
    "Nothing": "AttributeError",
    "Lists": "AttributeError",
    "Reshaped": "shape",
    "Narrowed": "float16",
    "NotANumber": "the value is wrong",
    "Unsteady": "detaching gives another tensor",
    "Locked": "Locked: held",
    "Unreduced": "Unreduced: whole",
    "Oddly": "<b>\\x1b[31m</b>: named",
    "Random": "the value is wrong",
    "Once": "the value is wrong",
    "ThrowsOnce": "ValueError: only once",
    "FloodsAndFails": "the value is wrong",
}
FLEETING = ("Unsteady", "Once", "ThrowsOnce")
MISREAD = {
    "Lies": "fail",
    "LiesAtLength": "fail",
    "Undecided": "error",
    "ReadsText": "error",
    "ReadsNothing": "error",
    "ReadsAwkwardly": "error",
}
ILL_MANNERED = ("Chatters", "Floods", "InBackground", "Overwrites", "Unsettles")
ENDLESS = ("Hangs", "HangsOn")
SURVIVED = (*FAULTY, *MISREAD, *ILL_MANNERED, "SwitchesOff", *ENDLESS)
IN_A_ROW = """
import json, sys, pytest
statuses = {name: int(pytest.main(words)) for name, words in json.loads(sys.argv[1]).items()}
open("statuses.json", "w").write(json.dumps(statuses))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What running an adapter gave: exit status and the folder of reports.

    Those that leave their process alive run one after the other in one process, so that whatever
    they leave behind would show in the next.
    """
    directory = tmp_path_factory.mktemp("hostile")
    runs = {engine: words(engine) for engine in SURVIVED}
    done = start(directory, "-c", IN_A_ROW, json.dumps(runs))
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"INTERNALERROR" not in done.stdout
    assert b"\x1b" not in done.stdout
    assert len(done.stdout) < 1_000_000
    statuses = json.loads((directory / "statuses.json").read_text())
    return lambda engine: (statuses[engine], directory / engine)


@pytest.mark.parametrize("engine", FAULTY)
def test_fault_of_the_engine_is_one_failure(run, engine):
    status, out = run(engine)
    verdicts, results = judged(out)
    assert status == 1
    assert verdicts == only(DETACHING, "fail")
    (failure,) = (result.failure for result in results if result.failure)
    assert FAULTY[engine] in f"{failure.message} {failure.actual}"
    assert failure.verified == (engine not in FLEETING), failure.repro


@pytest.mark.parametrize("engine", FAULTY)
def test_failure_that_comes_and_goes_says_so(run, engine):
    (failing,) = (r for r in judged(run(engine)[1])[1] if r.failure)
    assert ("; not reproducible: " in failing.reason) == (engine in FLEETING)


@pytest.mark.parametrize("engine", MISREAD)
def test_reading_wrongly_concerns_every_behavior(run, engine):
    status, out = run(engine)
    verdicts, _ = judged(out)
    assert status == 1
    assert set(verdicts.values()) - {"blocked"} == {MISREAD[engine]}


@pytest.mark.parametrize("engine", ILL_MANNERED)
def test_bad_manners_are_no_divergence(run, engine):
    status, out = run(engine)
    assert judged(out)[0] == dict.fromkeys(ALL, "pass")
    assert status == 0


def test_mode_left_off_concerns_one_behavior(run):
    _, out = run("SwitchesOff")
    verdicts, _ = judged(out)
    assert (verdicts[SUMMING], verdicts[MAKING]) == ("pass", "pass")


def test_error_in_the_background_is_none_even_where_warnings_are(tmp_path):
    done = start(tmp_path, "-m", "pytest", *words("InBackground", "-Werror"))
    assert done.returncode == 0, done.stdout
    assert judged(tmp_path / "InBackground")[0] == dict.fromkeys(ALL, "pass")


@pytest.mark.parametrize(
    ("engine", "option", "verdict"),
    [
        ("Marks", "-n2", "fail"),
        ("Locked", "-n2", "fail"),
        ("Unreduced", "--isolate", "fail"),
        ("Oddly", "--isolate", "fail"),
        ("Once", "--isolate", "fail"),
        ("FloodsAndFails", "--isolate", "fail"),
        ("Floods", "-n2", "pass"),
        ("InBackground", "--isolate", "pass"),
    ],
)
def test_workers_tell_of_it_too(tmp_path, engine, option, verdict):
    done = start(tmp_path, "-m", "pytest", *words(engine, option, "--junitxml=junit.xml"))
    assert done.returncode == (verdict == "fail"), done.stdout
    verdicts, results = judged(tmp_path / engine)
    assert verdicts == only(DETACHING, verdict)
    for failing in (result for result in results if result.failure):
        assert FAULTY[engine] in f"{failing.failure.message} {failing.failure.actual}"
        assert ("not reproducible" in failing.reason) == (engine in FLEETING)
    assert len(list(ElementTree.parse(tmp_path / "junit.xml").iter("testcase"))) == len(ALL)
    assert b"\x1b" not in done.stdout
    assert len(done.stdout) < 200_000


@pytest.mark.parametrize("engine", ENDLESS)
def test_endless_loop_is_a_timeout(run, engine):
    status, out = run(engine)
    assert status == 1
    assert judged(out)[0] == only(DETACHING, "timeout")


def test_death_of_the_process_is_a_crash_of_one_behavior(tmp_path):
    done = start(tmp_path, "-m", "pytest", *words("Dies", "-n2"))
    assert done.returncode == 1
    assert judged(tmp_path / "Dies")[0] == only(DETACHING, "crash")


@pytest.mark.parametrize(
    ("engine", "verdict"),
    [
        ("Segfaults", "crash"),
        ("IsKilled", "crash"),
        ("LeavesAsIfDone", "crash"),
        ("NeverReturns", "timeout"),
        ("Hangs", "timeout"),
    ],
)
def test_isolated_death_ends_one_behavior_and_shows_its_program(tmp_path, engine, verdict):
    done = start(tmp_path, "-m", "pytest", *words(engine, "--isolate"))
    assert done.returncode == 1, done.stdout
    verdicts, results = judged(tmp_path / engine)
    assert verdicts == only(DETACHING, verdict)
    if engine != "Hangs":  # what can be interrupted keeps its process
        (failure,) = (result.failure for result in results if result.failure)
        assert "detach(" in failure.program
        assert "--hypothesis-seed=1" in failure.replay


@pytest.mark.parametrize(
    ("engine", "status"), [("Segfaults", -signal.SIGSEGV), ("LeavesAsIfDone", 0)]
)
def test_death_of_an_only_process_leaves_its_journal(tmp_path, engine, status):
    out = tmp_path / engine
    out.mkdir()
    older = [out / f"{engine.lower()}-cpu.{kind}" for kind in ("html", "json")]
    for path in older:
        path.write_text("of an older run", encoding="utf-8")

    done = start(tmp_path, "-m", "pytest", *words(engine))

    assert done.returncode == status
    assert not any(path.exists() for path in older)
    (journal,) = out.iterdir()
    info, results = read_journal(journal)
    assert not info["complete"]
    assert {r.behavior: r.verdict.value for r in results} == {SUMMING: "pass"}
    assert write_again([str(journal)]) == 0
    assert "Incomplete run" in older[0].read_text(encoding="utf-8")


def test_adapter_that_leaves_while_it_is_made_is_refused(tmp_path):
    done = start(tmp_path, "-m", "pytest", *words("Unimportable"))
    assert done.returncode == 4
    assert b"SystemExit: 5" in done.stderr
    assert not (tmp_path / "Unimportable").exists()
