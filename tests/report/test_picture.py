"""The picture of a program's graph."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from conformance.report.picture import LARGEST, draw
from conformance.results import Node

from .fake import FAILURE


def chain(length: int) -> tuple[list[Node], list[tuple[str, str]]]:
    nodes = [Node(str(i), f"v{i}", "result") for i in range(length)]
    return nodes, [(str(i), str(i + 1)) for i in range(length - 1)]


def parsed(nodes, edges):
    return ElementTree.fromstring(str(draw(nodes, edges)))


def test_each_node_is_drawn_in_the_shape_of_its_kind():
    picture = parsed(FAILURE.nodes, FAILURE.edges)
    groups = {group.find("text").text: group for group in picture.findall("g")}

    assert [group.get("class") for group in groups.values()] == [
        node.kind for node in FAILURE.nodes
    ]
    assert len({_outline(group) for group in groups.values()}) == 4


def test_operands_stand_above_what_uses_them():
    picture = parsed(FAILURE.nodes, FAILURE.edges)
    heights = {text.text.partition(" ")[0]: float(text.get("y")) for text in picture.iter("text")}

    assert all(heights[start] < heights[end] for start, end in FAILURE.edges)


def test_boxes_keep_apart_and_inside():
    nodes = [Node(f"x{i}", f"x{i} = leaf([1.0, 2.0, 3.0])", "leaf") for i in range(5)]
    nodes += [Node("y", "y = stack(x0, x1, x2, x3, x4)", "root")]
    picture = parsed(nodes, [(f"x{i}", "y") for i in range(5)])
    boxes = sorted((float(r.get("x")), float(r.get("width"))) for r in picture.iter("rect"))

    assert boxes[0][0] >= 0
    assert sum(boxes[-1]) <= float(picture.get("width"))
    for (left, width), (right, _) in pairwise(boxes):
        assert left + width < right


def test_an_operand_used_twice_has_two_edges():
    nodes, _ = chain(2)
    lines = parsed(nodes, [("0", "1"), ("0", "1")]).findall("path[@class='edge']")

    assert len({line.get("d") for line in lines}) == 2


def test_labels_are_cut_and_escaped():
    label = "<script>" + "x" * 100
    picture = str(draw([Node("a", label, "leaf")], []))

    assert "<script>" not in picture
    assert "&lt;script&gt;xxxx" in picture
    assert "…" in picture
    assert "x" * 30 not in picture


@pytest.mark.parametrize(
    "edges",
    [
        [("0", "1"), ("1", "2"), ("2", "0")],
        [("1", "1")],
        [("0", "nowhere"), ("nowhere", "1")],
        [],
    ],
)
def test_graphs_that_are_none_are_drawn_as_far_as_they_go(edges):
    nodes, _ = chain(3)

    assert len(parsed(nodes, edges).findall("g")) == 3


def test_a_long_chain_is_drawn_and_a_longer_one_is_not():
    assert len(parsed(*chain(LARGEST)).findall("g")) == LARGEST
    assert draw(*chain(LARGEST + 1)) == ""
    assert draw([], []) == ""


def test_a_long_edge_passes_beside_the_nodes_between():
    nodes, edges = chain(4)
    picture = parsed(nodes, [*edges, ("0", "3")])
    (left, width), *_ = [
        (float(r.get("x")), float(r.get("width"))) for r in picture.findall("g/rect")[1:2]
    ]
    longest = max((p.get("d") for p in picture.findall("path[@class='edge']")), key=len)
    passes = [float(x) for x in re.findall(r"([\d.]+) [\d.]+(?=V)", longest)]

    assert len(passes) == 2
    assert all(not left < x < left + width for x in passes)


def _outline(group):
    shape = group[0]
    return shape.tag, shape.get("rx"), shape.get("stroke-dasharray")
