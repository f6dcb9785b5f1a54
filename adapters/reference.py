"""The included reference engine."""

from __future__ import annotations

from conformance.adapter import UnusableError
from conformance.torch_like import TorchLike


class Reference(TorchLike):
    """The executable specification, on NumPy for cpu and on CuPy for cuda."""

    name = "reference"
    setup = "import conformance.reference as reference"
    module = "reference"
    version_phrase = "__import__('conformance').__version__"

    def check_device(self) -> None:
        """Refuse a device for which there are no arrays."""
        try:
            self.namespace["reference"].tensor([0.0], device=self.device)
        except (RuntimeError, ValueError, ImportError) as error:
            raise UnusableError(f"reference cannot use device {self.device!r}: {error}") from error
