"""The names of ``torch.autograd`` that the engine offers."""

from conformance.reference import forward_ad, function, functional
from conformance.reference.function import Function
from conformance.reference.modes import enable_grad, no_grad, set_grad_enabled
from conformance.reference.reverse import backward, grad

__all__ = [
    "Function",
    "backward",
    "enable_grad",
    "forward_ad",
    "function",
    "functional",
    "grad",
    "no_grad",
    "set_grad_enabled",
]
