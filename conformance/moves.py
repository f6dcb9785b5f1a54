"""Which operations fit given operands, and how their static arguments are drawn.

Each entry of :data:`MOVES` takes the operand shapes and a byte source and gives the arguments, or
None where the operation does not fit; byte 0 stands for the simplest arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import permutations
from typing import Any

from conformance import index_moves
from conformance.draw import ByteSource
from conformance.index_moves import Params, Shape, axis_of
from conformance.kernels import reduced_axes

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


def _dim(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    return (axis_of(shapes[0], source),) if shapes[0] else None


def _reduction(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    if not shapes[0]:
        return None
    axis = axis_of(shapes[0], source)
    option = source.byte()
    if option & 2 and len(shapes[0]) > 1:
        other = (axis + 1) % len(shapes[0]) if axis >= 0 else -1 if axis != -1 else 0
        return ((other, axis) if option & 4 else (axis, other), bool(option & 1))
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


def _join_axis(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    rank = len(shapes[0])
    unequal = [axis for axis in range(rank) if shapes[0][axis] != shapes[1][axis]]
    if unequal:
        return (unequal[0] - rank * (source.byte() & 1),)
    return (axis_of(shapes[0], source),) if shapes[0] else None


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
    "select": index_moves.select,
    "unbind": index_moves.unbind,
    "take": index_moves.take,
    "index_select": index_moves.index_select,
    "gather": index_moves.gather,
    "where": index_moves.mask,
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
