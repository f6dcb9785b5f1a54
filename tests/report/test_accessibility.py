"""What axe-core finds on the pages: nothing, in either scheme, wide or narrow, folded or not."""

from __future__ import annotations

import pytest

from conformance.report.view import WORDS

from .test_browser import FAILING

axe = pytest.importorskip("axe_playwright_python.sync_playwright")

OPTIONS = {"resultTypes": ["violations"]}
UNLABELLED = """() => {
  const field = document.querySelector("#filter-verdict");
  field.labels[0].replaceWith(field);
}"""
LAID_OUT = ".behavior, .one-behavior { content-visibility: visible !important; }"


def violations(page) -> list[str]:
    """Each violated rule with its impact and the elements at fault; rows out of sight count too."""
    page.add_style_tag(content=LAID_OUT)
    response = axe.Axe().run(page, options=OPTIONS).response
    assert len(response["passes"]) > 15
    return [
        f"{one['id']} ({one['impact']}): {[node['html'] for node in one['nodes']]}"
        for one in response["violations"]
    ]


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("unfolded", [True, False])
def test_axe_finds_nothing_in_a_report(visit, page_path, unfolded, scheme, width):
    page = _at(visit, page_path, scheme, width)
    page.eval_on_selector_all("details", "(all, open) => all.forEach(d => d.open = open)", unfolded)

    assert violations(page) == []


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_matrix(visit, matrix_path, scheme, width):
    assert violations(_at(visit, matrix_path, scheme, width)) == []


@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_in_a_page_that_is_sorted_and_filtered(visit, page_path, width):
    page = visit(path=page_path, viewport={"width": width, "height": 900}, bypass_csp=True)
    page.click("#table thead th:has-text('Time') button")
    page.fill("#filter-text", "sums-over already")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")

    assert violations(page) == []


def test_axe_finds_nothing_where_no_behavior_matches_or_help_is_open(visit, page_path):
    page = visit(path=page_path, bypass_csp=True)
    page.fill("#filter-text", "no such words")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")

    assert page.locator("#help").is_visible()
    assert violations(page) == []


def test_the_axe_of_these_tests_finds_what_is_wrong(visit, page_path):
    page = visit(path=page_path, bypass_csp=True)
    page.evaluate(UNLABELLED)

    assert any(one.startswith("select-name (critical)") for one in violations(page))


def test_every_verdict_has_an_icon_of_its_own(visit, page_path):
    page = visit(path=page_path)

    icons = page.eval_on_selector_all(
        ".legend .mark", "all => all.map(one => getComputedStyle(one, '::before').maskImage)"
    )

    assert all(icon.startswith('url("data:image/svg+xml') for icon in icons)
    assert len(set(icons)) == len(icons) == len(WORDS)


def test_every_copy_button_says_what_it_copies(visit, page_path):
    page = visit(path=page_path)

    names = page.eval_on_selector_all(
        f"[id='{FAILING}'] button.copy", "all => all.map(one => one.getAttribute('aria-label'))"
    )

    assert names[:3] == [
        "Copy: The shrunk program",
        "Copy: Reproduce in float64, in the engine\u2019s own API",
        "Copy: Replay with the suite",
    ]


def test_rows_out_of_sight_keep_their_roles(visit, page_path):
    page = visit(path=page_path, viewport={"width": 1280, "height": 300})

    table = page.get_by_role("table").last
    assert table.get_by_role("row").count() == 1 + 10 + 70 + 4
    assert table.get_by_role("columnheader").count() == 6


def _at(visit, path, scheme, width):
    viewport = {"width": width, "height": 900}
    return visit(path=path, color_scheme=scheme, viewport=viewport, bypass_csp=True)
