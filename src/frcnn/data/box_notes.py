"""What a COCO file says of a box beside place and class: its area, and what it calls it.

The area is that of the object's outline, smaller than the box's as a rule; COCO's figures for
small, medium and large objects go by it. Other layouts say neither. G boxes.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from frcnn.data.box_checks import MOST


class BoxNotes(NamedTuple):
    """Of the boxes of one picture, or of a file."""

    areas: NDArray[np.float64]
    """[G] square pixels; NaN where none is stated."""
    ids: NDArray[Any]
    """[G] int64; objects where one of them is a text, or None because a box has no id."""

    def chosen(self, rows: NDArray[Any] | slice) -> "BoxNotes":
        """Keep some boxes, by a mask, by their numbers, or by a part of the list."""
        return BoxNotes(self.areas[rows], self.ids[rows])

    def cut(self, boxes: NDArray[np.float64], rows: NDArray[np.bool_]) -> "BoxNotes":
        """Say of boxes that were clipped that no object is larger than its box.

        Args:
            boxes: [G, 4] corners, pixels, as they are now.
            rows: [G] which of them were clipped.

        Returns:
            The notes with smaller areas there.
        """
        whole = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        return self._replace(areas=np.where(rows, np.minimum(self.areas, whole), self.areas))

    def without_areas(self) -> "BoxNotes":
        """Forget the areas: of boxes that mean something else than the file says."""
        return self._replace(areas=np.full(len(self.areas), np.nan))


def to_notes(areas: Sequence[object], ids: Sequence[object]) -> BoxNotes:
    """Make columns of a file's values.

    Args:
        areas: unchecked; what is no number above 0 is no area.
        ids: unchecked.

    Returns:
        The notes.
    """
    return BoxNotes(_to_areas(areas), _to_ids(ids))


def _to_areas(values: Sequence[object]) -> NDArray[np.float64]:
    if not set(map(type, values)) <= {int, float}:
        values = [value if type(value) in (int, float) else np.nan for value in values]
    try:
        found = np.array(values, np.float64)
    except OverflowError:  # a whole number of hundreds of digits
        numbers: Any = values  # whole and broken ones alone by now
        found = np.array([v if abs(v) < MOST**2 else np.nan for v in numbers], np.float64)
    found[~((found > 0) & (found < MOST**2))] = np.nan
    return found


def _to_ids(values: Sequence[object]) -> NDArray[Any]:
    if set(map(type, values)) <= {int}:
        try:
            return np.array(values, np.int64)
        except OverflowError:
            pass
    found = np.empty(len(values), object)
    found[:] = [value if type(value) in (int, str) and value != "" else None for value in values]
    return found
