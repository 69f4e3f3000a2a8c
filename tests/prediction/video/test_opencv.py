"""OpenCV: imported when a video is met, quiet, and missed with the remedy."""

import os
import sys
from types import SimpleNamespace

import pytest

from frcnn.errors import PictureError
from frcnn.prediction.video.opencv import opencv, unheard


def test_golden_the_module(cv2: object) -> None:
    assert opencv("film.mp4") is cv2
    assert os.environ["OPENCV_FFMPEG_LOGLEVEL"] == "-8"


def test_it_is_as_loud_afterwards_as_before(cv2: object) -> None:
    before = cv2.utils.logging.getLogLevel()
    with unheard(cv2):
        assert cv2.utils.logging.getLogLevel() == cv2.utils.logging.LOG_LEVEL_SILENT
    assert cv2.utils.logging.getLogLevel() == before


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(PictureError, match="got not installed") as caught:
        opencv("film.mp4")
    assert (caught.value.code, caught.value.place) == ("RC118", "film.mp4")
    assert caught.value.fix == "python -m pip install -U opencv-python-headless"


def test_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", SimpleNamespace(__version__="4.10.0"))
    with pytest.raises(PictureError, match=r"got version 4\.10\.0, want .* >= 5\.0"):
        opencv("film.mp4")
