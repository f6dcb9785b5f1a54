"""The names of ``torch.autograd`` that the engine offers."""

from . import forward_ad, function, functional
from .function import Function
from .modes import enable_grad, no_grad, set_grad_enabled
from .passes import backward, grad

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
