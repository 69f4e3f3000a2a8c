"""How a data set is to be cut into tiles: refused before it is read; and what would help a box."""

import math
from dataclasses import dataclass

from frcnn.errors import ConfigError
from frcnn.ops import tiles
from frcnn.ops.picture_header import MAX_PIXELS
from frcnn.types import Size

LARGEST = math.isqrt(MAX_PIXELS)
"""Pixels of a tile's side: training reads every tile at once."""
_MOST_OVERLAP = 0.5  # beyond, every pixel would be in more than four tiles


@dataclass(frozen=True, kw_only=True)
class TilePlan:
    """What is wanted; the defaults are SAHI's."""

    side: int
    """Of a tile, pixels of the upright picture, 16 to 8000."""
    overlap: float = 0.2
    """Share of a tile's side that its neighbour has, too, in [0, 1). Objects up to this size are
    whole in some tile."""
    least_visible: float = 0.1
    """Share of a box that must be seen in a tile, 0 to 1, or it is left out there."""
    only_with_objects: bool = False
    """Leave tiles without objects out of the splits to learn from."""

    def __post_init__(self) -> None:
        is_whole = isinstance(self.side, int) and not isinstance(self.side, bool)
        if not is_whole or not tiles.SMALLEST <= self.side <= LARGEST:
            want = f"a whole number of pixels, {tiles.SMALLEST} to {LARGEST}"
            raise _wrong("side", self.side, want)
        if not 0 <= self.overlap < 1:
            raise _wrong("overlap", self.overlap, "a number in [0, 1)")
        if not 0 <= self.least_visible <= 1:
            raise _wrong("least_visible", self.least_visible, "a number from 0 to 1")

    @property
    def pixels(self) -> int:
        """The overlap in pixels."""
        return tiles.overlap_of(self.side, self.overlap)

    def enough(self, longest: float, size: Size) -> int:
        """Say which tile, with the same share of overlap, has an object whole.

        Args:
            longest: side of its box, pixels.
            size: of its picture, which a tile of that size leaves uncut.

        Returns:
            The tile's side, pixels.
        """
        needed = math.ceil(math.ceil(longest) / self.overlap) if self.overlap else max(size)
        return min(needed, max(size))

    def remedy(self, longest: float, side: int) -> str:
        """Say with which options objects would be whole in some tile.

        Args:
            longest: side of the longest box, pixels.
            side: of a tile that has them whole, as `enough` gives it.

        Returns:
            The options.
        """
        share = math.ceil(100 * math.ceil(longest) / self.side) / 100
        ways = [f"--tile-overlap {share:.2f}"] if share <= _MOST_OVERLAP else []
        ways += [f"--tile {side}"] if side <= LARGEST else []
        return " or ".join(ways) or "both --tile and --tile-overlap larger"


def _wrong(name: str, value: object, want: str) -> ConfigError:
    return ConfigError(
        "RC328",
        f"tiles: {name}",
        "pictures cannot be cut so",
        got=repr(value)[:60],
        want=want,
        fix="1024 pixels with an overlap of 0.2 are usual",
    )
