"""A failing program's graph as inline SVG: layers from operands down to the root.

Every kind of node has its own outline, so the picture is readable without its colors; colors come
from the page's style sheet and follow its theme.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from conformance.results import Node

LARGEST = 60
_WIDE = 620
_LABEL = 22
_HEIGHT, _GAP, _RISE, _MARGIN = 30, 26, 62, 8
_KINDS = ("leaf", "constant", "result", "root")

Edge = tuple[str, str]


@dataclass(slots=True)
class _Box:
    """A node, or with no kind the place where a long edge passes a layer."""

    label: str
    kind: str
    layer: int
    width: float
    x: float = 0.0

    @property
    def y(self) -> float:
        return _MARGIN + _HEIGHT / 2 + self.layer * _RISE


def draw(nodes: Sequence[Node], edges: Iterable[Edge]) -> Markup:
    """The graph as an ``<svg>`` element; empty if there is nothing, or too much, to draw."""
    if not 0 < len(nodes) <= LARGEST:
        return Markup()
    boxes = {node.id: _box(node) for node in nodes}
    acyclic = _forward([edge for edge in edges if edge[0] in boxes and edge[1] in boxes], boxes)
    _layer(boxes, acyclic)
    paths = _route(boxes, acyclic)
    rows = _arrange(boxes, paths)
    width = _place(rows)
    height = 2 * _MARGIN + _HEIGHT + (len(rows) - 1) * _RISE
    lines = Markup().join(_line([boxes[name] for name in path], by) for path, by in _twins(paths))
    shapes = Markup().join(_shape(box) for box in boxes.values() if box.kind)
    summary = f"Graph of {len(nodes)} tensors: " + "; ".join(
        f"{boxes[start].label} → {boxes[end].label}" for start, end in acyclic
    )
    return Markup(
        '<svg class="graph{}" role="img" aria-label="{}" viewBox="0 0 {:.0f} {:.0f}"'
        ' width="{:.0f}" height="{:.0f}">{}{}</svg>'
    ).format(" wide" if width > _WIDE else "", summary, width, height, width, height, lines, shapes)


def _box(node: Node) -> _Box:
    label = " ".join(node.label.split()) or node.id
    if len(label) > _LABEL:
        label = label[: _LABEL - 1] + "…"
    kind = node.kind if node.kind in _KINDS else "result"
    return _Box(label, kind, 0, max(52.0, 7.3 * len(label) + 26))


def _forward(edges: Sequence[Edge], boxes: dict[str, _Box]) -> list[Edge]:
    """The edges that agree with some order of the nodes: those that close a cycle are left out."""
    waiting: dict[str, int] = dict.fromkeys(boxes, 0)
    for _, end in edges:
        waiting[end] += 1
    rank: dict[str, int] = {}
    while len(rank) < len(boxes):
        left = [name for name in boxes if name not in rank]
        chosen = next((name for name in left if waiting[name] == 0), left[0])
        rank[chosen] = len(rank)
        for start, end in edges:
            if start == chosen:
                waiting[end] -= 1
    return sorted(
        (edge for edge in edges if rank[edge[0]] < rank[edge[1]]),
        key=lambda edge: (rank[edge[1]], rank[edge[0]]),
    )


def _layer(boxes: dict[str, _Box], edges: Sequence[Edge]) -> None:
    """Each node just below its lowest operand, and each operand just above its first user."""
    for start, end in edges:
        boxes[end].layer = max(boxes[end].layer, boxes[start].layer + 1)
    fed = {end for _, end in edges}
    users: dict[str, list[int]] = defaultdict(list)
    for start, end in edges:
        users[start].append(boxes[end].layer)
    for name, layers in users.items():
        if name not in fed:
            boxes[name].layer = min(layers) - 1


def _route(boxes: dict[str, _Box], edges: Sequence[Edge]) -> list[list[str]]:
    """Each edge as the names of the boxes it passes, with a narrow unnamed box on every layer."""
    paths = []
    for number, (start, end) in enumerate(edges):
        path = [start]
        for layer in range(boxes[start].layer + 1, boxes[end].layer):
            name = f"\0{number}.{layer}"
            boxes[name] = _Box("", "", layer, 4.0)
            path.append(name)
        paths.append([*path, end])
    return paths


def _arrange(boxes: dict[str, _Box], paths: Sequence[Sequence[str]]) -> list[list[_Box]]:
    """The rows, ordered so that neighbours in the graph stand near each other."""
    near: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        for upper, lower in pairwise(path):
            near[upper].append(lower)
            near[lower].append(upper)
    depth = 1 + max(box.layer for box in boxes.values())
    rows = [[name for name, box in boxes.items() if box.layer == layer] for layer in range(depth)]
    for sweep in range(6):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            place = {name: i / max(1, len(r) - 1) for r in rows for i, name in enumerate(r)}
            mean = {
                name: sum(place[other] for other in near[name]) / (len(near[name]) or 1)
                for name in row
            }
            row.sort(key=mean.__getitem__)
    return [[boxes[name] for name in row] for row in rows]


def _place(rows: Sequence[Sequence[_Box]]) -> float:
    """Give every box its middle, each row centred; returns the width of the picture."""
    widths = [sum(box.width for box in row) + _GAP * (len(row) - 1) for row in rows]
    total = max(widths) + 2 * _MARGIN
    for row, width in zip(rows, widths, strict=True):
        left = (total - width) / 2
        for box in row:
            box.x = left + box.width / 2
            left += box.width + _GAP
    return total


def _twins(paths: Sequence[list[str]]) -> list[tuple[list[str], float]]:
    """Each path with its offset from the straight one, so that ``x * x`` shows two edges."""
    ends = [(path[0], path[-1]) for path in paths]
    return [
        (path, 14.0 * (ends[:i].count(ends[i]) - (ends.count(ends[i]) - 1) / 2))
        for i, path in enumerate(paths)
    ]


def _line(path: Sequence[_Box], offset: float) -> Markup:
    """An edge with its head: curves between the layers, upright past the boxes of a layer."""
    x, y = path[0].x + offset, path[0].y + _HEIGHT / 2
    curve = f"M{x:.1f} {y:.1f}"
    for box in path[1:]:
        last = box is path[-1]
        nx, ny = box.x + offset * last, box.y - _HEIGHT / 2 - 6 * last
        bend = (ny - y) / 2
        curve += f"C{x:.1f} {y + bend:.1f} {nx:.1f} {ny - bend:.1f} {nx:.1f} {ny:.1f}"
        x, y = nx, ny
        if not last:
            y += _HEIGHT
            curve += f"V{y:.1f}"
    head = f"M{x - 4:.1f} {y:.1f}h8l-4 6z"
    return Markup('<path class="edge" d="{}"/><path class="head" d="{}"/>').format(curve, head)


def _shape(box: _Box) -> Markup:
    left, right = box.x - box.width / 2, box.x + box.width / 2
    top, bottom = box.y - _HEIGHT / 2, box.y + _HEIGHT / 2
    rectangle = f'x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{_HEIGHT}"'
    if box.kind == "root":
        points = (
            f"{left:.1f},{box.y:.1f} {left + 10:.1f},{top:.1f} {right - 10:.1f},{top:.1f} "
            f"{right:.1f},{box.y:.1f} {right - 10:.1f},{bottom:.1f} {left + 10:.1f},{bottom:.1f}"
        )
        outline = Markup('<polygon points="{}"/>').format(points)
    elif box.kind == "leaf":
        outline = Markup(f'<rect {rectangle} rx="{_HEIGHT / 2}"/>')
    elif box.kind == "constant":
        outline = Markup(f'<rect {rectangle} stroke-dasharray="4 3"/>')
    else:
        outline = Markup(f'<rect {rectangle} rx="3"/>')
    return Markup('<g class="{}">{}<text x="{:.1f}" y="{:.1f}">{}</text></g>').format(
        box.kind, outline, box.x, box.y, box.label
    )
