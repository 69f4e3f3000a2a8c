"""A video, read frame by frame: upright, in RGB, each frame with its number and time.

1. open the file ourselves, judge its first bytes, and hand OpenCV the open file, never its name
2. ask for size, frames a second and number of frames; each may be unknown
3. decode in one thread: the detector has the others
4. at the end, tell whether fewer frames came than the file says it has

Rotation that a telephone wrote into the file is applied by OpenCV. Sound is not read.
"""

import contextlib
import math
from collections.abc import Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from frcnn import machine
from frcnn.errors import PictureError, first_line
from frcnn.ops.picture_header import MAX_PIXELS, open_regular, place_of
from frcnn.prediction.remote import OFFLINE
from frcnn.prediction.video.frame import Capture, Frame, rgb
from frcnn.prediction.video.kinds import VideoSource, kind_of_video
from frcnn.prediction.video.newest import Newest
from frcnn.prediction.video.opencv import opencv, unheard

_MOST_RATE = 1000.0  # frames a second; more is a file that does not say
_PATIENCE = 10_000  # milliseconds that a stream may say nothing
_FEW = 2  # frames that the count of a file may be wrong by
_SHARE = 0.01  # of its frames, likewise: some formats only estimate it


class Video:
    """An open video, camera or stream."""

    def __init__(self, source: VideoSource, cv2: ModuleType, capture: Capture) -> None:
        """Ask what it says of itself.

        Args:
            source: what was opened.
            cv2: OpenCV.
            capture: open.

        Raises:
            PictureError: its frames have too many pixels (RC119).
        """
        self.source, self._cv2, self._capture = source, cv2, capture
        height, width = (
            capture.get(cv2.CAP_PROP_FRAME_HEIGHT),
            capture.get(cv2.CAP_PROP_FRAME_WIDTH),
        )
        if height * width > MAX_PIXELS:
            got = f"frames of {width:.0f} x {height:.0f}, {height * width / 1e6:.0f} million pixels"
            raise unreadable(source.place, f"{got}; at most {MAX_PIXELS / 1e6:g} are read")
        rate, count = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.rate = rate if math.isfinite(rate) and 0 < rate <= _MOST_RATE else 0.0
        """Frames a second, on average; 0 where it is unknown."""
        known = math.isfinite(count) and 0 < count < 2**31 and not source.is_live
        self.count = round(count) if known else None
        """Frames, as the file says; None where it does not."""
        self.grabbed = 0
        """Frames gone through so far."""
        self.unsteady = 0.0
        """Seconds that a frame's time was at most away from where an even rate has it."""
        self._fault = ""
        self._has_ended = False

    def frames(self, stride: int = 1, first: int = 0) -> Generator[Frame, None, None]:
        """Go through the frames; once.

        Args:
            stride: every so many frames one is given.
            first: so many of those are passed over, and not decoded into pixels.

        Yields:
            Frame by frame; of a camera or stream the newest, so that some numbers are missing.
            The caller ends it where it has no end.

        PictureError when there is not one frame (RC119).
        """
        if self.source.is_live:
            yield from Newest(self._capture, self.source.place, stride).frames()
            return
        while self._grab():
            number, self.grabbed = self.grabbed, self.grabbed + 1
            time = self._time_of(number)
            if number % stride or number // stride < first:
                continue
            done, pixels = self._capture.retrieve()
            if not done:
                self._fault = "a frame that cannot be turned into pixels"
                break
            yield Frame(number, time, rgb(pixels))
        self._has_ended = True
        if not self.grabbed:
            raise unreadable(self.source.place, self._fault or "no frame that can be decoded")

    def lost(self) -> PictureError | None:
        """Tell at the end whether frames are missing.

        Returns:
            What is missing (RC121); None where all are there, or where the end was not reached.
        """
        missing = (self.count or 0) - self.grabbed
        few = max(_FEW, _SHARE * (self.count or 0))
        if not self._has_ended or not (self._fault or missing > few):
            return None
        return PictureError(
            "RC121",
            self.source.place,
            "the video is damaged or cut short; the frames before are done",
            got=self._fault or f"{self.grabbed} frames",
            want=f"{self.count} frames, as the file says" if self.count else "",
            fix="copy the file again, and go on with --resume",
        )

    def _grab(self) -> bool:
        try:
            return self._capture.grab()
        except self._cv2.error as error:
            self._fault = first_line(error)
            return False

    def _time_of(self, number: int) -> float | None:
        seconds = self._capture.get(self._cv2.CAP_PROP_POS_MSEC) / 1000
        says = math.isfinite(seconds) and (seconds > 0 or number == 0)
        if not says:
            return number / self.rate if self.rate else None
        if self.rate:
            self.unsteady = max(self.unsteady, abs(seconds - number / self.rate))
        return seconds


