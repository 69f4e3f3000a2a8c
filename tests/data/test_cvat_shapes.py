"""One shape of CVAT's."""

import math

import pytest

from frcnn.data.cvat_shapes import DRAWN, is_difficult, other_attributes, shape_of
from frcnn.data.shapes import around
from frcnn.data.xml_tree import Element, parse_xml


def element(text: str) -> Element:
    return parse_xml(text.encode(), "f.xml")


@pytest.mark.parametrize(
    ("text", "kind", "box"),
    [
        ('<box label="cat" xtl="1.5" ytl="2" xbr="30" ybr="40"/>', "box", (1.5, 2, 30, 40)),
        (
            '<box label="cat" xtl="10" ytl="10" xbr="30" ybr="20" rotation="90.0"/>',
            "turned",
            (15, 5, 25, 25),
        ),
        ('<polygon label="cat" points="1.0,2.0;5,9;3,4"/>', "outline", (1, 2, 5, 9)),
        (
            '<mask label="cat" rle="3, 4" left="2" top="3" width="5" height="6"/>',
            "outline",
            (2, 3, 7, 9),
        ),
        ('<ellipse label="cat" cx="10" cy="20" rx="5" ry="3"/>', "outline", (5, 17, 15, 23)),
    ],
)
def test_golden_shapes(text: str, kind: str, box: tuple[float, ...]) -> None:
    shape = shape_of(element(text))
    assert shape is not None
    assert (shape.name, shape.kind, shape.number) == ("cat", kind, 1)
    assert around(shape.points) == pytest.approx(box)


@pytest.mark.parametrize("tag", ["polyline", "points", "cuboid", "skeleton"])
def test_what_is_no_box(tag: str) -> None:
    assert tag in DRAWN
    assert shape_of(element(f'<{tag} label="cat" points="1,1;2,2"/>')) is None


def test_attributes() -> None:
    text = '<box occluded="1"><attribute name="{}">{}</attribute><attribute name="hue">red'
    text += "</attribute></box>"
    assert is_difficult(element(text.format("difficult", "true")))
    assert is_difficult(element(text.format("iscrowd", "1")))
    assert not is_difficult(element(text.format("difficult", "false")))
    assert other_attributes(element(text.format("difficult", "true"))) == {
        "attribute": 1,
        "occlusion": 1,
    }
    assert not other_attributes(element('<box occluded="0"/>'))


@pytest.mark.parametrize(
    "text",
    [
        "<box/>",
        '<box xtl="a" ytl="2" xbr="30" ybr="40"/>',
        '<box xtl="1" ytl="2" xbr="nan" ybr="40"/>',
        '<box xtl="1" ytl="2" xbr="3" ybr="40" rotation="x"/>',
        '<polygon points=""/>',
        '<polygon points="1,2;3"/>',
        '<mask left="1"/>',
        '<ellipse cx="1"/>',
    ],
)
def test_wrong_in_numbers(text: str) -> None:
    shape = shape_of(element(text))
    assert shape is not None
    assert math.isnan(around(shape.points)[0])


@pytest.mark.parametrize("turned", ["", 'rotation="30"'])
def test_corners_in_the_wrong_order_are_no_box(turned: str) -> None:
    shape = shape_of(element(f'<box xtl="30" ytl="2" xbr="1" ybr="40" {turned}/>'))
    assert shape is not None
    assert (shape.kind, shape.box) == ("inverted", (30, 2, 1, 40))
