"""Tiles: a large picture as overlapping windows, row by row, each row from left to right.

All tiles have one size, but where the picture itself is smaller. The last tile of a row or column
is flush with the picture's border, so that it overlaps its neighbour by more. Every object that
is no longer than the overlap is whole in some tile.
"""

from typing import NamedTuple

from frcnn.errors import ConfigError
from frcnn.types import Size

SMALLEST = 16
"""Pixels of a tile's side; smaller ones show a detector nothing."""


class Window(NamedTuple):
    """A part of a picture in whole pixels; x2 and y2 are outside it."""

    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def size(self) -> Size:
        """Its height and width."""
        return Size(self.y2 - self.y1, self.x2 - self.x1)


def whole(size: Size) -> Window:
    """Give the window that is the whole picture."""
    return Window(0, 0, size.width, size.height)


def overlap_of(side: int, share: float) -> int:
    """Give the overlap of neighbours in pixels.

    Args:
        side: of a tile, pixels.
        share: of the side that a neighbour has, too, in [0, 1).

    Returns:
        The nearest whole number, below `side`.
    """
    return min(round(side * share), side - 1)


def grid(size: Size, side: int, overlap: int) -> list[Window]:
    """Cover a picture with tiles.

    Args:
        size: of the picture, pixels.
        side: of a tile, pixels.
        overlap: of neighbours, pixels; below `side`.

    Returns:
        The tiles, row by row; one that is the whole picture where this is no larger.

    Raises:
        ConfigError: there is no such grid (RC392).
    """
    if side < 1 or not 0 <= overlap < side:
        raise ConfigError(
            "RC392",
            "tiles.grid: overlap",
            "tiles that do not step forward",
            got=f"side {side}, overlap {overlap}",
            want="side >= 1 and 0 <= overlap < side",
            fix="a fifth of the side is a usual overlap",
        )
    columns = _spans(size.width, side, overlap)
    return [
        Window(x1, y1, x2, y2)
        for y1, y2 in _spans(size.height, side, overlap)
        for x1, x2 in columns
    ]


def _spans(length: int, side: int, overlap: int) -> list[tuple[int, int]]:
    if length <= side:
        return [(0, length)]
    starts = [*range(0, length - side, side - overlap), length - side]
    return [(start, start + side) for start in starts]
