"""One label file of YOLO layout: a line for each box, `class x y width height`.

Numbers are shares of the picture's width and height; x and y are the box's centre. A line of a
class and three or more points is an outline: the box around it is taken. There is no picture in
the file and no size, so the shares become pixels once the picture's header is read.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from frcnn.data.box_checks import MOST, NUMBER
from frcnn.data.problems import Problem, Spot
from frcnn.data.seen import Declared, Rows, unknown_class
from frcnn.errors import AnnotationError, PictureError
from frcnn.ops.picture_header import open_regular, place_of
from frcnn.types import Corners, Size

_CLASS = re.compile(r"\d{1,6}")
_BEYOND = 1e-3
"""Shares below 0 or above 1 by less are rounding; the box is clipped like any other."""
_ROUNDING = 2e-6
"""What six decimals of centre and side may put beyond the border; no box was drawn so."""
_OUTLINE = 7
"""Words of the shortest outline: a class and three points."""


class _Line(NamedTuple):
    """One line."""

    box: Corners
    """Shares of the picture."""
    label: int
    is_box: bool
    """Or four numbers that are none, reported already."""


class LabelReader:
    """Reads the label files of one data set, and counts their outlines."""

    def __init__(self, classes: Declared, key_points: int = 0) -> None:
        """Choose the class list.

        Args:
            classes: names, and the ids that label files have for them.
            key_points: numbers of a pose behind each box, which are not read.
        """
        self.classes, self._key_points = classes, key_points
        self._names: dict[object, str] = dict(zip(classes.ids, classes.names, strict=True))
        self.outlines = 0
        """Boxes that were drawn around an outline."""

    def rows(self, path: Path | None, size: Size, problems: list[Problem]) -> Rows:
        """Read a picture's boxes; lines that are none are left out and reported.

        Args:
            path: of the label file; None for a picture without one.
            size: of the picture, upright.
            problems: gets a box dropped for each line that is none.

        Returns:
            The boxes, pixels. AnnotationError RC278 when the file is no text.
        """
        boxes: list[Corners] = []
        names: list[str] = []
        numbers: list[int] = []
        is_box: list[bool] = []
        for number, line in enumerate(read_lines(path) if path else (), start=1):
            if not line.strip():
                continue
            read = self._box(line, f"{place_of(path or Path())}:{number}", problems)
            if read is None or not read.is_box:
                problems[-1] = _in_pixels(problems[-1], size)
            if read is not None:
                box, label = read.box, read.label
                boxes.append(_pixels(box, size))
                names.append(self._names[label])
                numbers.append(number)
                is_box.append(read.is_box)
        return Rows(
            boxes=np.array(boxes, np.float64).reshape(-1, 4),
            names=tuple(names),
            difficult=np.zeros(len(boxes), np.bool_),
            numbers=np.array(numbers, np.int64),
            is_box=np.array(is_box, np.bool_),
        )

    def _box(self, line: str, place: str, problems: list[Problem]) -> _Line | None:
        words = line.split()
        if self._key_points and len(words) == 5 + self._key_points:
            words = words[:5]
        if not _CLASS.fullmatch(words[0]) or not (len(words) == 5 or _is_outline(words)):
            problems.append(_dropped("RC278", place, "a line that is no box", line))
            return None
        if int(words[0]) not in self._names:
            problems.append(unknown_class(f"{place}:1", words[0], self.classes))
            return None
        values = [float(w) if NUMBER.fullmatch(w) else float("nan") for w in words[1:]]
        wrong = [column for column, value in enumerate(values) if not _is_share(value)]
        if wrong:
            column = line.find(words[wrong[0] + 1], len(words[0])) + 1
            what, code = "a number that is no share of the picture", "RC279"
            problem = _dropped(code, f"{place}:{column}", what, words[wrong[0] + 1])
            if len(words) > 5 or not all(abs(value) < MOST for value in values):
                problems.append(problem)
                return None
            box = _from_centre(values)
            problems.append(replace(problem, spot=Spot(box=box)))
            return _Line(box, int(words[0]), is_box=False)
        box = _around(values) if len(words) > 5 else _from_centre(values)
        if box[2] <= box[0] or box[3] <= box[1]:
            problem = _dropped("RC207", place, "a box without area", line)
            problems.append(replace(problem, spot=Spot(box=box)))
            return _Line(box, int(words[0]), is_box=False)
        self.outlines += len(words) > 5
        return _Line(box, int(words[0]), is_box=True)


def read_lines(path: Path) -> list[str]:
    """Read the lines of a small text file.

    Args:
        path: of the file.

    Returns:
        Its lines.

    Raises:
        AnnotationError: it cannot be read, or is no UTF-8 text (RC278).
    """
    try:
        with open_regular(path) as file:
            return file.read().decode("utf-8-sig").splitlines()
    except (PictureError, UnicodeDecodeError) as error:
        raise AnnotationError(
            "RC278",
            place_of(path),
            "the file cannot be read as text",
            got=error.got if isinstance(error, PictureError) else "bytes that are no UTF-8",
            want="a text file, UTF-8",
            fix="save it as UTF-8 text",
        ) from error


def _is_outline(words: list[str]) -> bool:
    return len(words) >= _OUTLINE and len(words) % 2 == 1


def _is_share(value: float) -> bool:
    return -_BEYOND <= value <= 1 + _BEYOND


def _from_centre(values: list[float]) -> Corners:
    x, y, w, h = values
    x1, y1, x2, y2 = (_at_border(v) for v in (x - w / 2, y - h / 2, x + w / 2, y + h / 2))
    return x1, y1, x2, y2


def _pixels(box: Corners, size: Size) -> Corners:
    x1, y1, x2, y2 = box
    return x1 * size.width, y1 * size.height, x2 * size.width, y2 * size.height


def _in_pixels(problem: Problem, size: Size) -> Problem:
    """Say in pixels where a box is that was left out."""
    box = problem.spot.box
    return problem if box is None else replace(problem, spot=Spot(box=_pixels(box, size)))


def _at_border(share: float) -> float:
    near = min(max(share, 0.0), 1.0)
    return near if abs(share - near) <= _ROUNDING else share


def _around(values: list[float]) -> Corners:
    xs, ys = values[::2], values[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def _dropped(code: str, place: str, what: str, got: str) -> Problem:
    wants = {
        "RC207": "width and height above 0",
        "RC278": "a class, a whole number, and x y width height, with spaces between",
        "RC279": "0 ... 1: pixels divided by the picture's width or height",
    }
    return Problem(
        code=code,
        place=place,
        what=what,
        got=got.strip()[:60],
        want=wants[code],
        fix="mend or delete the line; its box is left out",
        effect="box dropped",
    )