@contextlib.contextmanager
def open_video(source: VideoSource) -> Iterator[Video]:
    """Open a video, a camera or a stream.

    Args:
        source: which.

    Yields:
        The video; closed afterwards.

    PictureError when OpenCV is not installed (RC118), the file cannot be opened (RC108), is no
    video, cannot be decoded or has frames of too many pixels (RC119), or the camera or stream is
    not there (RC122).
    """
    cv2 = opencv(source.place)
    with contextlib.ExitStack() as stack:
        if isinstance(source.where, Path):
            file = stack.enter_context(open_regular(source.where))
            capture = _capture_of_file(cv2, file, source.where)
        else:
            capture = _capture_of_stream(cv2, source)
        stack.callback(capture.release)
        yield Video(source, cv2, capture)


def _capture_of_file(cv2: ModuleType, file: BinaryIO, path: Path) -> Capture:
    kind = kind_of_video(file.read(200))
    file.seek(0)
    if kind is None:
        raise unreadable(place_of(path), "no kind of video that is known")
    with unheard(cv2):
        capture: Any = cv2.VideoCapture(file, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    if not capture.isOpened():
        raise unreadable(place_of(path), f"{kind} that cannot be decoded, or is cut short")
    return capture  # type: ignore[no-any-return]


def _capture_of_stream(cv2: ModuleType, source: VideoSource) -> Capture:
    if machine.is_offline() and not isinstance(source.where, int):
        raise _no_stream(source, OFFLINE)
    with unheard(cv2):
        if isinstance(source.where, int):
            capture: Any = cv2.VideoCapture(source.where)
        else:
            waits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _PATIENCE]
            waits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, _PATIENCE, cv2.CAP_PROP_N_THREADS, 1]
            capture = cv2.VideoCapture(source.where, cv2.CAP_FFMPEG, waits)
    if capture.isOpened():
        return capture  # type: ignore[no-any-return]
    if isinstance(source.where, int):
        raise PictureError(
            "RC122",
            source.place,
            "the camera cannot be opened",
            got="no such camera, or another program has it",
            want="a camera of this computer",
            fix="look which there are: ls /dev/video*",
        )
    raise _no_stream(source, "no answer, or no video")


def _no_stream(source: VideoSource, got: str) -> PictureError:
    return PictureError(
        "RC122",
        source.place,
        "the stream or video cannot be opened",
        got=got,
        want="an address that gives a video",
        fix="try the address in a player; a picture's needs no `stream:`",
    )


def unreadable(place: str, got: str) -> PictureError:
    """Say that a video cannot be used at all.

    Args:
        place: the video.
        got: what is wrong with it.

    Returns:
        The error (RC119).
    """
    return PictureError(
        "RC119",
        place,
        "the video cannot be read",
        got=got,
        want="MP4, MOV, AVI, MKV, WebM or another kind that FFmpeg decodes",
        fix="play it to see if it is whole; `ffmpeg -i VIDEO out.mp4` writes it anew",
    )
