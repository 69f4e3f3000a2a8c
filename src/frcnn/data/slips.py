"""Boxes stored in another form than their layout's: found by what the other reading would explain.

Two corners written where corner and sides are due, pixels where shares or hundredths are due, x and
y or width and height exchanged: no single box proves it, but a split of them does. Where a fifth of
the boxes make no sense in the layout's own form, and all of them do in another, the other one is
named, with the counts. N boxes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from frcnn.data.problems import Problem
from frcnn.data.written import Numbers, Written, fits

FEWEST = 10
"""Boxes of a split below which nothing is concluded."""
FAILING = 0.2
"""Share of the boxes that must make no sense as they are."""
EXPLAINED = 0.995
"""Share of the boxes that must make sense in the other form."""
_LEAST_SIDE = 8
"""Pixels; of smaller pictures all boxes may lie between 0 and 1."""

Form = Callable[[Numbers], Numbers]
Reading = tuple[str, str]
"""Form and unit of four numbers."""


def _corners(n: Numbers) -> Numbers:
    return n


def _corner_and_sides(n: Numbers) -> Numbers:
    return np.concatenate((n[:, :2], n[:, :2] + n[:, 2:]), axis=1)


def _centre_and_sides(n: Numbers) -> Numbers:
    return np.concatenate((n[:, :2] - n[:, 2:] / 2, n[:, :2] + n[:, 2:] / 2), axis=1)


def _xs_then_ys(n: Numbers) -> Numbers:
    return n[:, [0, 2, 1, 3]]


def _corner_and_sides_height_first(n: Numbers) -> Numbers:
    return _corner_and_sides(n[:, [0, 1, 3, 2]])


def _centre_and_sides_height_first(n: Numbers) -> Numbers:
    return _centre_and_sides(n[:, [0, 1, 3, 2]])


def _corners_y_first(n: Numbers) -> Numbers:
    return n[:, [1, 0, 3, 2]]


def _corner_and_sides_y_first(n: Numbers) -> Numbers:
    return _corner_and_sides(n[:, [1, 0, 3, 2]])


FORMS: Mapping[str, Form] = {
    "x1 y1 x2 y2": _corners,
    "x y width height": _corner_and_sides,
    "centre x y, width height": _centre_and_sides,
    "x1 x2 y1 y2": _xs_then_ys,
    "x y height width": _corner_and_sides_height_first,
    "centre x y, height width": _centre_and_sides_height_first,
    "y1 x1 y2 x2": _corners_y_first,
    "y x height width": _corner_and_sides_y_first,
}
"""What four numbers may mean; each gives [N, 4] corners."""
Y_FIRST = tuple(form for form in FORMS if form.startswith("y"))
HEIGHT_FIRST = tuple(form for form in FORMS if form.endswith("height width") and form[0] != "y")
RARE = (*HEIGHT_FIRST, *Y_FIRST)
"""Who exchanges the axes, does so seldom."""
USUAL = tuple(form for form in FORMS if form not in RARE)
UNITS = ("pixels", "shares", "hundredths")
_WHOLE = {"shares": 1.0, "hundredths": 100.0}
"""What the picture's whole side is."""
_X_Y = (0, 1, 0, 1)
_AXES = {
    "x1 x2 y1 y2": (0, 0, 1, 1),
    **dict.fromkeys(HEIGHT_FIRST, (0, 1, 1, 0)),
    **dict.fromkeys(Y_FIRST, (1, 0, 1, 0)),
}
"""Along which side of the picture each of the four numbers is."""
_BEYOND = 101.0
"""More hundredths than a box inside its picture has anywhere."""
OWN = {
    "voc": ("x1 y1 x2 y2", "pixels"),
    "coco": ("x y width height", "pixels"),
    "yolo": ("centre x y, width height", "shares"),
    "csv": ("x1 y1 x2 y2", "pixels"),
    "label-studio": ("x y width height", "hundredths"),
    "cvat": ("x1 y1 x2 y2", "pixels"),
    "labelme": ("x1 y1 x2 y2", "pixels"),
}
"""What they mean in each layout."""


