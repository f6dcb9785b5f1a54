"""The page as text: what it holds without scripts, and what it never lets through."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from conformance.report import build_document, render_html
from conformance.report.highlight import highlight
from conformance.report.html import date, duration, percent, printable, prose
from conformance.results import Node, Verdict

from .fake import AREAS, FAILURE, INFO, MESSAGE, REPRO, run

HOSTILE = [
    "</script><script>alert(1)</script>",
    "</title></style><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onfocus='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "<!-- ]]> -->&lt;&amp;",
    "\x00\x1b[31m\u202edlrow\udcff",
    "`<b>`",
]


class Page(HTMLParser):
    """The elements, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def named(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture(scope="module")
def page(page_text):
    return Page(page_text)


def hostile_page(text: str) -> str:
    failure = replace(
        FAILURE,
        message=text,
        expected=text,
        actual=text,
        program=text,
        repro=text,
        replay=text,
        nodes=(Node(text, text, text), Node("b", text, "root")),
        edges=((text, "b"),),
    )
    result = replace(
        run()[0],
        area=text,
        statement=text,
        sources=((text, f"https://example.org/{text}"), (text, "javascript:alert(1)")),
        reason=text,
        verdict=Verdict.FAIL,
        failure=failure,
    )
    results = [result, replace(result, dtype=text, verdict=Verdict.ERROR, failure=None)]
    results.append(replace(result, behavior="a.b", verdict=Verdict.UNSUPPORTED, failure=None))
    info = replace(
        INFO, adapter=text, engine_version=text, device=text, platform=text, started=text
    )
    return render_html(build_document(info, results))


def test_every_behavior_has_its_anchor_once(page, results):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]

    assert len(ids) == len(set(ids))
    assert {result.behavior for result in results} <= set(ids)
    assert "accumulation.sums-over-calls" in ids


def test_every_link_within_the_page_arrives(page):
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = [attributes.get("href") or "" for attributes in page.named("a", "use")]

    assert {link[1:] for link in links if link.startswith("#")} <= ids


def test_one_row_a_behavior_with_a_verdict_for_each_dtype(page):
    assert sum("behavior" in (one.get("class") or "") for one in page.named("tbody")) == 70
    cells = [one for one in page.named("td") if one.get("data-label") in INFO.dtypes]
    assert len(cells) == 140


def test_the_page_reads_without_scripts(page_text):
    text = " ".join("".join(Page(page_text).text).split())

    for said in (
        INFO.engine_version,
        str(INFO.seed),
        "2025-01-31 09:14 UTC",
        "120/131",
        "91.6 %",
    ):
        assert said in text
    for area in AREAS:
        assert area in text
    assert MESSAGE in text
    assert "x.grad == [1.5, 2.0]" in text
    assert " ".join(REPRO.split()) in text
    assert FAILURE.replay in text
    assert "verified" in text
    assert "not verified" in text


def test_divergences_are_open_and_the_rest_is_folded(page_text):
    opened = re.findall(
        r'<details class="divergence"( open)?>\s*<summary><span class="mark (\w+)', page_text
    )

    assert opened == [(" open", "fail")] * 2 + [("", "expected_failure")]
    assert re.findall(r'<details class="long-note"(.*?)>', page_text) == [""]


def test_nothing_is_loaded_from_elsewhere(page, page_text):
    assert not page.named("link", "img", "iframe", "object", "embed", "base")[1:]
    assert page.named("link") == [{"rel": "icon", "href": "data:,"}]
    assert not [one for one in page.named("script", "image") if "src" in one or "href" in one]
    assert "@import" not in page_text
    assert not re.findall(r"""url\((?!"data:)""", page_text)


def test_scripts_and_styles_are_bound_by_the_policy(page):
    policies = [one["content"] for one in page.named("meta") if "http-equiv" in one]

    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]
    assert "unsafe" not in policies[0]
    assert not [attributes for _, attributes in page.tags if "style" in attributes]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_an_engine_says_stays_text(text):
    source = hostile_page(text)
    page, clean = Page(source), Page(hostile_page("plain"))

    assert len(page.named("script", "style")) == len(clean.named("script", "style")) == 2
    assert not page.named("img")
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    assert not [a for a in page.named("a") if (a.get("href") or "").startswith("javascript:")]
    if "`" not in text:
        assert printable(text) in "".join(page.text)
    assert not set("\x00\x1b\u202e\udcff") & set(source)


def test_an_incomplete_run_shows_no_percentage():
    text = render_html(build_document(replace(INFO, complete=False), run()))

    assert "Incomplete run" in text
    assert not re.search(r"\d\u202f%", text)
    assert "120/131" in text


def test_memory_growth_is_told_and_pointed_out_where_it_is_large():
    small = [replace(one, memory_growth_mib=0.25) for one in run()[:2]]
    large, unmeasured = run()[2:4]
    results = [*small, replace(large, memory_growth_mib=64.0), unmeasured]

    text = "".join(Page(render_html(build_document(INFO, results))).text)

    assert "memory +0.2 MiB in float64, +0.2 MiB in float32" in text
    assert text.count("Memory grew: +64.0 MiB in float64.") == text.count("Memory grew") == 1
    assert 'class="memory"' not in render_html(build_document(INFO, run()))


def test_a_run_that_tried_nothing_says_so():
    assert "Nothing was tried" in render_html(build_document(INFO, []))


def test_what_was_not_tried_is_named_with_its_reason(page_text):
    apart = page_text[page_text.index('id="apart"') : page_text.index('id="behaviors"')]

    for said in ("register_hook", "grad-modes.rule-1", "blocked by", "#12345"):
        assert said in apart


def test_equal_documents_give_equal_pages(document, page_text):
    assert render_html(document) == page_text


def test_failures_that_differ_in_dtype_alone_are_told_once():
    page = render_html(build_document(INFO, run()))

    assert page.count("The same in") == 2


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 ms"), (0.0412, "41 ms"), (0.9996, "1.0 s"), (99.96, "1 min 40 s"), (134, "2 min 14 s")],
)
def test_durations(seconds, expected):
    assert duration(seconds).replace("\u202f", " ") == expected


@pytest.mark.parametrize(
    ("score", "expected"),
    [(1, "100 %"), (0.99999, "99.9 %"), (0.95, "95 %"), (0, "0 %"), (0.29, "29 %")],
)
def test_only_a_full_score_reads_a_hundred(score, expected):
    assert percent(score).replace("\u202f", " ") == expected


def test_dates():
    assert date("2025-01-31T09:14:07.123Z") == "2025-01-31 09:14 UTC"
    assert date("2025-01-31T09:14:07+02:00") == "2025-01-31 09:14 +02:00"
    assert date("yesterday") == "yesterday"


def test_prose_sets_code_and_links_known_ids():
    assert prose("`a<b` by x.y, x.z.", ids={"x.y"}) == (
        '<code>a&lt;b</code> by <a class="prose-id" href="#x.y">x.y</a>, x.z.'
    )


@pytest.mark.parametrize("source", [REPRO, *HOSTILE, "'''", "x = 1e-3 # <b>", "f'{x}'", ""])
def test_highlighting_changes_no_character(source):
    assert highlight(source).striptags() == " ".join(source.split()) or "<" in source
    assert re.sub(r'</?span(?: class="\w+")?>', "", str(highlight(source))) == _escaped(source)


def _escaped(text: str) -> str:
    return str(highlight("").escape(text))
