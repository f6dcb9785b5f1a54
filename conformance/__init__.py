"""Property-based conformance tests for automatic-differentiation engines.

The names below are imported on first use, so that pytest's entry point stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Adapter": "conformance.adapter",
    "FunctionalLike": "conformance.functional_like",
    "TorchLike": "conformance.torch_like",
    "UnusableError": "conformance.adapter",
    "ConformanceError": "conformance.checking",
    "check_conformance": "conformance.checking",
    "run_conformance": "conformance.embed",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'conformance' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
