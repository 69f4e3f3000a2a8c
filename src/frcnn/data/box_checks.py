"""What becomes of a true box that does not fit its picture: the same rules for every format.

A box that leaves the picture by at most one pixel is clipped: formats count corners differently.
One that leaves it further is clipped as well, because the part inside is still an object that
must not be learned as background, but it is reported as an error. One wholly outside is dropped.
"""

import re

from frcnn.data.problems import Effect, Problem, Severity, Spot
from frcnn.types import Corners, Size

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
"""A coordinate as a text; no `nan`, no `1_000`, no word that Python's `float` takes besides."""
MOST = 1e9
"""Coordinates beyond this are no pixels."""
TOLERANCE = 1.0
"""Pixels by which a box may leave its picture and only be warned about."""


def fit_box(box: Corners, size: Size, place: str) -> tuple[Corners | None, Problem | None]:
    """Clip a box to its picture.

    Args:
        box: finite, with positive sides.
        size: of the picture.
        place: how a problem names the box.

    Returns:
        The box inside the picture, None when nothing of it is inside; and what was wrong.
    """
    x1, y1, x2, y2 = box
    beyond = max(-x1, -y1, x2 - size.width, y2 - size.height)
    if beyond <= 0:
        return box, None
    if x2 <= 0 or y2 <= 0 or x1 >= size.width or y1 >= size.height:
        return None, _problem("RC209", box, size, place)
    code = "RC210" if beyond <= TOLERANCE else "RC211"
    inside = (max(x1, 0.0), max(y1, 0.0), min(x2, float(size.width)), min(y2, float(size.height)))
    return inside, _problem(code, box, size, place)


def _problem(code: str, box: Corners, size: Size, place: str) -> Problem:
    severity: Severity = "warning" if code == "RC210" else "error"
    effect: Effect = "box dropped" if code == "RC209" else "box clipped"
    return Problem(
        code=code,
        place=place,
        what={
            "RC209": "a box wholly outside the picture",
            "RC210": "a box leaves the picture by a pixel or less",
            "RC211": "a box leaves the picture",
        }[code],
        got="({:g}, {:g}, {:g}, {:g})".format(*box),
        want=f"inside {size.width} x {size.height} pixels",
        fix="mend the corners, or check that the annotation is of this picture",
        severity=severity,
        effect=effect,
        spot=Spot(box=box),
    )
