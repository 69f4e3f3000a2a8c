"""The video with its boxes: MPEG-4 in .mp4, whole or absent.

MPEG-4 Part 2 (`mp4v`) is what OpenCV's build writes fast: a frame of 1280 x 720 in 14 ms, where VP9
takes 350. Players and editors read it, web browsers do not. It has a constant rate and no sound.
Frames are written beside their place under another name, which is changed when all are there.
"""

import contextlib
import errno
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from frcnn import files
from frcnn.errors import DiskError, PictureError
from frcnn.prediction.forms.results import make_folder
from frcnn.prediction.video.opencv import opencv, unheard
from frcnn.types import Size

SUFFIX = ".mp4"
USUAL_RATE = 25.0
"""Frames a second where the video does not say."""
_SLOWEST, _FASTEST = 0.01, 240.0


class DrawnVideo:
    """A video that is being written."""

    def __init__(self, path: Path, rate: float) -> None:
        """Open nothing yet: the first frame says how large it is.

        Args:
            path: where it will be, ending in `SUFFIX`.
            rate: frames a second; 0 takes the usual one.
        """
        self.path, self.rate = path, min(max(rate or USUAL_RATE, _SLOWEST), _FASTEST)
        self._temporary = files.temporary_beside(path.with_name(f"video{SUFFIX}"))
        self._writer: Any = None
        self._size = Size(0, 0)
        self._count = 0

    def write(self, pixels: NDArray[np.uint8]) -> None:
        """Add a frame.

        Args:
            pixels: [H, W, 3] uint8, RGB. Odd sides grow by a pixel, which repeats the last; a frame
                of another size than the first is resized. PictureError RC125 when no video can be
                written there.
        """
        if self._writer is None:
            self._open(Size(*pixels.shape[:2]))
        if pixels.shape[:2] != tuple(self._size):
            image = Image.fromarray(pixels).resize((self._size.width, self._size.height))
            pixels = np.asarray(image)
        odd = (self._size.height % 2, self._size.width % 2)
        if any(odd):
            pixels = np.pad(pixels, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge")
        self._writer.write(pixels[:, :, ::-1].copy())
        self._count += 1

    def fill(self, pixels: NDArray[np.uint8], seconds: float) -> None:
        """Add a frame as often as keeps the time of a camera that is looked at now and then.

        Args:
            pixels: as `write`.
            seconds: its time.
        """
        self.write(pixels)
        while self._count < seconds * self.rate:
            self.write(pixels)

    def finish(self) -> bool:
        """Put it in its place.

        Returns:
            Whether there is a video: not where no frame came.

        Raises:
            DiskError: it could not be written.
        """
        if self._writer is None:
            return False
        self._writer.release()
        self._writer = None
        self._require_whole()
        self._put_in_place()
        return True

    def discard(self) -> None:
        """Remove what is not whole."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None
        with contextlib.suppress(OSError):
            self._temporary.unlink(missing_ok=True)

    def _put_in_place(self) -> None:
        try:
            files.force(self._temporary)
            files.reached("before_rename")
            self._temporary.replace(self.path)
            files.reached("after_rename")
            files.force(self.path.parent)
        except OSError as error:
            self.discard()
            if isinstance(error, DiskError):
                raise
            raise files.disk_error(error, self.path) from error

    def _require_whole(self) -> None:
        """Count the frames on the disk: OpenCV does not tell when it is full."""
        cv2 = opencv(str(self.path))
        with unheard(cv2):
            written = cv2.VideoCapture(str(self._temporary), cv2.CAP_FFMPEG)
        count = round(written.get(cv2.CAP_PROP_FRAME_COUNT)) if written.isOpened() else 0
        written.release()
        if count < self._count:
            full = OSError(errno.ENOSPC, f"{count} of {self._count} frames are on the disk")
            error = files.disk_error(full, self.path)
            self.discard()
            raise error

    def _open(self, size: Size) -> None:
        cv2 = opencv(str(self.path))
        make_folder(self.path.parent)
        self._size = size
        even = (size.width + size.width % 2, size.height + size.height % 2)
        writer = _writer(cv2, self._temporary, self.rate, even)
        if not writer.isOpened():
            raise PictureError(
                "RC125",
                str(self.path),
                "the video with boxes cannot be written",
                got=f"{size.width} x {size.height} at {self.rate:g} frames a second",
                want="sides of at most 8190 pixels, in a folder whose name is plain text",
                fix="leave images out of --save, or choose another --out",
            )
        self._writer = writer


def _writer(cv2: ModuleType, path: Path, rate: float, even: tuple[int, int]) -> Any:  # noqa: ANN401
    name = str(path).encode("utf-8", "replace").decode()  # OpenCV crashes on half of a letter
    with unheard(cv2):
        return cv2.VideoWriter(name, cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"mp4v"), rate, even)
