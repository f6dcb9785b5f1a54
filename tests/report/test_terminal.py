"""The closing table in a terminal and in a log file."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from conformance.report import closing_table
from conformance.results import Verdict

from .fake import INFO, run


def printed(info=INFO, results=None, width=80, **options):
    stream = io.StringIO()
    console = Console(file=stream, width=width, **options)
    closing_table(info, run() if results is None else results, console, report="r/torch-cpu.html")
    return stream.getvalue()


def test_the_tallies_fit_eighty_columns():
    text = printed()
    table = text[: text.index("Divergences")]

    assert max(map(len, table.splitlines())) <= 80
    assert "…" not in text
    assert "120/131" in table
    assert "91.6 %" in table
    for name in ("core", "extended", "full", "Accumulation", "Functional transforms", "all"):
        assert name in table


def test_outside_a_terminal_there_is_no_color():
    assert "\x1b" not in printed()
    assert "\x1b" in printed(force_terminal=True)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_ids_are_whole_at_every_width(width):
    long = "area." + "-".join(["long"] * 30)
    results = [replace(one, behavior=long) for one in run() if one.verdict is Verdict.FAIL]

    assert long in printed(results=results, width=width)


def test_each_divergence_is_told_once_with_its_dtypes():
    text = printed()

    assert "fail accumulation.sums-over-calls (float64, float32)\n" in text
    assert text.count("accumulation.sums-over-calls") == 1
    assert "TypeError: vjp() missing" in text
    assert "Traceback" not in text
    assert text.rstrip().endswith("Report: r/torch-cpu.html")


def test_a_clean_run_lists_nothing():
    text = printed(results=[one for one in run() if one.verdict is Verdict.PASS])

    assert "Divergences" not in text
    assert "unexpected" not in text
    assert "120/120" in text


def test_an_incomplete_run_has_no_percentage():
    text = printed(replace(INFO, complete=False))

    assert "incomplete run, no score" in text
    assert "%" not in text


def test_what_an_engine_says_is_no_markup_and_no_escape_code():
    reason = "[bold]x[/bold] [/nonsense] \x1b[31mred"
    odd = replace(run()[0], verdict=Verdict.ERROR, reason=reason, area="[red]area[/red]")
    text = printed(replace(INFO, adapter="[link=x]"), [odd])

    for said in ("[bold]x[/bold] [/nonsense]", "[red]area[/red]", "[link=x]", "\\u001b[31mred"):
        assert said in text
    assert "\x1b" not in text


def test_plain_terminals_get_plain_characters():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    closing_table(INFO, run(), Console(file=stream, width=80))
    stream.flush()

    assert stream.buffer.getvalue().isascii()
