"""How the arguments of indexing operations are drawn."""

from __future__ import annotations

from typing import Any

from conformance.draw import ByteSource

Shape = tuple[int, ...]
Params = tuple[Any, ...]


def axis_of(shape: Shape, source: ByteSource) -> int:
    """An axis counted from the front or, half of the time, from the end."""
    pick = source.below(2 * len(shape))
    return pick if pick < len(shape) else pick - 2 * len(shape)


def mask(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    if any(0 in shape for shape in shapes):
        return None
    bits = source.byte()

    def build(shape: Shape, at: int) -> Any:
        if not shape:
            return bool((bits >> (at % 8)) & 1)
        return tuple(build(shape[1:], at * shape[0] + i) for i in range(shape[0]))

    return (build(max(shapes, key=len), 0),)


def select(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
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


def unbind(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    shape = shapes[0]
    if not shape or 0 in shape:
        return None
    dim = axis_of(shape, source)
    return (dim, source.below(shape[dim]))


def _positions(size: int, source: ByteSource) -> tuple[int, ...]:
    count = source.choose((2, 1, 3))
    pattern = source.byte()
    return tuple((pattern // (i + 1) + (i if pattern & 1 else 0)) % size for i in range(count))


def take(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    if not shapes[0] or shapes[0][0] == 0:
        return None
    return (_positions(shapes[0][0], source),)


def index_select(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    if not shapes[0]:
        return None
    dim = axis_of(shapes[0], source)
    return (dim, _positions(shapes[0][dim], source)) if shapes[0][dim] else None


def gather(shapes: tuple[Shape, ...], source: ByteSource) -> Params | None:
    shape = shapes[0]
    if not shape or 0 in shape:
        return None
    dim = axis_of(shape, source)
    pattern = source.byte()

    def build(at: int, rest: Shape) -> Any:
        if not rest:
            return (pattern >> (at % 8)) % shape[dim]
        return tuple(build(at * rest[0] + i, rest[1:]) for i in range(rest[0]))

    return (dim, build(0, shape))
