"""Boxes of a picture in other corners than those that its reader made: fitted in once more."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np

from frcnn.data.problems import Problem, Spot
from frcnn.data.seen import Seen, fit_rows
from frcnn.data.written import Numbers

_OF_BOXES = ("box dropped", "box clipped")


def with_corners(seen: Seen, corners: Numbers, problems: list[Problem]) -> Seen:
    """Give a picture's boxes other corners.

    Args:
        seen: the picture; its size counts.
        corners: [G, 4] of all boxes that are written, pixels of the upright picture.
        problems: gets what is wrong with them now.

    Returns:
        The picture with the boxes that fit.
    """
    is_box = np.all(corners[:, 2:] > corners[:, :2], axis=1)
    found = [
        _no_area(seen.places.of(int(seen.written.numbers[row])), corners[row])
        for row in np.flatnonzero(~is_box).tolist()
    ]
    written = seen.written._replace(boxes=corners, is_box=is_box)
    rows = fit_rows(written, seen.size, seen.places, found)
    problems += [problem.on(seen.path) for problem in found]
    return replace(seen, rows=rows, written=written)


def without_boxes_of(split: Iterable[Seen], problems: Sequence[Problem]) -> list[Problem]:
    """Forget what was wrong with boxes in the corners that they have no more.

    Args:
        split: pictures whose boxes get others.
        problems: of the data set.

    Returns:
        The other problems.
    """
    places = {s.places.of(n) for s in split for n in s.written.numbers.tolist()}
    return [p for p in problems if p.effect not in _OF_BOXES or not _is_of(p.place, places)]


def _no_area(place: str, corners: Numbers) -> Problem:
    x1, y1, x2, y2 = corners.tolist()
    return Problem(
        code="RC207",
        place=place,
        what="a box without area",
        fix="mend or delete it; the box is left out",
        effect="box dropped",
        spot=Spot(box=(x1, y1, x2, y2)),
    )


def _is_of(place: str, places: Collection[str]) -> bool:
    """Say whether a place is one of some, or a column in one of them."""
    return place in places or place.rpartition(":")[0] in places
