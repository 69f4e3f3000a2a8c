"""A TIFF read in windows: only the strips or tiles that a window touches are decoded.

Each of them is decoded as a small TIFF of its own by `pictures.decode`, so that a window has the
very pixels that the whole picture would have, and no other decoder is entered. Strips that are not
compressed are cut further, because some programs write a single one.

Memory is that of the window, of one strip or tile, and of those read last (`CACHE` bytes).
"""

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from frcnn.ops import exif, pictures
from frcnn.ops.picture_header import open_regular
from frcnn.ops.tiff_layout import Layout, read_layout, small_tiff
from frcnn.ops.tiles import Window
from frcnn.types import Size

CACHE = 256 << 20
"""Bytes of decoded strips or tiles that are kept: a row of windows goes over the same ones."""
EMPTY = "parts that the file leaves out are black"
"""The remark about a sparse file."""
_PIECE = 1 << 20  # pixels of what is cut from a strip that is not compressed


class _Piece(NamedTuple):
    """A tile, a strip, or a part of a strip: what is decoded at once."""

    window: Window
    """Of the stored picture; a tile may go beyond its border."""
    segment: int
    """Which tile or strip of the file it is in."""
    skipped: int
    """Rows of the strip before it."""


class TiffWindows:
    """An open TIFF, its first page, upright. To be closed, or used in a `with`."""

    path: Path
    size: Size
    """Of the upright picture."""

    def __init__(self, path: Path) -> None:
        """Read the directory.

        Errors are those of `tiff_layout.read_layout`, and RC108 when the file cannot be opened.

        Args:
            path: of a TIFF or BigTIFF.
        """
        self.path = path
        self._file = open_regular(path)
        try:
            self._layout = read_layout(self._file, path)
        except BaseException:
            self._file.close()
            raise
        self.size = exif.upright_size(self._layout.stored, self._layout.orientation)
        self._cache: OrderedDict[_Piece, NDArray[np.uint8]] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks such as "EXIF rotation 6 applied"."""
        sparse = (EMPTY,) if 0 in self._layout.counts else ()
        return (*self._layout.notes, *sparse)

    def close(self) -> None:
        """Close the file, and forget what was decoded."""
        self._file.close()
        self._cache.clear()

    def read(self, window: Window) -> NDArray[np.uint8]:
        """Decode a part of the picture.

        Args:
            window: inside the upright picture.

        Returns:
            [h, w, 3] uint8, RGB. PictureError when a strip or tile is damaged (RC102, RC103) or
            has pixels of a type that is not accepted (RC105).
        """
        orientation = self._layout.orientation
        stored = stored_window(window, self.size, orientation)
        pixels = np.empty((*stored.size, 3), np.uint8)
        for piece in _touching(self._layout, stored):
            box = piece.window
            x1, y1 = max(box.x1, stored.x1), max(box.y1, stored.y1)
            x2, y2 = min(box.x2, stored.x2), min(box.y2, stored.y2)
            part = self._decoded(piece)[y1 - box.y1 : y2 - box.y1, x1 - box.x1 : x2 - box.x1]
            pixels[y1 - stored.y1 : y2 - stored.y1, x1 - stored.x1 : x2 - stored.x1] = part
        return exif.upright(pixels, orientation)

    def _decoded(self, piece: _Piece) -> NDArray[np.uint8]:
        """Decode a piece, unless it is among those read last."""
        if piece in self._cache:
            self._cache.move_to_end(piece)
            return self._cache[piece]
        size = piece.window.size
        planes = [self._bytes(piece, plane) for plane in range(self._layout.planes)]
        if all(planes):
            pixels = pictures.decode(small_tiff(self._layout, size, planes), path=self.path).pixels
        else:
            pixels = np.zeros((*size, 3), np.uint8)
        self._cache[piece] = pixels
        while len(self._cache) > 1 and sum(kept.nbytes for kept in self._cache.values()) > CACHE:
            self._cache.popitem(last=False)
        return pixels

    def _bytes(self, piece: _Piece, plane: int) -> bytes:
        layout = self._layout
        segment = piece.segment + plane * layout.per_plane
        offset, count = layout.offsets[segment], layout.counts[segment]
        if count and not layout.is_compressed:
            size = piece.window.size
            row = -(-size.width * layout.bits // 8)
            offset, count = offset + piece.skipped * row, size.height * row
        self._file.seek(offset)
        return self._file.read(count)


def stored_window(window: Window, size: Size, orientation: int) -> Window:
    """Find the pixels of a window in a picture as its file has it.

    Args:
        window: of the upright picture.
        size: of the upright picture.
        orientation: 1 ... 8, what turns the stored picture upright.

    Returns:
        The window of the stored picture.
    """
    x1, y1, x2, y2 = window
    if orientation in (2, 3, 6, 7):
        x1, x2 = size.width - x2, size.width - x1
    if orientation in (3, 4, 7, 8):
        y1, y2 = size.height - y2, size.height - y1
    return Window(y1, x1, y2, x2) if orientation >= 5 else Window(x1, y1, x2, y2)


def _touching(layout: Layout, window: Window) -> Iterator[_Piece]:
    return _tiles(layout, window) if layout.is_tiled else _strips(layout, window)


def _tiles(layout: Layout, window: Window) -> Iterator[_Piece]:
    height, width = layout.segment
    for row in range(window.y1 // height, -(-window.y2 // height)):
        for column in range(window.x1 // width, -(-window.x2 // width)):
            x, y = column * width, row * height
            box = Window(x, y, x + width, y + height)
            yield _Piece(window=box, segment=row * layout.across + column, skipped=0)


def _strips(layout: Layout, window: Window) -> Iterator[_Piece]:
    strip, (height, width) = layout.segment.height, layout.stored
    at_once = strip if layout.is_compressed else min(strip, max(_PIECE // width, 1))
    y = window.y1
    while y < window.y2:
        segment, skipped = divmod(y, strip)
        skipped -= skipped % at_once
        top = segment * strip + skipped
        y = min(top + at_once, (segment + 1) * strip, height)
        yield _Piece(window=Window(0, top, width, y), segment=segment, skipped=skipped)
