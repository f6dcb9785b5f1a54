"""``conformance list`` and ``conformance show``."""

from __future__ import annotations

import inspect
import io
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

from rich.console import Console

from conformance.catalogue import load_specs
from conformance.cli import main
from conformance.cli.behaviors import print_list
from conformance.cli.card import card, print_card
from conformance.cli.catalog_page import behaviors_markdown

from .runs import write_report

ROOT = Path(__file__).parents[2]
ID = "graph.retain-allows-repeats"


def terminal(width: int = 100) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, force_terminal=True, width=width, highlight=False), stream


def test_the_list_holds_every_behavior_as_plain_lines(conformance):
    done = conformance("list")

    behaviors = load_specs()
    lines = [line.split("\t") for line in done.output.splitlines()]
    assert lines == [[one.id, one.level.value, one.statement] for one in behaviors.values()]
    assert done.exit_code == 0


def test_the_list_can_be_narrowed(conformance):
    done = conformance("list", "--level", "core", "--area", "graph lifetime")

    behaviors = load_specs()
    ids = [line.partition("\t")[0] for line in done.output.splitlines()]
    assert ids == [
        one.id
        for one in behaviors.values()
        if one.level.value == "core" and (one.area == "Graph lifetime")
    ]
    assert ID in ids


def test_an_area_can_be_named_by_the_first_part_of_its_ids(conformance):
    ids = [
        line.partition("\t")[0] for line in conformance("list", "--area=graph").output.split("\n")
    ]

    assert ids[:-1] == [id_ for id_ in load_specs() if id_.startswith("graph.")]


def test_an_unknown_area_is_refused_with_the_closest(conformance):
    done = conformance("list", "--area", "Accumulations")

    assert done.exit_code == 2
    assert done.stderr.startswith("Error: there is no area 'Accumulations'; the closest are Accumu")
    assert done.stdout == ""


def test_on_a_terminal_the_list_is_a_table():
    console, stream = terminal(width=60)

    print_list(list(load_specs().values())[:3], console)

    heads, rule, *_ = stream.getvalue().splitlines()
    assert re.sub(r"\x1b\[[\d;]*m", "", heads).split() == ["id", "level", "statement"]
    assert "─" in rule


def test_brackets_in_a_statement_are_no_markup():
    behavior = replace(load_specs()[ID], statement="Row [bold] of [/] is x[i].")
    console, stream = terminal()

    print_list([behavior], console)

    assert "Row [bold] of [/] is x[i]." in stream.getvalue()


def test_a_card_holds_all_there_is_to_know(conformance):
    behavior = next(one for one in load_specs().values() if one.requires)

    done = conformance("show", behavior.id)

    assert done.exit_code == 0
    assert "\x1b" not in done.output
    for said in (behavior.id, behavior.statement, behavior.level.value, behavior.area):
        assert said in done.output
    for source in behavior.sources:
        assert f"{source.title}: {source.url}" in done.output
    assert re.findall(r"^builds on   (.*)$", done.output, re.MULTILINE) == [behavior.requires[0]]
    assert re.findall(r"^dtypes      (.*)$", done.output, re.MULTILINE) == [
        "any that the adapter offers"
    ]
    assert inspect.getsource(behavior.run).rstrip() in done.output


def test_a_card_names_what_builds_on_its_behavior(conformance):
    behaviors = load_specs()
    required = next(one.requires[0] for one in behaviors.values() if one.requires)

    output = conformance("show", required).output

    section = re.search(r"^built on by (.*?)\n\n", output, re.DOTALL | re.MULTILINE)
    above = {one.id for one in behaviors.values() if required in one.requires}
    assert section is not None
    assert set(section[1].split()) == above


def test_a_card_names_the_dtypes_that_a_promise_is_restricted_to():
    behavior = replace(load_specs()[ID], dtypes=("complex64", "complex128"))
    console, stream = terminal()

    print_card(card(behavior, [behavior]), console)

    lines = stream.getvalue().splitlines()
    assert "complex128" in lines[1 + next(n for n, line in enumerate(lines) if "complex64" in line)]


def test_on_a_terminal_a_card_is_colored():
    behaviors = load_specs()
    console, stream = terminal()

    print_card(card(behaviors[ID], behaviors.values()), console)

    assert "\x1b[" in stream.getvalue()
    assert behaviors[ID].statement in stream.getvalue()


def test_an_unknown_id_is_one_error_with_the_closest(conformance):
    done = conformance("show", "graph.retain-allow-repeats")

    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(
        f"Error: there is no behavior 'graph.retain-allow-repeats'; the closest are {ID}"
    )


def test_an_id_like_no_other_is_refused_too(conformance):
    done = conformance("show", "\x1b[31m<zzzz>")

    assert (done.exit_code, "\x1b" in done.stderr) == (2, False)
    assert "`conformance list` names them all" in done.stderr


def test_every_command_explains_itself_and_stands_in_the_readme(conformance, readme):
    for name in main.commands:
        assert conformance(name, "--help").exit_code == 0
    assert re.findall(r"^\| `conformance ([a-z-]+)", readme, re.MULTILINE) == list(main.commands)


def test_the_script_is_installed():
    (script,) = entry_points(group="console_scripts", name="conformance")

    assert script.load() is main


def test_documents_name_commands_and_options_that_exist():
    texts = [*(ROOT / "docs").glob("how-to-gate*.md"), ROOT / "README.md"]
    used = [
        found
        for text in texts
        for found in re.findall(
            r"^    conformance ([a-z-]+)(.*)$", text.read_text("utf-8"), re.MULTILINE
        )
    ]
    assert used
    for name, rest in used:
        options = {option for one in main.commands[name].params for option in one.opts}
        assert set(re.findall(r"--[a-z]+", rest)) <= options


def test_an_encoding_that_lacks_a_character_ends_no_command(tmp_path):
    old = write_report(tmp_path / "old.json", "a.one=pass", adapter="mötor")
    new = write_report(tmp_path / "new.json", "a.one=fail")

    done = subprocess.run(
        [sys.executable, "-m", "conformance", "diff", str(old), str(new)],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert "m\\xf6tor" in done.stdout
    assert "pass \\u2192 fail" in done.stdout


def test_the_list_can_be_written_as_a_page(conformance, tmp_path):
    page = tmp_path / "new" / "graph.md"

    done = conformance("list", "--area=graph", "--level=core", "--markdown", str(page))

    text = page.read_text("utf-8")
    chosen = [one for id_, one in load_specs().items() if id_.startswith("graph.")]
    core = [one for one in chosen if one.level.value == "core"]
    assert (done.exit_code, done.output) == (0, "")
    (command,) = re.findall(r"`(python -m conformance list .*?)`", " ".join(text.split()))
    page.unlink()
    assert conformance(*shlex.split(command)[3:]).exit_code == 0
    assert page.read_text("utf-8") == text
    assert re.findall(r"^### (.*)$", text, re.MULTILINE) == [one.id for one in core]
    for one in core:
        assert all(f"]({source.url})" in text for source in one.sources)


def test_nothing_in_a_statement_is_markup_on_the_page():
    behavior = replace(load_specs()[ID], statement="Row *i* of `x[i]` is <b>_y_</b>.")

    page = behaviors_markdown([behavior])

    assert r"Row \*i\* of \`x\[i\]\` is \<b\>\_y\_\</b\>." in page


def test_a_page_of_no_behaviors_is_refused(conformance, tmp_path):
    page = tmp_path / "none.md"

    done = conformance("list", "--area=devices", "--level=core", "--markdown", str(page))

    assert done.exit_code == 2
    assert "no behavior" in done.output
    assert not page.exists()
