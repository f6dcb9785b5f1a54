"""Which operations fit given operands, and how their static arguments are drawn.

Each entry of :data:`MOVES` takes the operand shapes and a byte source and gives the arguments, or
None where the operation does not fit; byte 0 stands for the simplest arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import permutations
from typing import Any

from conformance.draw import ByteSource
from conformance.kernels import reduced_axes

Shape = tuple[int, ...]
Params = tuple[Any, ...]
Move = Callable[[tuple[Shape, ...], ByteSource], Params | None]

NUMBERS = (2.0, 3.0, -1.0, 0.5, -2.0, 4.0, 1.5)
DIVISORS = (2.0, 4.0, -2.0, 0.5)


def _nothing(shapes: tuple[Shape, ...], source: ByteSource) -> Params:
    return ()


def _number(shapes: tuple[Shape, ...], source: ByteSource) -> Params:
    return (source.choose(NUMBERS),)


def _divisor(shapes: tuple[Shape, ...], source: ByteSource) -> Params:
    return (source.choose(DIVISORS),)


def _exponent(shapes: tuple[Shape, ...], source: ByteSource) -> Params:
    return (source.choose((2, 3, 1)),)


def _axis(shape: Shape, source: ByteSource) -> int:
    """An axis counted from the front or, half of the time, from the end."""
    pick = source.below(2 * len(shape))
    return pick if pick < len(shape) else pick - 2 * len(shape)


def _dim(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    return (_axis(shapes[0], source),) if shapes[0] else None


def _reduction(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    if not shapes[0]:
        return None
    axis = _axis(shapes[0], source)
    option = source.byte()
    if option & 2 and len(shapes[0]) > 1:
        other = (axis + 1) % len(shapes[0]) if axis >= 0 else -1 if axis != -1 else 0
        return ((axis, other), bool(option & 1))
    return (axis, bool(option & 1))


def _halving_mean(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    return () if _count(shapes[0], None) in (1, 2, 4, 8) else None


def _halving_mean_axis(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    params = _reduction(shapes, source)
    fits = params is not None and _count(shapes[0], params[0]) in (1, 2, 4, 8)
    return params if fits else None


def _count(shape: Shape, dim: Any) -> int:
    count = 1
    for axis in reduced_axes(dim, len(shape)):
        count *= shape[axis]
    return count


def _filled_mean(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    return () if 0 not in shapes[0] else None


def _filled_mean_axis(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    return _reduction(shapes, source) if 0 not in shapes[0] else None


def _mask(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    if any(0 in shape for shape in shapes):
        return None
    bits = source.byte()

    def build(shape: Shape, at: int) -> Any:
        if not shape:
            return bool((bits >> (at % 8)) & 1)
        return tuple(build(shape[1:], at * shape[0] + i) for i in range(shape[0]))

    return (build(max(shapes, key=len), 0),)


def _transpose(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    rank = len(shapes[0])
    if rank < 2:
        return None
    first = source.below(rank)
    return (first, -1 if first != rank - 1 else 0)


def _permute(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    rank = len(shapes[0])
    if rank < 2:
        return None
    return (source.choose(list(permutations(range(rank)))[::-1]),)


def _reshape(shapes: tuple[Shape, ...], source: ByteSource) -> Params:
    shape = shapes[0]
    size = _count(shape, None)
    options = [(size,), (*shape[1:], *shape[:1]), (1, *shape), (size, 1), shape]
    return (source.choose([option for option in options if len(option) <= 3]),)


def _expand(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    shape = shapes[0]
    count = source.choose((2, 3))
    stretched = tuple(count if size == 1 else size for size in shape)
    options = [stretched] if stretched != shape else []
    if len(shape) < 3:
        options.append((count, *shape))
    return (source.choose(options),) if options else None


def _unsqueeze(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    rank = len(shapes[0])
    return (source.below(rank + 1),) if rank < 3 else None


def _squeeze(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    ones = [axis for axis, size in enumerate(shapes[0]) if size == 1]
    return (source.choose(ones),) if ones else None


def _select(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    shape = shapes[0]
    if not shape or 0 in shape:
        return None
    last = shape[-1]
    options: list[tuple[Any, ...]] = [
        (0,),
        (-1,),
        (slice(1, None),),
        (Ellipsis, last - 1),
        (slice(None, None, 2),),
        (slice(1, None, 2),),
        (Ellipsis, slice(0, max(last - 1, 1))),
    ]
    if len(shape) < 3:
        options.append((None,))
    index = source.choose(options)
    if index[0] is Ellipsis:
        index = (slice(None),) * (len(shape) - 1) + index[1:]
    return (index,)


def _unbind(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    shape = shapes[0]
    if not shape or 0 in shape:
        return None
    dim = _axis(shape, source)
    return (dim, source.below(shape[dim]))


def _positions(size: int, source: ByteSource) -> tuple[int, ...]:
    count = source.choose((2, 1, 3))
    pattern = source.byte()
    return tuple((pattern // (i + 1) + (i if pattern & 1 else 0)) % size for i in range(count))


def _take(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    if not shapes[0] or shapes[0][0] == 0:
        return None
    return (_positions(shapes[0][0], source),)


def _index_select(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    if not shapes[0]:
        return None
    dim = _axis(shapes[0], source)
    return (dim, _positions(shapes[0][dim], source)) if shapes[0][dim] else None


def _gather(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    shape = shapes[0]
    if not shape or 0 in shape:
        return None
    dim = _axis(shape, source)
    pattern = source.byte()

    def build(at: int, rest: Shape) -> Any:
        if not rest:
            return (pattern >> (at % 8)) % shape[dim]
        return tuple(build(at * rest[0] + i, rest[1:]) for i in range(rest[0]))

    return (dim, build(0, shape))


def _join_axis(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    rank = len(shapes[0])
    unequal = [axis for axis in range(rank) if shapes[0][axis] != shapes[1][axis]]
    if unequal:
        return (unequal[0] - rank * (source.byte() & 1),)
    return (_axis(shapes[0], source),) if shapes[0] else None


def _new_axis(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    rank = len(shapes[0])
    return (source.choose((0, -1, rank)),) if rank < 3 else None


def _filled_dim(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    return _dim(shapes, source) if 0 not in shapes[0] else None


def _filled_norm(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    return () if shapes[0] and 0 not in shapes[0] else None


def _matrix_norm(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    return () if len(shapes[0]) == 2 and 0 not in shapes[0] else None


def _norm_axis(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    params = _filled_dim(shapes, source)
    return None if params is None else (2, params[0], bool(source.byte() & 1))


MOVES: Mapping[str, Move] = {
    **dict.fromkeys(
        "mul add sub neg abs relu maximum minimum clone sum dot mv mm matmul norm_l1 exp log sin "
        "cos tanh sigmoid sqrt reciprocal div pow".split(),
        _nothing,
    ),
    "mul_scalar": _number,
    "add_scalar": _number,
    "rsub_scalar": _number,
    "div_scalar": _divisor,
    "pow_scalar": _exponent,
    "sum_axis": _reduction,
    "mean": _halving_mean,
    "mean_axis": _halving_mean_axis,
    "cumsum": _dim,
    "transpose": _transpose,
    "permute": _permute,
    "reshape": _reshape,
    "expand": _expand,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "select": _select,
    "unbind": _unbind,
    "take": _take,
    "index_select": _index_select,
    "gather": _gather,
    "where": _mask,
    "concat": _join_axis,
    "stack": _new_axis,
    "softmax": _filled_dim,
    "log_softmax": _filled_dim,
    "norm_l2": _filled_norm,
    "norm_fro": _matrix_norm,
    "norm_axis": _norm_axis,
}

SMOOTH_MOVES: Mapping[str, Move] = {
    **MOVES,
    "mean": _filled_mean,
    "mean_axis": _filled_mean_axis,
}

BROADCASTING = frozenset("add sub mul div pow maximum minimum where".split())
EXACT_OPS = (
    "mul add sub sum mul_scalar neg pow_scalar sum_axis where select relu abs maximum minimum "
    "matmul mm mv dot transpose permute reshape expand unsqueeze squeeze cumsum concat stack "
    "unbind take index_select gather mean mean_axis div_scalar add_scalar rsub_scalar clone norm_l1"
).split()
SMOOTH_OPS = (
    "exp log sin cos tanh sigmoid sqrt div pow reciprocal softmax log_softmax norm_l2 norm_fro "
    "norm_axis"
).split()
