"""``python -m conformance``: the ``conformance`` command, also where its script is not on the path."""

from __future__ import annotations

from conformance.cli import main

main(prog_name="python -m conformance")
