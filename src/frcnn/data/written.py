"""All boxes of a split as its files have them, in arrays: what the searches for slips look at.

Readers make corners of every layout's numbers; here the numbers come back, before anything was
clipped or left out. N boxes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from frcnn.data.seen import Seen

TOLERANCE = 1.0
"""Pixels by which a box may leave its picture in any form: formats count corners differently."""
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Written:
    """The boxes of one split."""

    layout: str
    corners: Numbers
    """[N, 4] pixels, as the layout's own rule makes them: not all of them are boxes."""
    sides: Numbers
    """[N, 2] width and height of the upright picture."""
    picture: NDArray[np.int64]
    """[N] which picture of the split it is of; rising."""
    label: NDArray[np.int64]
    """[N] the same number for the same class name."""
    is_object: NDArray[np.bool_]
    """[N] False for difficult ones and crowds."""
    is_on_its_side: NDArray[np.bool_]
    """[N] whether EXIF turns its picture by a quarter, and nothing says which size is meant."""

    def chosen(self, rows: NDArray[np.bool_]) -> "Written":
        """Keep some of the boxes."""
        arrays = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "layout"}
        return Written(layout=self.layout, **arrays)

    @property
    def numbers(self) -> Numbers:
        """[N, 4] in the layout's own form and unit, as `slips.OWN` has them."""
        x1, y1, x2, y2 = self.corners.T
        if self.layout == "voc":  # the first pixel is 1
            return np.stack((x1 + 1, y1 + 1, x2, y2), axis=1)
        if self.layout in ("coco", "label-studio"):
            whole = np.stack((x1, y1, x2 - x1, y2 - y1), axis=1)
            return whole if self.layout == "coco" else 100 * whole / np.tile(self.sides, 2)
        if self.layout == "yolo":
            centred = np.stack(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1), axis=1)
            return centred / np.tile(self.sides, 2)
        return self.corners


def written_boxes(layout: str, split: Sequence[Seen]) -> Written:
    """Gather the boxes of a split.

    Args:
        layout: its name.
        split: its usable pictures.

    Returns:
        Their boxes, those that were left out for what they are included.
    """
    rows = [seen.written for seen in split]
    counts = np.array([len(each.names) for each in rows], np.int64)
    sides = np.array([(seen.size.width, seen.size.height) for seen in split], np.float64)
    turned = np.array([seen.is_on_its_side and seen.stated is None for seen in split], np.bool_)
    ids: dict[str, int] = {}
    labels = [ids.setdefault(name, len(ids)) for each in rows for name in each.names]
    difficult = np.concatenate([each.difficult for each in rows] or [np.zeros(0, np.bool_)])
    return Written(
        layout=layout,
        corners=np.concatenate([each.boxes for each in rows] or [np.zeros((0, 4))]),
        sides=np.repeat(sides.reshape(-1, 2), counts, axis=0),
        picture=np.repeat(np.arange(len(split)), counts),
        label=np.array(labels, np.int64),
        is_object=~difficult,
        is_on_its_side=np.repeat(turned, counts),
    )


def fits(corners: Numbers, sides: Numbers) -> NDArray[np.bool_]:
    """Say which corners are boxes inside their pictures.

    Args:
        corners: [N, 4] pixels.
        sides: [N, 2] width and height.

    Returns:
        [N] whether it has area and leaves its picture by a pixel at most.
    """
    has_area = np.all(corners[:, 2:] > corners[:, :2], axis=1)
    is_above = np.all(corners[:, :2] >= -TOLERANCE, axis=1)
    is_below = np.all(corners[:, 2:] <= sides + TOLERANCE, axis=1)
    inside: NDArray[np.bool_] = has_area & is_above & is_below
    return inside
