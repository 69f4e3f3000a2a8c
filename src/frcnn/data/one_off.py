"""Boxes counted from 0 where the layout counts from 1, or the other way round.

A pixel is little, but it is every box's. What tells is the border: who counts from 0 has zeros
there, who counts from 1 has ones and no zero at all. N boxes.

YOLO's shares and Label Studio's hundredths cannot be judged so, and neither can boxes none of which
touches the left or the upper border.
"""

import numpy as np

from frcnn.data.problems import Problem
from frcnn.data.written import Written

FEWEST = 5
"""Boxes at the border below which nothing is concluded."""
SHARE = 0.01
"""Share of all boxes that they must be."""


def find_one_off(written: Written, place: str) -> Problem | None:
    """Look at the numbers of boxes that touch the left or the upper border.

    Args:
        written: the boxes of a split.
        place: of the split.

    Returns:
        A warning with the counts; None where the count is right, or cannot be known.
    """
    starts = written.numbers[:, :2]
    count = len(starts)
    if written.layout in ("yolo", "label-studio") or not count:
        return None
    zeros = int((starts == 0).any(axis=1).sum())
    ones = int((starts == 1).any(axis=1).sum())
    few = max(FEWEST, SHARE * count)
    if written.layout == "voc":
        return _from_zero(zeros, count, place) if zeros >= few else None
    if ones >= few and starts.min() >= 1 and _ends_at_the_last_pixel(written):
        return _from_one(ones, count, place)
    return None


def _ends_at_the_last_pixel(written: Written) -> bool:
    """Say whether boxes reach the right or lower border: then no distance is kept on purpose."""
    gap = written.sides - written.corners[:, 2:]
    return bool((np.abs(gap) < 1).any())


def _from_zero(zeros: int, count: int, place: str) -> Problem:
    return _problem(
        place,
        f"xmin or ymin is 0 in {zeros} of {count} boxes",
        "1 for the first pixel, as PASCAL VOC counts",
        "add 1 to every corner, or export again; each box is a pixel too far left and up",
    )


def _from_one(ones: int, count: int, place: str) -> Problem:
    return _problem(
        place,
        f"the smallest x or y is 1 in {ones} of {count} boxes, and 0 in none",
        "0 for the picture's border",
        "take 1 from every left and upper corner, or export again",
    )


def _problem(place: str, got: str, want: str, fix: str) -> Problem:
    return Problem(
        code="RC261",
        place=place,
        what="boxes look as if they were counted from another first pixel",
        got=got,
        want=want,
        fix=fix,
        severity="warning",
    )
