"""A picture as something to read windows of, whether it fits into memory or not.

What Pillow may decode is decoded once; a TIFF beyond that limit stays on the disk, and each window
is read from there (`ops/tiff_windows.py`).
"""

import contextlib
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from frcnn.ops import tiff_layout
from frcnn.ops.pictures import to_tensor
from frcnn.ops.tiff_windows import TiffWindows
from frcnn.ops.tiles import Window
from frcnn.prediction.loading import Loaded, load
from frcnn.types import Size

_BAND = 1 << 22  # pixels that are shrunk at a time


class Windows(Protocol):
    """A picture of which windows can be read."""

    @property
    def size(self) -> Size:
        """Of the upright picture."""
        ...

    @property
    def path(self) -> Path | None:
        """Of the picture; None when it was given in memory."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks about the picture."""
        ...

    def read(self, window: Window) -> NDArray[np.uint8]:
        """Give [h, w, 3] uint8, RGB, of a window inside the picture."""
        ...


class Decoded:
    """A picture in memory."""

    def __init__(self, loaded: Loaded) -> None:
        """Keep it.

        Args:
            loaded: the picture.
        """
        self.size, self.path, self.notes = loaded.size, loaded.path, loaded.notes
        self._loaded = loaded

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The whole picture: [H, W, 3] uint8, RGB."""
        return self._loaded.pixels

    def read(self, window: Window) -> NDArray[np.uint8]:
        """Cut a window out.

        Args:
            window: inside the picture.

        Returns:
            [h, w, 3] uint8, RGB, a view of the picture.
        """
        return self.pixels[window.y1 : window.y2, window.x1 : window.x2]


@contextlib.contextmanager
def open_windows(
    source: object, *, bgr: bool = False, place: str = "predict: picture"
) -> Iterator[Windows]:
    """Open a picture of any accepted form.

    Args:
        source: as `loading.load` takes it.
        bgr: as `loading.load` takes it.
        place: how errors name a picture without a path.

    Yields:
        The picture. Errors as `loading.load`, and those of `tiff_layout.read_layout` for a large
        TIFF.
    """
    path = Path(source) if isinstance(source, str | os.PathLike) and not bgr else None
    if path is not None and tiff_layout.needs_windows(path):
        with TiffWindows(path) as windows:
            yield windows
    else:
        yield Decoded(load(source, bgr=bgr, place=place))


def shrunk(windows: Windows, window: Window, factor: int) -> NDArray[np.uint8]:
    """Read a window in a smaller size: each pixel is the mean of `factor` x `factor` of them.

    It is read in bands, so that a picture of any size can be looked at as a whole.

    Args:
        windows: the picture.
        window: inside the picture.
        factor: 1 or more; the last row and column may be means of fewer pixels.

    Returns:
        [ceil(h / factor), ceil(w / factor), 3] uint8, RGB.
    """
    if factor == 1:
        return windows.read(window)
    rows = max(_BAND // window.size.width // factor, 1) * factor
    bands = range(window.y1, window.y2, rows)
    return np.concatenate(
        [
            _means(windows.read(Window(window.x1, y, window.x2, min(y + rows, window.y2))), factor)
            for y in bands
        ]
    )


def tensor_of(windows: Windows, window: Window, factor: int = 1) -> Tensor:
    """Read a window as the detector takes it.

    Args:
        windows: the picture.
        window: inside the picture.
        factor: how much smaller.

    Returns:
        [3, h, w] uint8, RGB.
    """
    return to_tensor(shrunk(windows, window, factor))


def _means(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    ys, xs = np.arange(0, height, factor), np.arange(0, width, factor)
    sums = np.add.reduceat(pixels, ys, axis=0, dtype=np.uint32)
    sums = np.add.reduceat(sums, xs, axis=1)
    counts = (np.diff([*ys, height])[:, None] * np.diff([*xs, width]))[..., None]
    means: NDArray[np.uint8] = ((sums + counts // 2) // counts).astype(np.uint8)
    return means
