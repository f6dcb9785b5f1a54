"""The page in a browser: filtering, sorting, keys, copying, and its layout from wide to narrow."""

from __future__ import annotations

import pytest

from .fake import FAILURE, REPRO
from .test_html import HOSTILE, hostile_page

FAILING = "accumulation.sums-over-calls"
READ_CLIPBOARD = "navigator.clipboard.readText()"


def shown(page) -> list[str]:
    return page.eval_on_selector_all(
        "tbody.behavior", "rows => rows.filter(r => r.checkVisibility()).map(r => r.id)"
    )


def focused(page) -> str:
    return page.evaluate("document.activeElement.closest('tbody')?.id ?? document.activeElement.id")


def copy_button(page, label: str):
    codes = page.locator(f"[id='{FAILING}'] .code", has_text=label)
    return codes.get_by_role("button", name=f"Copy: {label}")


def test_words_filter_the_rows(visit):
    page = visit()
    assert page.inner_text("#shown") == "70 behaviors"

    page.fill("#filter-text", "SUMS-OVER already")

    assert shown(page) == [FAILING]
    assert page.inner_text("#shown") == "1 of 70 behaviors"
    assert page.locator("tbody.area:visible").count() == 1


def test_nothing_found_is_said_and_can_be_cleared(visit):
    page = visit()
    page.fill("#filter-text", "no such words")
    assert shown(page) == []
    assert page.locator("tbody.area:visible").count() == 0

    page.click("#clear")

    assert len(shown(page)) == 70


def test_verdict_level_and_area_filter_together(visit):
    page = visit()

    page.select_option("#filter-verdict", "diverging")
    assert len(shown(page)) == 6
    page.select_option("#filter-level", "core")
    assert len(shown(page)) == 4
    page.select_option("#filter-area", "Hooks")
    assert shown(page) == ["hooks.rule-3"]


def test_a_count_in_the_heading_shows_its_rows(visit):
    page = visit()

    page.click(".legend a[data-show=blocked]")

    assert shown(page) == ["graph-lifetime.rule-2", "graph-lifetime.rule-3"]


def test_columns_sort_both_ways_and_back(visit):
    page = visit()
    before = shown(page)
    head = page.locator("#table thead th", has_text="Time")
    times = "rows => rows.map(r => +r.rows[0].cells[5].dataset.key)"

    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    seconds = page.eval_on_selector_all("tbody.behavior", times)
    assert seconds == sorted(seconds, reverse=True)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()

    assert head.get_attribute("aria-sort") is None
    assert shown(page) == before


def test_sorting_by_dtype_puts_the_worst_first(visit):
    page = visit()

    page.click("#table thead th:has-text('float64') button")

    assert shown(page)[0] == FAILING
    assert page.locator("tbody.area:visible").count() == 0


def test_keys_find_rows_and_leave_typing_alone(visit):
    page = visit()

    page.keyboard.press("/")
    assert focused(page) == "filter-text"
    page.keyboard.type("rule-3 jk/?")
    assert page.input_value("#filter-text") == "rule-3 jk/?"
    page.keyboard.press("Escape")
    assert page.input_value("#filter-text") == ""

    page.keyboard.press("j")
    page.keyboard.press("j")
    assert focused(page) == shown(page)[1]
    page.keyboard.press("k")
    assert focused(page) == shown(page)[0]


def test_steps_pass_over_hidden_rows_and_enter_folds(visit):
    page = visit()
    page.select_option("#filter-verdict", "fail")
    page.evaluate("document.activeElement.blur()")
    details = page.locator(f"[id='{FAILING}'] > .detail > td > details")

    page.keyboard.press("j")

    assert focused(page) == FAILING
    page.keyboard.press("Enter")
    assert details.get_attribute("open") is None
    page.keyboard.press("Enter")
    assert details.get_attribute("open") is not None


def test_help_opens_and_closes(visit):
    page = visit()

    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")

    assert not page.locator("#help").is_visible()


def test_copying_uses_the_clipboard(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])

    button = copy_button(page, "Reproduce in float64")
    button.click()

    page.wait_for_function("button => button.textContent === 'Copied'", arg=button.element_handle())
    assert page.evaluate(READ_CLIPBOARD) == REPRO.rstrip()


def test_copying_works_without_the_clipboard_api(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText = undefined")

    button = copy_button(page, "Replay").first
    button.click()

    page.wait_for_function("button => button.textContent === 'Copied'", arg=button.element_handle())
    assert page.evaluate(READ_CLIPBOARD) == FAILURE.replay


@pytest.mark.parametrize("width", [320, 360, 640, 820, 1280])
def test_the_page_never_scrolls_sideways(visit, width):
    page = visit(viewport={"width": width, "height": 800})
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_all_rows_and_no_dead_controls_show(visit):
    page = visit(java_script_enabled=False)

    assert page.locator("tbody.behavior:visible").count() == 70
    assert page.locator(":is(button, input, select, output, dialog):visible").count() == 0
    assert page.locator(f"[id='{FAILING}'] svg.graph").is_visible()


def test_without_scripts_details_open_and_links_lead_to_rows(visit):
    page = visit(java_script_enabled=False, viewport={"width": 1280, "height": 600})
    known = page.locator("[id='functional-transforms.rule-3'] details.divergence")
    script = known.locator("pre", has_text="import torch").first
    assert not script.is_visible()

    known.locator("> summary").click()
    assert script.is_visible()
    page.click(f".divergences a[href='#{FAILING}']")

    assert page.locator(f"[id='{FAILING}']:target > .row").bounding_box()["y"] < 600


def test_without_scripts_each_headed_count_leads_to_the_behaviors(visit):
    page = visit(java_script_enabled=False, viewport={"width": 1280, "height": 600})

    page.click(".legend a >> nth=0")

    assert page.locator("#behaviors").bounding_box()["y"] < 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(visit, scheme):
    page = visit(color_scheme=scheme)

    assert page.evaluate(FAINT) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_runs_nothing(visit, tmp_path, text):
    path = tmp_path / "hostile.html"
    path.write_text(hostile_page(text), encoding="utf-8")
    page = visit(path=path)

    page.fill("#filter-text", "no such words at all")

    assert shown(page) == []


FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const channels = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => channels(color).slice(0, 3)
    .map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (channels(color)[3] > 0) return color;
    }
    return "white";
  };
  const faint = new Set();
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !one.checkVisibility() || one.closest("svg, script")) continue;
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.add(`${one.tagName}.${one.className} ${ratio.toFixed(2)}`);
  }
  return [...faint];
}"""