@dataclass(frozen=True, kw_only=True)
class Slip:
    """The boxes of a split read in other forms."""

    failing: int
    """How many boxes make no sense as they are."""
    count: int
    """Of how many."""
    readings: tuple[Reading, ...]
    """Form and unit of each reading in which nearly all make sense; one as a rule."""
    unexplained: int
    """How many make none in the first of them."""


def read_as(numbers: Numbers, sides: Numbers, reading: Reading) -> Numbers:
    """Read four numbers in a form.

    Args:
        numbers: [N, 4] as they are written.
        sides: [N, 2] width and height of the pictures.
        reading: one of `FORMS` and one of `UNITS`.

    Returns:
        [N, 4] corners, pixels.
    """
    form, unit = reading
    if unit == "pixels":
        return FORMS[form](numbers)
    return FORMS[form](numbers * sides[:, _AXES.get(form, _X_Y)] / _WHOLE[unit])


def find_slip(written: Written) -> Slip | None:
    """Look for another form that explains a split's boxes better than the layout's own.

    Rare forms are asked last, and not of pictures on their side whose boxes may be those before
    the rotation: y first fits these just as well (`rotations`).

    Args:
        written: the boxes of the split.

    Returns:
        What was found; None where the boxes are in the layout's form, or in none that is known.
    """
    found = _find(written, USUAL)
    return found or _find(written.chosen(~written.is_on_its_side), RARE)


def _find(written: Written, forms: Sequence[str]) -> Slip | None:
    count = len(written.corners)
    if count < FEWEST:
        return None
    own = OWN[written.layout]
    makes_sense = fits(written.corners, written.sides)
    if own[1] != "shares" and _are_shares(written.numbers, written.sides):
        makes_sense = np.zeros(count, np.bool_)
    failing = int(count - makes_sense.sum())
    if failing < FAILING * count:
        return None
    explained = _explaining(written, forms)
    if not explained:
        return None
    best = sorted(explained, key=lambda reading: -explained[reading])
    return Slip(
        failing=failing,
        count=count,
        readings=tuple(best),
        unexplained=count - explained[best[0]],
    )


def _explaining(written: Written, forms: Sequence[str]) -> dict[Reading, int]:
    """Count how many boxes make sense in other forms, of those in which nearly all do."""
    numbers, sides = written.numbers, written.sides
    unit = _likely_unit(written)
    readings = [(form, unit) for form in forms if (form, unit) != OWN[written.layout]]
    fitting = {r: int(fits(read_as(numbers, sides, r), sides).sum()) for r in readings}
    return {r: n for r, n in fitting.items() if n >= EXPLAINED * len(numbers)}


def describe_slip(slip: Slip, layout: str, place: str) -> Problem:
    """Report it.

    Args:
        slip: as found.
        layout: of the data.
        place: of the split.

    Returns:
        A warning with the counts.
    """
    own = words(OWN[layout])
    others = " or ".join(words(reading) for reading in slip.readings[:3])
    share = 100 * slip.failing / slip.count
    return Problem(
        code="RC260",
        place=place,
        what="boxes look as if they were stored in another form",
        got=f"read as {own}, {share:.0f} % of {slip.count} boxes make no sense; read as {others}, "
        + ("all do" if not slip.unexplained else f"all but {slip.unexplained} do"),
        want=own,
        fix="export the annotations again in the layout's form, or let `frcnn data check --fix` "
        "write a copy that has it"
        + ("; --read-as names which of these it is" if len(slip.readings) > 1 else ""),
        severity="warning",
    )


def _likely_unit(written: Written) -> str:
    """Tell by the size of the numbers in which unit other readings are to be tried."""
    if _are_shares(written.numbers, written.sides):
        return "shares"
    is_beyond = (written.numbers > _BEYOND).any(axis=1)
    if OWN[written.layout][1] == "hundredths" and is_beyond.mean() < FAILING:
        return "hundredths"
    return "pixels"


def _are_shares(numbers: Numbers, sides: Numbers) -> bool:
    """Say whether no number passes 1, in pictures that are larger."""
    is_small = numbers.max() <= 1 and numbers.min() >= -1
    return bool(is_small and np.median(sides) >= _LEAST_SIDE)


def words(reading: Reading) -> str:
    """Name a form with its unit."""
    return f"{reading[0]} in {reading[1]}"
