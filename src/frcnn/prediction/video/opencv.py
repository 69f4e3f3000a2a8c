"""OpenCV, which decodes and writes videos: imported when the first is met, and kept quiet.

Its package is the extra `video`. What FFmpeg and OpenCV write to stderr by themselves is turned
off: it would name addresses with their passwords, and what it says is said by our own errors.
"""

import contextlib
import importlib
import os
from collections.abc import Iterator
from types import ModuleType

from frcnn.errors import PictureError

_FFMPEG_SAYS = "OPENCV_FFMPEG_LOGLEVEL"
_NOTHING = "-8"  # FFmpeg's AV_LOG_QUIET
_OLDEST = 5


def opencv(place: str) -> ModuleType:
    """Import OpenCV.

    Args:
        place: the video that needs it, as errors name it.

    Returns:
        The module `cv2`.

    Raises:
        PictureError: it is not installed, or too old (RC118).
    """
    os.environ.setdefault(_FFMPEG_SAYS, _NOTHING)  # read by OpenCV when it first meets a video
    try:
        cv2 = importlib.import_module("cv2")
    except ImportError as error:
        raise _missing(place, "not installed") from error
    if int(cv2.__version__.split(".")[0]) < _OLDEST:  # older ones do not read an open file
        raise _missing(place, f"version {cv2.__version__}")
    return cv2


def _missing(place: str, got: str) -> PictureError:
    return PictureError(
        "RC118",
        place,
        "videos are read with the package OpenCV",
        got=got,
        want=f"opencv-python-headless >= {_OLDEST}.0",
        fix="python -m pip install -U opencv-python-headless",
    )


@contextlib.contextmanager
def unheard(cv2: ModuleType) -> Iterator[None]:
    """Keep OpenCV from writing its own remarks to stderr.

    Args:
        cv2: the module.

    Yields:
        Nothing; afterwards it is as loud as before.
    """
    logging = cv2.utils.logging
    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)
