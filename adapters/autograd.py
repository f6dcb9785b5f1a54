"""autograd (HIPS), which differentiates functions of NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from conformance.functional_like import ACTIONS, OPS, FunctionalLike


class Autograd(FunctionalLike):
    """HIPS autograd: ``make_vjp`` and its relatives over ``autograd.numpy``."""

    name = "autograd"
    setup = """
import autograd.numpy as anp
from autograd import hessian, jacobian, make_jvp, make_vjp
"""
    module = "anp"
    version_phrase = "__import__('importlib.metadata').metadata.version('autograd')"
    ops: ClassVar[Mapping[str, str]] = OPS
    actions: ClassVar[Mapping[str, str]] = {
        **ACTIONS,
        "vjp": "[make_vjp(function, at)(*primals)[0](cotangent) for at in range(len(primals))]",
        "jvp": "make_jvp(function, range(len(primals)))(*primals)(tangents)",
    }
