"""Pictures that EXIF turns by a quarter, and whether their boxes follow.

Where the annotation states a size, it is compared with the picture's (RC212). Where it states none,
boxes that leave the upright picture but not the one before the rotation tell that they do not
follow; else nothing can be known, above all in YOLO's shares, and that is said.
"""

from collections.abc import Sequence

from frcnn.data.problems import Problem
from frcnn.data.seen import Seen
from frcnn.data.written import Written, fits
from frcnn.errors import counted

BEFORE_ROTATION = "RC262"
"""Boxes drawn before the rotation."""
FEWEST = 3
"""Boxes that must leave the upright picture."""
SHARE = 0.2
"""Share of the rotated pictures' boxes that they must be."""


NEARLY_ALL = 0.995
"""Share of them that must lie in the picture before its rotation."""


def are_before_rotation(written: Written) -> bool:
    """Say whether boxes of pictures on their side were drawn before the rotation.

    Args:
        written: the boxes of a split.

    Returns:
        Whether a fifth of those whose picture states no size leave the upright picture, and
        nearly none the picture before the rotation.
    """
    leaving, inside, count = _counts(written)
    return leaving >= max(FEWEST, SHARE * count) and inside >= NEARLY_ALL * count


def find_rotations(written: Written, split: Sequence[Seen], place: str) -> Problem | None:
    """Look at the boxes of pictures on their side whose annotation states no size.

    Args:
        written: the boxes of a split.
        split: its pictures.
        place: of the split.

    Returns:
        A warning: they do not follow, or nobody can know. None where there are no such pictures.
    """
    pictures = sum(map(is_unknown, split))
    if not pictures:
        return None
    leaving, inside, count = _counts(written)
    if are_before_rotation(written):
        others = str(count - inside) if inside < count else "none"
        return Problem(
            code=BEFORE_ROTATION,
            place=place,
            what="boxes look as if they were drawn before the EXIF rotation",
            got=f"{leaving} of {counted(count, 'box')} in {counted(pictures, 'picture')} on "
            f"their side leave the upright picture, {others} the picture before the rotation",
            want="boxes of the picture as viewers show it",
            fix="annotate these pictures as viewers show them, or let `frcnn data check --fix` "
            "write a copy in which the boxes are rotated",
            severity="warning",
        )
    return Problem(
        code="RC263",
        place=place,
        what="rotated pictures of which nothing says whether their boxes follow",
        got=f"{counted(pictures, 'picture')} with {counted(count, 'box')}",
        want="the size of the picture in the annotation",
        fix="look at one of them with its boxes; frcnn takes boxes as drawn on the upright picture",
        severity="warning",
    )


def is_unknown(seen: Seen) -> bool:
    """Say whether EXIF turns a picture by a quarter and no stated size tells which is meant.

    Args:
        seen: the picture.

    Returns:
        Whether its boxes may be those of the picture before the rotation.
    """
    return seen.is_on_its_side and seen.stated is None


def _counts(written: Written) -> tuple[int, int, int]:
    """Count the boxes that leave the upright picture, that fit the one before, and all."""
    chosen = written.chosen(written.is_on_its_side)
    leaving = int((~fits(chosen.corners, chosen.sides)).sum())
    inside = int(fits(chosen.corners, chosen.sides[:, ::-1]).sum())
    return leaving, inside, len(chosen.corners)
