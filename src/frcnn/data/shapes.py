"""What people draw in labelling tools, as boxes: rectangles, turned ones, outlines, ellipses.

A box is what lies around a shape's points. A turned rectangle and an outline lose what a box
cannot say, and are counted; a line or a point is no box, and is left out and reported.
Coordinates are pixels of the upright picture, continuous, as all three tools have them.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from frcnn.data.box_checks import MOST, NUMBER
from frcnn.data.problems import Effect, Problem, Severity, Spot
from frcnn.data.seen import Places, Rows
from frcnn.errors import counted
from frcnn.ops.picture_header import place_of
from frcnn.types import Corners

Point = tuple[float, float]
Kind = Literal["box", "turned", "outline", "inverted"]


class Shape(NamedTuple):
    """One shape of a picture."""

    name: str
    """Of its class; empty where it has none."""
    points: Sequence[Point]
    """The box lies around them; NaN stands for what is no number."""
    number: int
    """Its line or position."""
    kind: Kind = "box"
    """An inverted one is two corners in an order that makes no box."""
    difficult: bool = False

    @property
    def box(self) -> Corners:
        """What lies around the points; of an inverted one the two corners as they stand."""
        if self.kind == "inverted":
            (x1, y1), (x2, y2) = self.points
            return x1, y1, x2, y2
        return around(self.points)


@dataclass
class Tally:
    """What an export says that a box has no room for."""

    outlines: int = 0
    """Boxes drawn around an outline, an ellipse or a mask."""
    others: Counter[str] = field(default_factory=Counter)
    """Everything else by the name of one, such as "attribute"."""

    def problems(self, path: Path) -> list[Problem]:
        """Report everything else.

        Args:
            path: of the export.

        Returns:
            A warning, or nothing.
        """
        if not self.others:
            return []
        return [
            Problem(
                code="RC299",
                place=place_of(path),
                what="the export says more than boxes have room for; it is not read",
                got=", ".join(counted(n, name) for name, n in sorted(self.others.items())),
                fix="nothing need be done, if boxes and classes are all that is wanted",
                severity="warning",
            )
        ]


def to_rows(shapes: Sequence[Shape], places: Places, tally: Tally, problems: list[Problem]) -> Rows:
    """Draw a box around every shape; those that have none are reported.

    Args:
        shapes: of one picture.
        places: of the shapes.
        tally: gets the number of outlines.
        problems: gets what was wrong, and the turned ones.

    Returns:
        The boxes, and four numbers that are none.
    """
    kept: list[Shape] = []
    boxes: list[Corners] = []
    is_box: list[bool] = []
    for shape in shapes:
        place, box = places.of(shape.number), shape.box
        has_area = box[2] > box[0] and box[3] > box[1]
        if not shape.name:
            problem = _problem("RC215", place, "")
            problems.append(replace(problem, spot=Spot(box=box)) if has_area else problem)
            continue
        if not all(abs(edge) < MOST for edge in box):  # NaN is not below anything
            problems.append(_problem("RC208", place, _shown(shape.points)))
            continue
        kept.append(shape)
        boxes.append(box)
        is_box.append(has_area)
        if not has_area:
            problem = _problem("RC207", place, _shown(shape.points))
            problems.append(replace(problem, spot=Spot(box=box)))
            continue
        tally.outlines += shape.kind == "outline"
        problems.extend([turned_box(place)] if shape.kind == "turned" else [])
    return Rows(
        boxes=np.array(boxes, np.float64).reshape(-1, 4),
        names=tuple(shape.name for shape in kept),
        difficult=np.array([shape.difficult for shape in kept], np.bool_),
        numbers=np.array([shape.number for shape in kept], np.int64),
        is_box=np.array(is_box, np.bool_),
    )


def around(points: Sequence[Point]) -> Corners:
    """Find the smallest box around points.

    Args:
        points: any number.

    Returns:
        The box; NaN where there is no point, or one that is none.
    """
    values = [value for point in points for value in point]
    if not values or any(map(math.isnan, values)):
        return (math.nan,) * 4
    xs, ys = values[::2], values[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def rectangle(box: Corners, degrees: float, centre: Point) -> tuple[Point, ...]:
    """Turn a rectangle.

    Args:
        box: before it is turned.
        degrees: clockwise, as it is seen.
        centre: about which it is turned.

    Returns:
        Its four corners; as they were where there is nothing to turn.
    """
    x1, y1, x2, y2 = box
    corners = (x1, y1), (x2, y1), (x2, y2), (x1, y2)
    if degrees % 360 == 0:
        return corners
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return tuple(
        (
            centre[0] + (x - centre[0]) * cos - (y - centre[1]) * sin,
            centre[1] + (x - centre[0]) * sin + (y - centre[1]) * cos,
        )
        for x, y in corners
    )


def ellipse(centre: Point, radii: Point, degrees: float = 0.0) -> tuple[Point, ...]:
    """Give the corners of the box around an ellipse.

    Args:
        centre: of the ellipse.
        radii: across and down, before it is turned.
        degrees: clockwise, as it is seen, about its centre.

    Returns:
        Two corners.
    """
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    across = math.hypot(radii[0] * cos, radii[1] * sin)
    down = math.hypot(radii[0] * sin, radii[1] * cos)
    x, y = centre
    return (x - across, y - down), (x + across, y + down)


def number_in(value: object) -> float:
    """Read a coordinate, of a JSON file or an attribute of XML.

    Args:
        value: unchecked.

    Returns:
        The number; NaN where it is something else.
    """
    if isinstance(value, str):
        number = float(value) if NUMBER.fullmatch(value) else math.nan
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = value
    else:
        return math.nan
    return float(number) if abs(number) < MOST else math.nan  # it may have hundreds of digits


def turned_box(place: str) -> Problem:
    """Report a turned rectangle.

    Args:
        place: of the shape.

    Returns:
        A warning.
    """
    return _problem("RC298", place, "", severity="warning", effect="box made upright")


def no_box(place: str, kind: str) -> Problem:
    """Report a shape that is no box and has none around it.

    Args:
        place: of the shape.
        kind: what it is.

    Returns:
        A box dropped.
    """
    return _problem("RC297", place, kind[:40])


_WHATS = {
    "RC207": ("a box without area", "two different corners"),
    "RC208": ("a box that is not four numbers", "finite numbers"),
    "RC215": ("an object without a name", "a class"),
    "RC297": ("a shape that is no box", "a rectangle, or an outline to draw one around"),
    "RC298": ("a turned box; the upright one around it is taken", ""),
}


def _problem(
    code: str,
    place: str,
    got: str,
    *,
    severity: Severity = "error",
    effect: Effect = "box dropped",
) -> Problem:
    what, want = _WHATS[code]
    return Problem(
        code=code,
        place=place,
        what=what,
        got=got,
        want=want,
        fix="mend or delete the shape" if effect == "box dropped" else "look at the boxes it gives",
        severity=severity,
        effect=effect,
    )


def _shown(points: Sequence[Point]) -> str:
    return " ".join(f"({x:g}, {y:g})" for x, y in points)[:80]
