"""Trying phrases that make, read and switch tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import kinds
from .bench import Bench
from .kinds import Faulty

_VALUES = np.array([1.0, 2.0, 3.0])


def try_tensor(bench: Bench, name: str) -> None:
    """Make tensors of one number and of several, in each dtype."""
    bench.made(2.0)
    if bench.adapter.max_ndim != 0:
        try:
            bench.made(_VALUES)
        except Faulty as fault:
            came = f"of one number it makes a tensor, of several it {fault.finding.came}"
            mend = "say `max_ndim = 0` if the engine has scalars only"
            raise bench.wrong(name, _VALUES)(came, mend) from fault
    for dtype in bench.adapter.dtypes:
        bench.made(2.0, dtype=dtype)
    if len(bench.adapter.dtypes) > 1 and not bench.adapter.can("tensor.dtype"):
        raise bench.wrong(name)(
            f"the phrase makes no use of `dtype`, but {len(bench.adapter.dtypes)} are offered",
            "put `dtype` where the engine takes it, or offer only the dtype it makes",
        )


def try_value(bench: Bench, name: str) -> None:
    """Read the numbers of tensors."""
    made = [np.array(2.0)] if bench.adapter.max_ndim == 0 else [np.array(2.0), _VALUES]
    for numbers in made:
        x = bench.tensor(numbers)
        read = bench.say(name, x)
        bench.agree(name, [x], kinds.array(read, bench.wrong(name, x)), numbers)


def try_making(bench: Bench, name: str) -> None:
    """Make a tensor by another way than ``tensor``."""
    adapter = bench.adapter
    dtype = bench.dtype()
    shape: tuple[int, ...] = () if adapter.max_ndim == 0 else (3,)
    given: Mapping[str, tuple[Any, ...]] = {
        "plain_tensor": (np.full(shape, 5.0), dtype, adapter.device),
        "filled": (shape, 5.0, dtype, adapter.device, False),
        "filled_like": (bench.tensor(np.full(shape, 1.0)), 5.0),
    }
    bench.expect(name, given[name], bench.say(name, *given[name]), np.full(shape, 5.0))


def try_derived(bench: Bench, name: str) -> None:
    """Make a tensor of the same numbers from another."""
    x = bench.tensor(2.0, tracked=True)
    bench.expect(name, [x], bench.say(name, x), 2.0)


def try_negated(bench: Bench, name: str) -> None:
    """Negate three times."""
    x = bench.tensor(2.0)
    bench.expect(name, [x, 3], bench.say(name, x, 3), -2.0)


def try_flag(bench: Bench, name: str) -> None:
    """Read a flag of a tracked leaf and of an untracked one."""
    tracked = bench.tensor(2.0, tracked=True)
    if name == "same_object":
        same = bench.say(name, tracked, tracked)
        if not kinds.flag(same, bench.wrong(name, tracked, tracked)):
            came, mend = "False of a tensor and itself", "compare with `is`"
            raise bench.doubt(name, [tracked, tracked], came, mend)
        return
    read = kinds.flag(bench.say(name, tracked), bench.wrong(name, tracked))
    right = {"requires_grad": True, "is_leaf": True, "has_history": False}[name]
    if read is not right:
        came = f"{read} of a tracked leaf, where {right} is right"
        mend = "see that the phrase reads this flag, and that `tensor` uses `requires_grad`"
        raise bench.doubt(name, [tracked], came, mend)


def try_switch(bench: Bench, name: str) -> None:
    """Switch tracking on, and read the flag where there is a phrase."""
    x = bench.tensor(2.0)
    bench.say(name, x, True)
    if bench.adapter.can("requires_grad") and not bench.say("requires_grad", x):
        came = "`requires_grad` still reads False"
        raise bench.doubt(name, [x, True], came, "let the phrase switch the flag of the tensor")


def try_mode(bench: Bench, name: str) -> None:
    """Enter and leave a grad mode."""
    manager = kinds.context(bench.say(name), bench.wrong(name))
    try:
        with manager:
            pass
    except Exception as error:
        came = f"a context manager that raises {type(error).__name__}: {error}"
        raise bench.wrong(name)(came, "give a context manager that `with` can enter") from error


def try_grad_enabled(bench: Bench, name: str) -> None:
    """Read the grad mode."""
    if not kinds.flag(bench.say(name), bench.wrong(name)):
        came, mend = "False, before anything switched it off", "let it give True while recording"
        raise bench.doubt(name, [], came, mend)


def try_version(bench: Bench, name: str) -> None:
    """Read a version, which must be comparable."""
    x = bench.tensor(2.0)
    read = bench.say(name, x)
    if isinstance(read, bool) or not isinstance(read, int | np.integer):
        wanted = "a whole number that grows with each write"
        raise bench.wrong(name, x)(
            f"{kinds.described(read)}, not a whole number", kinds.mend_for(read, wanted)
        )


def try_dtype_of(bench: Bench, name: str) -> None:
    """Read the dtype, which must be the one that the tensor was made in."""
    for dtype in bench.adapter.dtypes:
        x = bench.tensor(2.0, dtype=dtype)
        read, right = bench.say(name, x), bench.adapter.dtype_objects[dtype]
        if read is None or (callable(read) and hasattr(read, "__self__")):
            raise bench.wrong(name, x)(
                kinds.described(read), kinds.mend_for(read, "the tensor's dtype")
            )
        if read != right:
            came = f"{read!r} of a tensor made in {right!r}"
            mend = "see that `tensor` uses `dtype`, and that `dtypes` names what the engine gives"
            raise bench.doubt(name, [x], came, mend)


def try_greater(bench: Bench, name: str) -> None:
    """Compare a tensor with a number."""
    x = bench.tensor(2.0)
    bench.expect(name, [x, 1.0], bench.say(name, x, 1.0), 1.0)


def try_to_number(bench: Bench, name: str) -> None:
    """Take out the one element."""
    x = bench.tensor(2.0)
    read = kinds.number(bench.say(name, x), bench.wrong(name, x))
    bench.agree(name, [x], np.asarray(read), 2.0)


PROBES: Mapping[str, Callable[[Bench, str], None]] = {
    "tensor": try_tensor,
    "value": try_value,
    "plain_tensor": try_making,
    "filled": try_making,
    "filled_like": try_making,
    "negated": try_negated,
    "dtype_of": try_dtype_of,
    "requires_grad": try_flag,
    "is_leaf": try_flag,
    "has_history": try_flag,
    "same_object": try_flag,
    "version": try_version,
    "set_requires_grad": try_switch,
    "assign_requires_grad": try_switch,
    "detach": try_derived,
    "detach_in_place": try_derived,
    "stop_gradient": try_derived,
    "no_grad": try_mode,
    "enable_grad": try_mode,
    "grad_enabled": try_grad_enabled,
    "greater": try_greater,
    "to_number": try_to_number,
}
