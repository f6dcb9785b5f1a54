"""The made-up run that the report's tests look at, and a browser to look with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.report import build_document, render_html, write_reports
from conformance.results import Result

from .fake import AREAS, ENGINES, INFO, run
from .pages import matrix_page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="session")
def results() -> list[Result]:
    return run()


@pytest.fixture(scope="session")
def document(results: list[Result]) -> dict[str, Any]:
    return build_document(INFO, results, areas=list(AREAS))


@pytest.fixture(scope="session")
def page_text(document: dict[str, Any]) -> str:
    return render_html(document)


@pytest.fixture(scope="session")
def page_path(results: list[Result], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reports(tmp_path_factory.mktemp("report"), INFO, results, areas=list(AREAS))[0]


@pytest.fixture(scope="session")
def matrix_path(results: list[Result], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three engines that were asked for less and less, the last one in a partial run."""
    documents = [
        build_document(
            replace(INFO, adapter=name, complete=name != "micrograd"),
            results[at:],
            areas=list(AREAS),
        )
        for at, name in enumerate(ENGINES)
    ]
    return matrix_page(tmp_path_factory.mktemp("matrix"), *documents)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser on the path: looked for {', '.join(BROWSERS)}")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any, page_path: Path) -> Iterator[Callable[..., Any]]:
    """Open the report in a fresh context; complaints and requests of the page fail the test."""
    contexts, complaints = [], []

    def visit(fragment: str = "", path: Path = page_path, **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith(("file:", "data:"))
                else complaints.append(f"asked for {asked.url}")
            ),
        )
        page.goto(path.as_uri() + fragment)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []
