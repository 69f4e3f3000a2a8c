"""EXIF orientation: which way a camera was held, and how its picture is turned upright.

Only one tag of EXIF is read, here and not by Pillow, so that a damaged block costs a remark and
nothing else. A block is a small TIFF file: a byte order, then one directory of 12-byte entries.
TIFF pictures are read by the same function.

Orientations are EXIF's own 1 ... 8: 1 is upright, 3 is half a turn, 6 and 8 are quarter turns,
the even numbers 2, 4 and the odd 5, 7 are mirrored. H rows, W columns.
"""

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from frcnn.types import Size

UPRIGHT = 1
"""The orientation that changes nothing."""
ON_ITS_SIDE = 5
"""From this orientation on, width and height change places."""
ORIENTATION = 0x0112
"""The tag."""
_SHORT, _LONG = 3, 4
_ENTRY = 12  # bytes of one directory entry


class Entry(NamedTuple):
    """One whole-number entry of a directory."""

    value: int
    at: int
    """Where the value stands, in bytes from the start of the block."""
    form: str
    """How `struct` packs it, byte order included."""


def read_directory(block: bytes, offset: int | None = None) -> tuple[dict[int, Entry], int]:
    """Read the first directory of an EXIF block or a TIFF file.

    Args:
        block: the bytes from the byte-order mark on.
        offset: of the directory; None reads it from the block's header.

    Returns:
        The directory's single whole numbers by tag, and the offset of the next directory (0: none).

    Raises:
        ValueError: this is no such block, or it is cut short.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        raise ValueError("no byte-order mark")
    try:
        start = struct.unpack_from(order + "I", block, 4)[0] if offset is None else offset
        (count,) = struct.unpack_from(order + "H", block, start)
        (following,) = struct.unpack_from(order + "I", block, start + 2 + _ENTRY * count)
        rows = [_entry(block, start + 2 + _ENTRY * i, order) for i in range(count)]
    except struct.error as error:
        raise ValueError("cut short") from error
    return {tag: entry for tag, entry in rows if entry is not None}, following


def upright_size(stored: Size, orientation: int) -> Size:
    """Give the size after `upright`: a quarter turn swaps the sides.

    Args:
        stored: of the pixels as the file has them.
        orientation: 1 ... 8.

    Returns:
        The size of the upright picture.
    """
    return Size(stored.width, stored.height) if orientation >= ON_ITS_SIDE else stored


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn a picture as its EXIF orientation asks; exact, no pixel is changed.

    Args:
        pixels: [H, W, 3] uint8.
        orientation: 1 ... 8.

    Returns:
        [H, W, 3] uint8, or [W, H, 3] for 5 ... 8.
    """
    turned = pixels.swapaxes(0, 1) if orientation >= ON_ITS_SIDE else pixels
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    return np.ascontiguousarray(turned)


def upright_corners(
    corners: NDArray[np.float64], stored: Size, orientation: int
) -> NDArray[np.float64]:
    """Turn boxes with their picture: what `upright` does to the pixels inside them.

    Args:
        corners: [N, 4] in the pixels as the file has them.
        stored: size of these.
        orientation: 1 ... 8.

    Returns:
        [N, 4] corners in the upright picture.
    """
    x1, y1, x2, y2 = corners.T
    height, width = upright_size(stored, orientation)
    if orientation >= ON_ITS_SIDE:
        x1, y1, x2, y2 = y1, x1, y2, x2
    if orientation in (3, 4, 7, 8):
        y1, y2 = height - y2, height - y1
    if orientation in (2, 3, 6, 7):
        x1, x2 = width - x2, width - x1
    return np.stack((x1, y1, x2, y2), axis=1)


def _entry(block: bytes, at: int, order: str) -> tuple[int, Entry | None]:
    tag, kind, count = struct.unpack_from(order + "HHI", block, at)
    form = {_SHORT: order + "H", _LONG: order + "I"}.get(kind, "")
    if not form or count != 1:
        return tag, None
    (value,) = struct.unpack_from(form, block, at + 8)
    return tag, Entry(value, at + 8, form)
