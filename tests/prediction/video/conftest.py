"""Small videos, made by OpenCV when a test asks for one."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

MakeVideo = Callable[..., Path]


@pytest.fixture(scope="session")
def cv2() -> object:
    """OpenCV, or the reason why there are no videos."""
    return pytest.importorskip("cv2", reason="videos need the extra [video]")


@pytest.fixture
def make_video(tmp_path: Path, cv2: object) -> MakeVideo:
    """Write a video: a bright block moves to the right over grey."""

    def make(
        name: str = "film.mp4",
        count: int = 6,
        *,
        width: int = 64,
        height: int = 48,
        rate: float = 10.0,
        code: str = "mp4v",
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fourcc = cv2.VideoWriter_fourcc(*code)
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, fourcc, rate, (width, height))
        assert writer.isOpened()
        for number in range(count):
            writer.write(np.ascontiguousarray(picture_of(number, width, height)[:, :, ::-1]))
        writer.release()
        return path

    return make


@pytest.fixture
def frames_in(cv2: object) -> Callable[[Path], list[np.ndarray]]:
    """Read all frames of a video, as RGB."""

    def read(path: Path) -> list[np.ndarray]:
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        frames = []
        while True:
            done, pixels = capture.read()
            if not done:
                return frames
            frames.append(pixels[:, :, ::-1])

    return read


@pytest.fixture
def turn() -> Callable[[Path], Path]:
    """Write into an MP4 that it is to be shown turned by a quarter, as telephones do."""

    def turned(path: Path) -> Path:
        data = path.read_bytes()
        at = data.index(b"tkhd") + 4 + 40  # the matrix of the track's header, version 0
        one = 65536
        matrix = struct.pack(">9i", 0, one, 0, -one, 0, 0, 48 * one, 0, 1 << 30)
        path.write_bytes(data[:at] + matrix + data[at + 36 :])
        return path

    return turned


def picture_of(number: int, width: int, height: int) -> np.ndarray:
    """Frame `number`: red over grey."""
    pixels = np.full((height, width, 3), 60, np.uint8)
    left = 4 * number % max(width - 16, 1)
    pixels[height // 4 : height // 2, left : left + 16] = (230, 20, 20)
    return pixels
