"""The boxes of a picture that is cut into tiles. G boxes, T tiles.

1. each box is clipped to each tile that it reaches into
2. a piece stays where at least a share of the box is seen, and a pixel of each side; what shows too
   little of an object to be known by would teach that such scraps are one
3. what becomes of every box is kept: whole in some tile, in pieces only, or in no tile
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from frcnn.ops.tiles import Window
from frcnn.types import Target

THINNEST = 1.0
"""Pixels of a piece's side; less is a rest of rounding rather than of an object."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CutBoxes:
    """The boxes of one picture in its tiles."""

    targets: tuple[Target, ...]
    """[T] of each tile, in pixels of the tile."""
    is_whole: NDArray[np.bool_]
    """[G] in some tile."""
    is_kept: NDArray[np.bool_]
    """[G] in some tile, whole or a piece of it."""
    scraps: int
    """Pieces that were left out."""


def cut_boxes(target: Target, windows: Sequence[Window], least: float) -> CutBoxes:
    """Give every tile its boxes.

    Args:
        target: the picture's boxes.
        windows: its tiles.
        least: share of a box that must be seen in a tile, 0 to 1.

    Returns:
        The boxes by tile, in the picture's order, with labels and flags.
    """
    boxes = target.boxes.numpy().astype(np.float64)
    sides = boxes[:, 2:] - boxes[:, :2]
    is_whole = np.zeros(len(boxes), np.bool_)
    is_kept = np.zeros(len(boxes), np.bool_)
    targets: list[Target] = []
    scraps = 0
    for window in windows:
        x1, y1, x2, y2 = window
        clipped = np.clip(boxes, (x1, y1, x1, y1), (x2, y2, x2, y2))
        seen = clipped[:, 2:] - clipped[:, :2]
        whole = (clipped == boxes).all(axis=1)
        enough = seen.prod(axis=1) >= least * sides.prod(axis=1)
        enough &= (seen >= np.minimum(sides, THINNEST)).all(axis=1)
        keep = whole | enough
        is_whole |= whole
        is_kept |= keep
        scraps += int(((seen > 0).all(axis=1) & ~keep).sum())
        targets.append(_chosen(target, clipped - (x1, y1, x1, y1), keep))
    return CutBoxes(targets=tuple(targets), is_whole=is_whole, is_kept=is_kept, scraps=scraps)


def _chosen(target: Target, boxes: NDArray[np.float64], keep: NDArray[np.bool_]) -> Target:
    chosen = torch.from_numpy(keep)
    return Target(
        boxes=torch.from_numpy(boxes[keep].astype(np.float32)),
        labels=target.labels[chosen],
        difficult=target.difficult[chosen],
    )
