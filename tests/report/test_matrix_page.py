"""The matrix of engines in a browser: filtering, widths, schemes, and hostile text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.report import build_document

from .fake import ENGINES, INFO, run
from .pages import matrix_page
from .test_browser import FAINT
from .test_html import HOSTILE


def shown(page) -> list[str]:
    return page.eval_on_selector_all(
        "tr.one-behavior", "rows => rows.filter(r => r.checkVisibility()).map(r => r.id)"
    )


def test_words_and_kinds_filter_the_rows(visit, matrix_path):
    page = visit(path=matrix_path)
    assert len(shown(page)) == 70

    page.select_option("#filter-kind", "diverging")
    assert page.inner_text("#shown") == "6 of 70 behaviors"
    page.fill("#filter-text", "SUMS-OVER already")
    assert shown(page) == ["accumulation.sums-over-calls"]
    assert page.locator("#table tbody:visible").count() == 1
    page.fill("#filter-text", "no such words")

    assert shown(page) == []
    assert page.locator("#no-match").is_visible()


def test_without_scripts_every_row_shows_and_no_dead_control(visit, matrix_path):
    page = visit(path=matrix_path, java_script_enabled=False)

    assert page.locator("tr.one-behavior:visible").count() == 70
    assert page.locator(":is(button, input, select, output):visible").count() == 0
    assert page.locator("tr.one-behavior td:visible").count() == 3 * 70


def test_the_filter_stands_in_the_address(visit, matrix_path):
    page = visit(path=matrix_path)
    page.fill("#filter-text", "no such words")
    page.select_option("#filter-kind", "differing")
    address = page.url

    assert address.endswith("matrix.html?words=no+such+words&show=differing")
    page.goto("about:blank")
    page.goto(address)
    assert shown(page) == []
    page.click("#clear")
    assert len(shown(page)) == 70
    assert page.url == matrix_path.as_uri()


def test_an_address_leads_to_its_behavior(visit, matrix_path):
    page = visit("#leaves.rule-3", path=matrix_path, viewport={"width": 1280, "height": 600})

    page.wait_for_function(
        "() => { const {top, bottom} = document.querySelector(':target').getBoundingClientRect();"
        " return top >= 0 && bottom <= innerHeight }"
    )
    assert page.locator(":target").get_attribute("id") == "leaves.rule-3"


@pytest.mark.parametrize("width", [320, 640, 820, 1280])
def test_the_page_never_scrolls_sideways(visit, matrix_path, width):
    page = visit(path=matrix_path, viewport={"width": width, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_many_engines_scroll_in_a_region_of_their_own(visit, tmp_path):
    documents = [build_document(replace(INFO, adapter=f"engine-{n}"), run()) for n in range(14)]

    page = visit(path=matrix_page(tmp_path, *documents), viewport={"width": 900, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth") <= 900
    region = page.locator(".scroller", has=page.locator("#table"))
    assert region.evaluate("one => one.scrollWidth > one.clientWidth")


def test_on_a_narrow_screen_each_verdict_names_its_engine(visit, matrix_path):
    page = visit(path=matrix_path, viewport={"width": 360, "height": 800})

    labels = page.eval_on_selector_all(
        "tr.one-behavior:first-of-type td, tr.one-behavior:nth-of-type(2) td",
        "cells => cells.slice(0, 3).map(c => getComputedStyle(c, '::before').content)",
    )

    assert labels == [f'"{name} "' for name in ENGINES]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(visit, matrix_path, scheme):
    page = visit(path=matrix_path, color_scheme=scheme)

    assert page.evaluate(FAINT) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_runs_nothing(visit, tmp_path, text):
    result = replace(run()[0], behavior=text, area=text, statement=text, sources=((text, text),))
    info = replace(INFO, adapter=text, engine_version=text, device=text)
    page = visit(path=matrix_page(tmp_path, build_document(info, [result, run()[1]])))

    page.fill("#filter-text", "no such words at all")

    assert shown(page) == []
