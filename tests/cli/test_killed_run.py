"""A run that is killed half way, all its processes at once, and what the command makes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from conformance.journal import read_journal
from conformance.report.reading import read_report

from .markup import Markup, rendered

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups here")

RUN = (
    "-m pytest --pyargs conformance --adapter=reference --profile=deep --dtype=float64"
    " --hypothesis-seed=1 --report=out -pno:cacheprovider"
).split()
ENOUGH = 5
SECONDS = 120


def lines_of(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.fixture(params=[(), ("-n2",), ("--isolate",)], ids=["alone", "n2", "isolate"])
def killed(request, tmp_path):
    """The journal of a run whose process group was killed after some verdicts."""
    journal = tmp_path / "out" / "reference-cpu.jsonl"
    process = subprocess.Popen(
        [sys.executable, *RUN, *request.param],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        waited = time.monotonic() + SECONDS
        while lines_of(journal) <= ENOUGH and time.monotonic() < waited:
            assert process.poll() is None, "the run ended by itself"
            time.sleep(0.02)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
    assert status == -signal.SIGKILL
    return journal


def test_a_killed_run_shows_what_it_had_judged(conformance, killed, tmp_path):
    page, text = tmp_path / "m.html", tmp_path / "m.md"
    info, results = read_journal(killed)
    judged = {result.behavior for result in results}
    assert len(judged) >= ENOUGH
    assert not info["complete"]
    assert [path.name for path in killed.parent.iterdir()] == [killed.name]

    done = conformance("matrix", killed, "--html", page, "--markdown", text)

    assert done.exit_code == 0
    fraction = read_report(killed).summary["total"]["fraction"]
    shown = Markup(page.read_text("utf-8")).text
    written = rendered(text.read_text("utf-8")).text
    for told in (done.output, shown, written):
        assert "partial run" in told
        assert fraction in told
        assert "%" not in told
    assert all(behavior in shown and behavior in written for behavior in judged)
