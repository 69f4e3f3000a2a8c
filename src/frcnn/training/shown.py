"""A picture as one visit of training shows it, with its boxes and stored proposals in it.

Letters: H x W pixels, G true boxes, P proposals.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from frcnn.ops import boxes as box_ops
from frcnn.types import Size, Target

LEAST_SIDE = 1.0
"""Pixels: what a window leaves less of is no box any more."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Shown:
    """A picture before it is resized."""

    picture: Tensor
    """[3, H, W] uint8, RGB; of a whole JPEG maybe a part of the rows and columns, where that is
    enough."""
    size: Size
    """Of the whole picture, in whose pixels the boxes are; of one that is not whole, its own."""
    target: Target
    proposals: Tensor | None = None
    """[P, 4] float32, stored ones."""


def seen_in(boxes: Tensor, left: int, top: int, size: Size) -> tuple[Tensor, Tensor]:
    """Look at boxes through a window.

    Args:
        boxes: [N, 4] float32, pixels.
        left: of the window, pixels.
        top: of the window, pixels.
        size: of the window, pixels.

    Returns:
        [n, 4] float32, n <= N: what is seen of those of which something is, in pixels of the
        window; and [n] int64, their rows in `boxes`.
    """
    moved = box_ops.clip(boxes - torch.tensor([left, top, left, top]), size)
    width, height = box_ops.sides(moved)
    rows = ((width >= LEAST_SIDE) & (height >= LEAST_SIDE)).nonzero()[:, 0]
    return moved[rows], rows
