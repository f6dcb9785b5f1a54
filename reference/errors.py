"""The engine's errors: one class for each refusal, each a subclass of what torch raises there.

A message says what was wrong and how to mend it, so that a reader needs no second page.
"""

from __future__ import annotations


class AutogradError(RuntimeError):
    """A request that automatic differentiation cannot honour."""


class GraphFreedError(AutogradError):
    """A second pass over an operation whose saved values an earlier pass released."""


class ModifiedSavedTensorError(AutogradError):
    """A value saved for backward was modified in place afterwards."""


class NonScalarRootError(AutogradError):
    """A root with several elements, or none, was given no gradient."""


class UntrackedRootError(AutogradError):
    """Backward was asked to start from a tensor without history."""


class SeedMismatchError(AutogradError):
    """A root's gradient differs from the root in shape, device or number."""


class UnusedInputError(AutogradError):
    """A requested input does not influence the outputs."""


class UntrackedInputError(AutogradError):
    """A requested input, or a hooked tensor, does not require a gradient."""


class NotDifferentiableError(AutogradError):
    """Tracking was asked for where no derivative exists, or was already refused."""


class LeafStateError(AutogradError):
    """A change of state that only a leaf allows, or that a leaf forbids."""


class InPlaceOnLeafError(AutogradError):
    """A tracked leaf, or a view of one, would be overwritten while recording."""


class InPlaceError(AutogradError):
    """An in-place write that does not fit its target's shape, dtype or memory."""


class GradientMismatchError(AutogradError):
    """A gradient does not fit the tensor it belongs to."""


class HookResultError(AutogradError):
    """A hook returned a gradient of another shape or type."""


class FunctionContractError(AutogradError):
    """A custom function broke the contract between its forward and its backward."""


class ForwardModeError(AutogradError):
    """Forward mode was used outside a level, or with a tangent that does not fit."""


class ShapeError(AutogradError):
    """Operands whose shapes the operation cannot combine."""


class DeviceError(AutogradError):
    """A device that is not there, or operands on different devices."""
