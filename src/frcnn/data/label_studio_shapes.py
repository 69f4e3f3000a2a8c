"""One result of Label Studio's: a region of a picture, in hundredths of the picture's sides."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from frcnn.data.shapes import Point, Shape, ellipse, number_in, rectangle
from frcnn.types import Size

_LABELS = "labels"
"""How the lists of a region's labels end: rectanglelabels, polygonlabels, labels."""

_PLAIN = ("rectangle", "polygon", "ellipse", "brush", "keypoint")


class Result:
    """A result, unchecked."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Look at a result.

        Args:
            values: as the file has them.
        """
        value = values.get("value")
        self.value: Mapping[str, Any] = value if isinstance(value, dict) else {}
        self._type = values.get("type")

    @property
    def kind(self) -> str:
        """What it is: rectanglelabels, choices, relation, ..."""
        lists = [key for key in self.value if key.endswith(_LABELS)]
        return str(self._type or next(iter(lists), "nothing known"))

    @property
    def is_region(self) -> bool:
        """Whether it is a part of the picture."""
        return bool({"x", "points", "rle", "format"} & set(self.value))

    @property
    def is_plain(self) -> bool:
        """Whether it says where the region is, and nothing else."""
        return self._type in _PLAIN

    @property
    def names(self) -> tuple[str, ...]:
        """Its classes: one as a rule."""
        for key, labels in self.value.items():
            if key.endswith(_LABELS) and isinstance(labels, list):
                return tuple(label for label in labels if isinstance(label, str) and label.strip())
        return ()


def shape_of(result: Result, number: int, size: Size) -> Shape | None:
    """Give a region in pixels, its class left open.

    Args:
        result: a region.
        number: its position.
        size: of the picture.

    Returns:
        The shape; None for a brush's mask, a key point, and whatever else is no box.
    """
    value = result.value
    if isinstance(value.get("points"), list):
        return Shape("", tuple(_points(value["points"], size)), number, "outline")
    if "radiusX" in value:
        centre, radii = _pixels(value, ("x", "y"), size), _pixels(value, _RADII, size)
        return Shape("", ellipse(centre, radii, _rotation(value)), number, "outline")
    if not {"x", "y", "width", "height"} <= set(value) or result.kind.startswith("keypoint"):
        return None
    (x, y), (w, h) = _pixels(value, ("x", "y"), size), _pixels(value, _SIDES, size)
    degrees = _rotation(value)
    corners = rectangle((x, y, x + w, y + h), degrees, (x, y))
    return Shape("", corners, number, "turned" if degrees % 360 else "box")


def stated_size(results: Sequence[Any]) -> Size | None:
    """Find the picture's size in its results.

    Args:
        results: of one annotation, unchecked.

    Returns:
        The size that the first of them has; None where none has one.
    """
    for result in results:
        said = result if isinstance(result, dict) else {}
        height, width = said.get("original_height"), said.get("original_width")
        if type(height) is int and type(width) is int and min(height, width) > 0:
            return Size(height, width)
    return None


_RADII = ("radiusX", "radiusY")
_SIDES = ("width", "height")


def _pixels(value: Mapping[str, Any], keys: tuple[str, str], size: Size) -> Point:
    across, down = (number_in(value.get(key)) for key in keys)
    return across * size.width / 100, down * size.height / 100


def _points(pairs: Iterable[object], size: Size) -> Iterable[Point]:
    for pair in pairs:
        x, y = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        yield _pixels({"x": x, "y": y}, ("x", "y"), size)


def _rotation(value: Mapping[str, Any]) -> float:
    return number_in(value.get("rotation") or 0.0)
