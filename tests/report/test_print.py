"""The pages on paper: everything unfolded, nothing cut off, no control, no dark ground."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest

from conformance.report import build_document

from .fake import DOCS, FAILURE, INFO, REPRO, run
from .pages import matrix_page
from .test_browser import FAILING, shown

pypdf = pytest.importorskip("pypdf")

CONTROLS = ":is(button, input, select, dialog, .skip, .contents):visible"
PAPER = {"width": 700, "height": 1000}
CLIPPED = """() => [...document.querySelectorAll("body *")]
  .filter(one => one.checkVisibility() && !one.closest("svg, .visually-hidden"))
  .filter(one => getComputedStyle(one).overflowX !== "visible" && one.scrollWidth > one.clientWidth
    || one.getBoundingClientRect().right > innerWidth + 1)
  .map(one => one.tagName + "." + one.className)"""


@pytest.fixture(params=["report", "matrix"])
def path(request, page_path, matrix_path):
    return {"report": page_path, "matrix": matrix_path}[request.param]


@pytest.fixture
def sheet(visit):
    """Open a page as it is laid out for paper."""

    def sheet(path, fragment="", **options):
        page = visit(fragment, path=path, viewport=PAPER, **options)
        page.emulate_media(media="print")
        return page

    return sheet


def sheets(page, **options) -> list[str]:
    """The text of each page of a PDF, in single spaces."""
    found = pypdf.PdfReader(BytesIO(page.pdf(format="A4", **options))).pages
    return [" ".join(one.extract_text().split()) for one in found]


def test_no_control_is_printed(sheet, path):
    assert sheet(path).locator(CONTROLS).count() == 0


def test_nothing_is_cut_off_at_an_edge(sheet, path):
    assert sheet(path).evaluate(CLIPPED) == []


def test_many_engines_fit_the_width_of_the_paper(sheet, tmp_path):
    documents = [
        build_document(replace(INFO, adapter=f"engine-{number}"), run()[:20])
        for number in range(14)
    ]

    page = sheet(matrix_page(tmp_path, *documents))

    assert page.evaluate(CLIPPED) == []
    assert "By level" in sheets(page)[0]


@pytest.mark.parametrize("scripts", [True, False])
def test_all_details_are_unfolded(sheet, page_path, scripts):
    page = sheet(page_path, java_script_enabled=scripts)

    assert page.locator("details:not([open])").count() > 0
    assert page.locator("details pre:visible").count() == page.locator("details pre").count()


def test_what_printing_unfolded_is_folded_again(visit, page_path):
    page = visit(path=page_path)
    before = page.locator("details[open]").count()

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")

    assert page.locator("details[open]").count() == before


@pytest.mark.parametrize("selector", ["html", ".statement", ".mark.fail", ".id", "pre"])
def test_colours_are_those_of_paper_whatever_the_scheme(sheet, page_path, selector):
    colours = "one => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]"

    light, dark = (
        sheet(page_path, color_scheme=scheme).locator(selector).first.evaluate(colours)
        for scheme in ("light", "dark")
    )

    assert light == dark


def test_the_ground_of_the_paper_is_white(sheet, path):
    ground = sheet(path, color_scheme="dark").evaluate(
        "getComputedStyle(document.documentElement).backgroundColor"
    )

    assert ground == "rgb(255, 255, 255)"


@pytest.mark.parametrize("landscape", [False, True])
def test_no_row_is_split_between_pages(visit, path, results, landscape):
    pages = sheets(visit(path=path), landscape=landscape)
    from_table = pages[
        next(at for at, page in enumerate(pages) if "Behaviors 70 behaviors" in page) :
    ]

    for result in results:
        holding = [page for page in from_table if f"{result.behavior} " in page]
        assert any(result.statement.replace("`", "") in page for page in holding)


def test_addresses_of_sources_are_readable(visit, path):
    text = "".join(sheets(visit(path=path))).replace(" ", "")

    assert f"<{DOCS}generated/torch.Tensor.backward.html>" in text
    assert text.count(f"<{DOCS}notes/autograd.html#") == 35


@pytest.mark.parametrize("scripts", [True, False])
def test_the_evidence_of_a_divergence_is_whole(visit, page_path, scripts):
    page = visit(path=page_path, java_script_enabled=scripts)
    text = "".join(sheets(page)).replace(" ", "")

    for said in (REPRO, REPRO.replace("float64", "float32"), FAILURE.program, FAILURE.replay):
        assert "".join(said.split()) in text


def test_a_divergence_starts_on_the_page_of_what_comes_before(visit, page_path):
    pages = sheets(visit(path=page_path))

    found = next(page for page in pages if "The shrunk program" in page)
    assert "accumulation.rule-6" in found


def test_a_long_line_of_a_script_wraps(visit, page_path):
    page = visit(path=page_path)
    page.locator(f"[id='{FAILING}'] .again pre").first.evaluate(
        "one => one.textContent = 'assert [' + '1.25, '.repeat(100) + 'the_end]'"
    )

    assert "the_end]" in "".join(sheets(page)).replace(" ", "")


def test_a_filtered_page_says_so_on_paper(sheet, page_path):
    page = sheet(page_path, "?words=sums-over+already")

    assert shown(page) == [FAILING]
    assert page.locator("#shown").inner_text() == "1 of 70 behaviors"
    assert page.locator("#shown").is_visible()
