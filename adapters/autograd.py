"""autograd (HIPS), which differentiates functions of NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from conformance.functional_like import ACTIONS, OPS, FunctionalLike

_WITHOUT_DERIVATIVE = ("clone", "gather")


class Autograd(FunctionalLike):
    """HIPS autograd: ``make_vjp`` and its relatives over ``autograd.numpy``."""

    name = "autograd"
    setup = "import autograd\nimport autograd.numpy as anp"
    module = "anp"
    version_phrase = "__import__('importlib.metadata').metadata.version('autograd')"
    ops: ClassVar[Mapping[str, str]] = {
        **{name: text for name, text in OPS.items() if name not in _WITHOUT_DERIVATIVE},
        "expand": "a + engine.zeros(shape, a.dtype)",
    }
    actions: ClassVar[Mapping[str, str]] = {
        **ACTIONS,
        "vjp": "[autograd.make_vjp(function, i)(*primals)[0](cotangent) "
        "for i in range(len(primals))]",
        "jvp": "autograd.make_jvp(function, [*range(len(primals))])(*primals)(tangents)",
        "jacobian": "jacobians(function, primals)",
        "hessian": "hessians(function, primals)",
    }
    definitions: ClassVar[Mapping[str, str]] = {
        "jacobians": """
def jacobians(function, primals):
    if not isinstance(primals, tuple):
        return autograd.jacobian(function)(primals)
    return [autograd.jacobian(function, i)(*primals) for i in range(len(primals))]
""",
        "hessians": """
def hessians(function, primals):
    total = lambda *xs: anp.sum(function(*xs))
    if not isinstance(primals, tuple):
        return autograd.hessian(total)(primals)
    at = range(len(primals))
    return [[autograd.jacobian(autograd.grad(total, i), j)(*primals) for j in at] for i in at]
""",
    }
