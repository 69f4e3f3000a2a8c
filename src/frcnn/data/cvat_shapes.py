"""One shape of CVAT's, as its element has it: pixels, corners and points from (0, 0)."""

from collections import Counter
from collections.abc import Mapping

from frcnn.data.shapes import Kind, Point, Shape, ellipse, number_in, rectangle
from frcnn.data.xml_tree import Element

DRAWN = ("box", "polygon", "mask", "ellipse", "polyline", "points", "cuboid", "skeleton")
"""Elements that are drawn on a picture; others say something of the whole of it."""
_FLAGS = ("difficult", "iscrowd", "is_crowd")
_YES = ("1", "true", "yes")


def shape_of(element: Element) -> Shape | None:
    """Read a shape.

    Args:
        element: one of `DRAWN`.

    Returns:
        The shape; None for one that has no box.
    """
    said = element.attributes
    name, line = said.get("label", "").strip(), element.line
    degrees = number_in(said.get("rotation", "0"))
    if element.tag == "box":
        x1, y1, x2, y2 = (number_in(said.get(edge)) for edge in ("xtl", "ytl", "xbr", "ybr"))
        if not (x2 > x1 and y2 > y1):  # a mistake, not a box
            return Shape(name, ((x1, y1), (x2, y2)), line, "inverted")
        corners = rectangle((x1, y1, x2, y2), degrees, ((x1 + x2) / 2, (y1 + y2) / 2))
        kind: Kind = "turned" if degrees % 360 else "box"
        return Shape(name, corners, line, kind)
    if element.tag == "polygon":
        return Shape(name, _points(said.get("points", "")), line, "outline")
    if element.tag == "mask":
        x, y, w, h = (number_in(said.get(word)) for word in ("left", "top", "width", "height"))
        return Shape(name, ((x, y), (x + w, y + h)), line, "outline")
    if element.tag == "ellipse":
        x, y, across, down = (number_in(said.get(word)) for word in ("cx", "cy", "rx", "ry"))
        return Shape(name, ellipse((x, y), (across, down), degrees), line, "outline")
    return None


def is_difficult(element: Element) -> bool:
    """Say whether a shape has an attribute that makes it difficult, or a crowd.

    Args:
        element: the shape.

    Returns:
        Whether it is so.
    """
    return any(_attributes(element).get(flag, "").lower() in _YES for flag in _FLAGS)


def other_attributes(element: Element) -> Counter[str]:
    """Count what a box has no room for.

    Args:
        element: the shape.

    Returns:
        How many attributes it has, and whether it is occluded.
    """
    others = [name for name in _attributes(element) if name not in _FLAGS]
    counts = Counter({"attribute": len(others)}) if others else Counter[str]()
    if element.attributes.get("occluded") == "1":
        counts["occlusion"] += 1
    return counts


def _attributes(element: Element) -> Mapping[str, str]:
    found = (child for child in element.children if child.tag == "attribute")
    return {each.attributes.get("name", ""): each.text for each in found}


def _points(text: str) -> tuple[Point, ...]:
    """Read `x,y;x,y`."""
    pairs = [pair.split(",") for pair in text.split(";")]
    return tuple(
        (number_in(pair[0].strip()), number_in(pair[1].strip()))
        if len(pair) == 2
        else (float("nan"), float("nan"))
        for pair in pairs
    )
