"""A picture with its boxes, made smaller where the picture itself is too large for that."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from frcnn.ops.picture_header import MAX_PIXELS
from frcnn.ops.tiles import whole
from frcnn.prediction.result import Result
from frcnn.prediction.windows import Windows, shrunk
from frcnn.types import Size

LONGEST = 4096
"""Pixels of the longer side of a smaller copy."""


def drawn(result: Result, windows: Windows) -> NDArray[np.uint8]:
    """Draw boxes with names and scores on a picture.

    Args:
        result: the boxes.
        windows: the picture they are in.

    Returns:
        [h, w, 3] uint8, RGB: the picture where it may be decoded at once, else a copy that is
        smaller by a whole factor, so that its longer side has at most `LONGEST` pixels.
    """
    size = windows.size
    is_large = size.height * size.width > MAX_PIXELS
    factor = math.ceil(max(size) / LONGEST) if is_large else 1
    pixels = shrunk(windows, whole(size), factor)
    boxes = result.boxes / factor
    small = replace(
        result,
        detections=replace(result.detections, boxes=boxes),
        size=Size(pixels.shape[0], pixels.shape[1]),
        pixels=pixels,
    )
    return small.plotted()
