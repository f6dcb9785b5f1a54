"""What backward and grad accept, checked in full before a pass changes anything.

https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import arrays, dispatch, elementwise, tensors
from .errors import (
    AutogradError,
    NonScalarRootError,
    SeedMismatchError,
    UntrackedInputError,
    UntrackedRootError,
)

if TYPE_CHECKING:
    from .tensors import Tensor


def listed(given: Any) -> list[Tensor]:
    """One tensor or a sequence of them, as a list.

    Raises:
        TypeError: anything else.
    """
    if isinstance(given, tensors.Tensor):
        return [given]
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise TypeError(f"expected a tensor or a sequence of tensors, not {type(given).__name__}")
    for item in given:
        if not isinstance(item, tensors.Tensor):
            raise TypeError(f"expected tensors, found {type(item).__name__} among them")
    return list(given)


def seeds_for(roots: list[Tensor], given: Any, create_graph: bool) -> list[Tensor]:
    """One gradient for each root, ones standing in where they may be left out."""
    seeds = listed_seeds(given, len(roots))
    for place, root in enumerate(roots):
        check_root(root, place)
    return [seed_for(root, seed, create_graph) for root, seed in zip(roots, seeds, strict=True)]


def listed_seeds(given: Any, count: int) -> list[Any]:
    """The seeds as a list of ``count``, None for those left out.

    Raises:
        TypeError: neither tensors nor None.
        SeedMismatchError: another number of seeds than roots.
    """
    if given is None:
        return [None] * count
    seeds = [given] if isinstance(given, tensors.Tensor) else given
    if isinstance(seeds, str) or not isinstance(seeds, Sequence):
        raise TypeError(
            f"gradients can be tensors or None, not {type(given).__name__}; pass a tensor"
        )
    for seed in seeds:
        if seed is not None and not isinstance(seed, tensors.Tensor):
            raise TypeError(f"gradients can be tensors or None, not {type(seed).__name__}")
    if len(seeds) != count:
        raise SeedMismatchError(f"got {count} tensors and {len(seeds)} gradients; pass as many")
    return list(seeds)


def check_root(root: Tensor, place: int) -> None:
    """Refuse to start from a tensor without history."""
    if not root.requires_grad:
        raise UntrackedRootError(
            f"element {place} of tensors does not require grad and does not have a grad_fn; "
            "compute it from a tensor with requires_grad=True, with recording on"
        )


def seed_for(root: Tensor, seed: Tensor | None, create_graph: bool) -> Tensor:
    """The gradient to start ``root`` with, in the root's type.

    Raises:
        NonScalarRootError: left out although the root has not exactly one element.
        SeedMismatchError: the wrong shape or device.
    """
    if seed is None:
        if root.array.size != 1:
            raise NonScalarRootError(
                f"grad can be implicitly created only for scalar outputs, not for shape "
                f"{root.shape}; pass a gradient of that shape, or reduce it with sum()"
            )
        return ones(root)
    if seed.array.shape != root.array.shape:
        raise SeedMismatchError(
            f"mismatch in shape: the gradient has shape {seed.shape} and the output "
            f"{root.shape}; pass a gradient of exactly the output's shape"
        )
    if arrays.device_of(seed.array) != arrays.device_of(root.array):
        raise SeedMismatchError(
            f"the gradient is on {seed.device} and the output on {root.device}; move it with to()"
        )
    if not create_graph and seed.requires_grad:
        seed = seed.detach()
    return elementwise.cast(seed, root.array.dtype)


def ones(like: Tensor) -> Tensor:
    """The implicit seed."""
    return dispatch.constant(dispatch.zeros_like(like).array + 1, like)


def zeros(like: Tensor) -> Tensor:
    """The gradient of an unused input."""
    return dispatch.zeros_like(like)


def restricted_inputs(inputs: Any) -> list[Tensor]:
    """The inputs that backward is restricted to.

    Raises:
        AutogradError: none at all.
        UntrackedInputError: one that is not tracked.
    """
    wanted = listed(inputs)
    if not wanted:
        raise AutogradError("inputs argument to backward cannot be empty; leave it out instead")
    check_tracked(wanted)
    return wanted


def check_inputs(wanted: list[Tensor]) -> None:
    """Refuse to differentiate with respect to nothing, or to an untracked tensor."""
    if not wanted:
        raise AutogradError("grad requires non-empty inputs; name what to differentiate by")
    check_tracked(wanted)


def check_tracked(wanted: list[Tensor]) -> None:
    """Refuse untracked inputs."""
    for place, tensor in enumerate(wanted):
        if not tensor.requires_grad:
            raise UntrackedInputError(
                f"input {place}: one of the differentiated Tensors does not require grad; "
                "call requires_grad_() on it before computing the outputs"
            )
