"""What became of a data set's pictures and boxes when it was cut into tiles, counted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Self

from frcnn.data.columns import aligned

_LINES = {
    "pictures": "pictures",
    "cut": "  cut into tiles",
    "tiles": "tiles written",
    "without_objects": "  of them without objects",
    "empty_left_out": "  left out: without objects",
    "objects": "objects",
    "whole": "  whole in a tile",
    "in_pieces": "  in pieces only",
    "lost": "  in no tile",
    "boxes": "boxes in the tiles",
    "scraps": "  left out: too little of the object",
}


@dataclass(frozen=True, kw_only=True)
class TileFigures:
    """Of one picture, or of a split; `whole` + `in_pieces` + `lost` are all `objects`."""

    pictures: int = 0
    cut: int = 0
    """Of the pictures: the others are no larger than a tile, and stay as they are."""
    tiles: int = 0
    """Written; a picture that stays as it is counts as one."""
    without_objects: int = 0
    """Of the tiles that are written."""
    empty_left_out: int = 0
    """Tiles that are not written, because they have no objects."""
    objects: int = 0
    """Boxes of the pictures."""
    whole: int = 0
    """Of them, in some tile."""
    in_pieces: int = 0
    """Of them: in no tile whole, and cut in some."""
    lost: int = 0
    """Of them: so little is seen in every tile that it has none."""
    boxes: int = 0
    """Of all tiles: an object may be in several."""
    scraps: int = 0
    """Pieces of objects that are left out, because too little of the object is seen."""

    @classmethod
    def total(cls, each: Iterable[Self]) -> Self:
        """Add them up."""
        every = list(each)
        return cls(**{f.name: sum(getattr(one, f.name) for one in every) for f in fields(cls)})

    def to_json(self) -> dict[str, int]:
        """Give the counts by name."""
        return dict(vars(self))


def table_of(splits: Mapping[str, TileFigures]) -> str:
    """Show the counts of all splits beside each other.

    Args:
        splits: by name.

    Returns:
        The lines of a table.
    """
    rows = [
        ["", *splits],
        *(
            [text, *(str(getattr(one, name)) for one in splits.values())]
            for name, text in _LINES.items()
        ),
    ]
    return "\n".join(aligned(rows))
