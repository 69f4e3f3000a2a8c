"""Of a camera or stream the newest frame: a slow detector sees fewer frames, not older ones.

A thread goes through the frames as they come, and keeps one. What it passes over is missing among
the numbers, so a gap says how many. Nothing piles up, however long it runs.
"""

import threading
import time
from collections.abc import Generator

from frcnn.errors import PictureError, first_line
from frcnn.prediction.video.frame import Capture, Frame, rgb

_JOIN = 15.0  # seconds; a stream that says nothing is given up earlier


class Newest:
    """The thread, and the frame that it keeps."""

    def __init__(self, capture: Capture, place: str, stride: int) -> None:
        """Start nothing yet.

        Args:
            capture: open.
            place: the camera or stream, as errors name it.
            stride: every so many frames one is kept.
        """
        self._capture, self._place, self._stride = capture, place, stride
        self._change = threading.Condition()
        self._kept: Frame | None = None
        self._has_ended = self._is_left = False
        self._fault = ""

    def frames(self) -> Generator[Frame, None, None]:
        """Give the newest frame, and wait for the next.

        Yields:
            Frame by frame, until the stream ends or the caller does.

        PictureError when it breaks off, or ends before the first frame (RC122).
        """
        thread = threading.Thread(target=self._go, name="frcnn-camera", daemon=True)
        thread.start()
        given = 0
        try:
            while (kept := self._next()) is not None:
                yield kept
                given += 1
        finally:
            self._is_left = True
            thread.join(_JOIN)
        if self._fault or not given:
            raise PictureError(
                "RC122",
                self._place,
                "the camera or stream broke off"
                if given
                else "the camera or stream gives no frame",
                got=self._fault or "it ended before the first",
                want="frames",
                fix="try it in another program",
            )

    def _next(self) -> Frame | None:
        with self._change:
            self._change.wait_for(lambda: self._kept is not None or self._has_ended)
            kept, self._kept = self._kept, None
            return kept

    def _go(self) -> None:
        number, began = 0, 0.0
        try:
            while not self._is_left and self._capture.grab():
                now = time.monotonic()
                began = began or now
                if number % self._stride == 0:
                    done, pixels = self._capture.retrieve()
                    self._keep(Frame(number, now - began, rgb(pixels)) if done else None)
                number += 1
        except Exception as error:  # OpenCV's; told by the one who waits
            self._fault = first_line(error)
        with self._change:
            self._has_ended = True
            self._change.notify()

    def _keep(self, frame: Frame | None) -> None:
        with self._change:
            self._kept = frame or self._kept
            self._change.notify()
