"""The journal: what a run leaves behind, also when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.journal import Journal, JournalError, read_journal, run_info
from conformance.report import build_document
from conformance.report.__main__ import main
from conformance.results import Verdict

from .fake import INFO


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "run.jsonl"


def test_a_report_can_be_made_from_the_journal_alone(path, results):
    journal = Journal.open(path, INFO)
    for result in results:
        journal.add(result)
    journal.close(INFO)

    run, read = read_journal(path)

    assert run_info(run) == INFO
    assert read == results
    assert build_document(run_info(run), read) == build_document(INFO, results)


def test_each_verdict_is_on_disk_as_it_falls(path, results):
    journal = Journal.open(path, INFO)
    for count, result in enumerate(results[:5], start=1):
        journal.add(result)
        assert len(path.read_text("utf-8").splitlines()) == 1 + count
    journal.close(INFO)


def test_a_run_that_did_not_end_is_incomplete(path, results):
    with Journal.open(path, INFO) as journal:
        journal.add(results[0])

    run, read = read_journal(path)

    assert not run_info(run).complete
    assert read == results[:1]


def test_the_end_of_a_run_brings_its_last_facts(path):
    journal = Journal.open(path, replace(INFO, seconds=0.0))
    journal.close(replace(INFO, seconds=12.5))
    journal.close(INFO)

    assert run_info(read_journal(path)[0]) == replace(INFO, seconds=12.5)


def test_a_line_torn_anywhere_loses_itself_only(path, results):
    with Journal.open(path, INFO) as journal:
        for result in (results[0], replace(results[1], reason="∂y/∂x")):
            journal.add(result)
    whole = path.read_bytes()
    start = whole.rstrip().rindex(b"\n") + 1

    for end in range(start, len(whole) - 1):
        path.write_bytes(whole[:end])
        assert read_journal(path)[1] == results[:1]


def test_a_whole_last_line_needs_no_line_end(path, results):
    with Journal.open(path, INFO) as journal:
        journal.add(results[0])
    path.write_bytes(path.read_bytes().rstrip(b"\n"))

    assert read_journal(path)[1] == results[:1]


def test_a_line_broken_in_the_middle_is_an_error(path, results):
    with Journal.open(path, INFO) as journal:
        journal.add(results[0])
    path.write_bytes(path.read_bytes() + b'{"kind": "resu\n{"kind": "run"}\n')

    with pytest.raises(JournalError, match="line 3"):
        read_journal(path)


@pytest.mark.parametrize("content", [b"", b"\n", b'{"kind": "ru'])
def test_a_file_without_a_run_is_an_error(path, content):
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(JournalError, match="holds no run"):
        read_journal(path)


def test_the_newer_of_two_results_stays(path, results):
    newer = replace(results[0], verdict=Verdict.CRASH, reason="signal 11")
    with Journal.open(path, INFO) as journal:
        for result in (results[0], results[1], newer):
            journal.add(result)

    assert read_journal(path)[1] == [newer, results[1]]


def test_text_of_any_kind_survives(path, results):
    odd = replace(results[0], reason='\udc80\x00\u2028\n"</script>\\')
    with Journal.open(path, INFO) as journal:
        journal.add(odd)

    assert read_journal(path)[1] == [odd]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_run_leaves_its_verdicts(path, results):
    script = """
import sys, time
from fake import INFO, run
from conformance.journal import Journal
journal = Journal.open(sys.argv[1], INFO)
for result in run()[:7]:
    journal.add(result)
print("ready", flush=True)
time.sleep(60)
"""
    here = str(Path(__file__).parent)
    paths = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"ready"
        process.kill()

    run, read = read_journal(path)

    assert read == results[:7]
    assert run["complete"] is False


def test_the_command_writes_the_reports_of_a_journal(path, results, capsys):
    with Journal.open(path, INFO) as journal:
        for result in results:
            journal.add(result)

    assert main([str(path)]) == 0

    assert (path.parent / "torch-cpu.html").is_file()
    assert (path.parent / "torch-cpu.json").is_file()
    assert "incomplete run" in capsys.readouterr().out


def test_the_command_says_what_it_cannot_read(path, capsys):
    assert main([str(path)]) == 4

    assert "run.jsonl" in capsys.readouterr().err
