"""PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from conformance.adapter import UnusableError
from conformance.torch_like import ACTIONS, TorchLike


class Torch(TorchLike):
    """PyTorch on any of its devices."""

    name = "torch"
    setup = "import torch"
    module = "torch"
    version_phrase = "torch.__version__"
    # A forced conversion also reads tensors of zeros without memory, as second derivatives can be.
    actions: ClassVar[Mapping[str, str]] = {
        **ACTIONS,
        "value": "x.numpy(force=True)",
        "slot_value": "x.grad.numpy(force=True)",
    }

    def check_device(self) -> None:
        """Refuse a device that this build or machine does not have."""
        torch = self.namespace["torch"]
        try:
            torch.zeros(1, device=self.device)
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            first = str(error).strip().splitlines()[0]
            raise UnusableError(f"torch cannot use device {self.device!r}: {first}") from error
