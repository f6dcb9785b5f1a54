"""Pages made from documents, as the tests of the matrix need them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.report.matrix import build_matrix
from conformance.report.matrix_page import matrix_html
from conformance.report.reading import read_report


def matrix_page(folder: Path, *documents: Mapping[str, Any]) -> Path:
    """The matrix of some documents, written into a folder beside them."""
    paths = [folder / f"{at}.json" for at in range(len(documents))]
    for path, document in zip(paths, documents, strict=True):
        path.write_text(json.dumps(document), encoding="utf-8")
    path = folder / "matrix.html"
    path.write_text(
        matrix_html(build_matrix([read_report(one) for one in paths])), encoding="utf-8"
    )
    return path
