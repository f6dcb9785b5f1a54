"""A report's address: a behavior to go to, and a filter that can be sent to somebody."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from .test_browser import FAILING, focused, shown

FIXED = "() => { history.replaceState = () => { throw new DOMException('', 'SecurityError') } }"


def test_an_address_leads_to_its_behavior(visit):
    page = visit("#functional-transforms.rule-3")

    assert focused(page) == "functional-transforms.rule-3"
    details = page.locator("[id='functional-transforms.rule-3'] > .detail > td > details")
    assert details.get_attribute("open") is not None


def test_an_address_leads_to_its_behavior_however_long_the_page(visit):
    page = visit("#higher-orders.rule-3", viewport={"width": 1280, "height": 500})

    row = page.locator("[id='higher-orders.rule-3'] > .row")
    page.wait_for_function(
        "row => { const {top, bottom} = row.getBoundingClientRect();"
        " return top >= 0 && bottom <= innerHeight }",
        arg=row.element_handle(),
    )
    assert focused(page) == "higher-orders.rule-3"


def test_the_filter_stands_in_the_address(visit):
    page = visit("?token=1")
    page.fill("#filter-text", "sums & over")
    page.select_option("#filter-verdict", "fail")
    address = page.url

    assert parse_qs(urlsplit(address).query) == {
        "token": ["1"],
        "words": ["sums & over"],
        "verdict": ["fail"],
    }
    page.goto("about:blank")
    page.goto(address)
    assert page.input_value("#filter-text") == "sums & over"
    assert page.input_value("#filter-verdict") == "fail"
    assert shown(page) == []
    page.click("#clear")
    assert parse_qs(urlsplit(page.url).query) == {"token": ["1"]}


def test_an_address_that_asks_for_no_known_verdict_hides_nothing(visit):
    page = visit("?verdict=splendid&filter-text=x&constructor=x")

    assert len(shown(page)) == 70
    assert page.input_value("#filter-verdict") == ""


def test_an_address_of_a_behavior_wins_over_its_filter(visit):
    page = visit(f"?verdict=pass#{FAILING}")

    assert focused(page) == FAILING
    assert len(shown(page)) == 70


def test_a_count_in_the_heading_has_an_address_of_its_own(visit):
    page = visit()

    page.click(".legend a[data-show=blocked]")

    assert page.url.endswith("?verdict=blocked#behaviors")


def test_a_viewer_that_lets_no_address_change_still_filters(visit):
    page = visit()
    page.evaluate(FIXED)

    page.fill("#filter-text", "sums-over already")

    assert shown(page) == [FAILING]
    assert urlsplit(page.url).query == ""
