"""What a process was busy with survives it."""

from __future__ import annotations

import subprocess
import sys

from conformance.recorder import Begun, Recorder, last_begun

KILLED = """
import os, signal, sys
from pathlib import Path
from conformance.recorder import Recorder
recorder = Recorder(Path(sys.argv[1]))
note = recorder.noting("first.behavior", "float64")
note(b"one")
note = recorder.noting("detach.result", "float32")
note(b"two and more")
note(b"three")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_last_example_of_a_killed_process_is_known(tmp_path):
    path = tmp_path / "gw0"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], timeout=60)

    assert done.returncode < 0
    begun = last_begun(path)
    assert (begun.behavior, begun.dtype, begun.data) == ("detach.result", "float32", b"three")


def test_a_behavior_may_die_before_its_first_example(tmp_path):
    Recorder(tmp_path / "gw0").noting("state.leaf", "float64")

    begun = last_begun(tmp_path / "gw0")
    assert begun == Begun("state.leaf", "float64", None, begun.at)


def test_the_error_for_which_a_process_ends_itself_is_known(tmp_path):
    recorder = Recorder(tmp_path / "gw0")
    recorder.noting("state.leaf", "float64")(b"\x01" * 100)
    assert last_begun(tmp_path / "gw0").end == ""

    recorder.note_end("MemoryError: ∂" * 10_000)

    begun = last_begun(tmp_path / "gw0")
    assert begun.data == b"\x01" * 100
    assert begun.end.startswith("MemoryError: ∂")
    assert len(begun.end) < 10_000


def test_nothing_noted_is_nothing_known(tmp_path):
    Recorder(tmp_path / "gw0")

    assert last_begun(tmp_path / "gw0") is None
    assert last_begun(tmp_path / "gw1") is None
