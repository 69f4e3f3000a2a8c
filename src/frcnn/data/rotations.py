"""Pictures that EXIF turns by a quarter, and whether their boxes follow.

Where the annotation states a size, it is compared with the picture's (RC212). Where it states none,
boxes that leave the upright picture but not the one before the rotation tell that they do not
follow; else nothing can be known, above all in YOLO's shares, and that is said.
"""

from collections.abc import Sequence

from frcnn.data.problems import Problem
from frcnn.data.seen import Seen
from frcnn.data.written import Written, fits

FEWEST = 3
"""Boxes that must leave the upright picture."""
SHARE = 0.2
"""Share of the rotated pictures' boxes that they must be."""


def find_rotations(written: Written, split: Sequence[Seen], place: str) -> Problem | None:
    """Look at the boxes of pictures on their side whose annotation states no size.

    Args:
        written: the boxes of a split.
        split: its pictures.
        place: of the split.

    Returns:
        A warning: they do not follow, or nobody can know. None where there are no such pictures.
    """
    pictures = sum(seen.is_on_its_side and seen.stated is None for seen in split)
    if not pictures:
        return None
    chosen = written.is_on_its_side
    corners, sides = written.corners[chosen], written.sides[chosen]
    leaving = int((~fits(corners, sides)).sum())
    before = int(fits(corners, sides[:, ::-1]).sum())
    if leaving >= max(FEWEST, SHARE * len(corners)) and before == len(corners):
        return Problem(
            code="RC262",
            place=place,
            what="boxes look as if they were drawn before the EXIF rotation",
            got=f"{leaving} of {len(corners)} boxes in {pictures} rotated pictures leave the "
            "upright picture, none the picture before the rotation",
            want="boxes of the picture as viewers show it",
            fix="annotate these pictures as viewers show them, or take the rotation out of them",
            severity="warning",
        )
    return Problem(
        code="RC263",
        place=place,
        what="rotated pictures of which nothing says whether their boxes follow",
        got=f"{pictures} pictures with {len(corners)} boxes",
        want="the size of the picture in the annotation",
        fix="look at one of them with its boxes; frcnn takes boxes as drawn on the upright picture",
        severity="warning",
    )
