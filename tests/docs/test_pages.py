"""Documents agree with the suite: links lead somewhere, tables and commands are true."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from pages import PAGES, ROOT, anchors, commands, local_links, prose

from conformance.catalogue import load_specs
from conformance.cli import main
from conformance.cli.catalog_page import COMMAND, behaviors_markdown
from conformance.report.document import NOT_TRIED
from conformance.results import Verdict

CATALOG = ROOT / "docs" / "behaviors.md"


def test_the_catalog_is_current():
    written = CATALOG.read_text("utf-8")
    assert written == behaviors_markdown(load_specs().values()), f"out of date; run: {COMMAND}"


def test_the_catalog_has_a_heading_of_its_own_for_each_behavior():
    heads = re.findall(r"^### (.*)$", CATALOG.read_text("utf-8"), re.MULTILINE)
    assert heads == list(load_specs())
    assert set(Counter(head.replace(".", "") for head in heads).values()) == {1}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for file, anchor in local_links(page):
        assert file.exists(), file
        assert not anchor or anchor in anchors(file), f"{file.name}#{anchor}"


def test_the_index_holds_every_page_and_the_readme_leads_to_it():
    index = ROOT / "docs" / "README.md"
    linked = {file for file, _ in local_links(index)}
    assert set((ROOT / "docs").glob("*.md")) - linked == {index}
    assert index in {file for file, _ in local_links(ROOT / "README.md")}


def test_the_table_of_verdicts_says_what_the_suite_does():
    rows = re.findall(
        r"^\| `(\w+)` \| .* \| (yes|no) \| ?(yes)? ?\|$",
        prose(ROOT / "docs" / "verdicts.md"),
        re.MULTILINE,
    )
    assert {name: (counted == "yes", bool(red)) for name, counted, red in rows} == {
        verdict.value: (verdict not in NOT_TRIED, verdict.breaks_the_gate) for verdict in Verdict
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_have_the_options_that_are_given(page):
    for words in map(str.split, commands(page)):
        if words[0] != "conformance":
            continue
        offered = {option for one in main.commands[words[1]].params for option in one.opts}
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert used <= offered, words
