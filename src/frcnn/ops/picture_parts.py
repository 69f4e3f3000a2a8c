"""How much of a JPEG is decoded: all of it, or a half, a quarter or an eighth of each side.

libjpeg leaves out the finer waves of each block of 8 x 8 pixels, which costs a fraction of decoding
them all and then shrinking the picture. What comes out is smoothed, as by a shrinking that smooths.
"""

from collections.abc import Callable

from frcnn.types import Size

Enough = Callable[[Size], Size | None]
"""From the size of an upright picture to that which suffices to look at it; None: all of it."""
_PARTS = (8, 4, 2)


def whole(_size: Size) -> None:
    """Ask for all of a picture's pixels."""


def part_of(size: Size, enough: Size | None) -> int:
    """Choose by what the sides of a picture are divided while it is decoded.

    Args:
        size: of the picture, pixels.
        enough: which is sufficient; None: all of it.

    Returns:
        1, 2, 4 or 8: the largest that leaves no side shorter than is enough.
    """
    if enough is None:
        return 1
    fitting = min(size.height // enough.height, size.width // enough.width)
    return next((part for part in _PARTS if part <= fitting), 1)
