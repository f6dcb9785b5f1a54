"""The matrix of engines for browsers: one HTML file that needs no network and no scripts."""

from __future__ import annotations

from .document import SUITE, suite_version
from .html import assets, content_policy, page_environment
from .matrix import Matrix, tallies, untried
from .view import DIVERGING, WORDS


def matrix_html(matrix: Matrix) -> str:
    """The page for a matrix, in the look of the report."""
    environment = page_environment()
    environment.filters["untried"] = untried
    style = assets(environment, "report.css", "icons.css", "print.css", "matrix.css")
    script = assets(environment, "address.js", "matrix.js")
    return environment.get_template("matrix.html.j2").render(
        suite={"name": SUITE, "version": suite_version()},
        matrix=matrix,
        tallies=list(tallies(matrix)),
        words=WORDS,
        diverging=DIVERGING,
        style=style,
        script=script,
        policy=content_policy(style, script),
    )
