"""The written video: what was drawn, at its rate, whole or absent."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from frcnn import files
from frcnn.errors import DiskError, PictureError
from frcnn.prediction.video.writing import DrawnVideo

Read = Callable[[Path], list[np.ndarray]]


def grey(value: int, height: int = 48, width: int = 64) -> np.ndarray:
    pixels = np.full((height, width, 3), value, np.uint8)
    pixels[:, : width // 2, 0] = 255  # the left half is red
    return pixels


def rate_of(cv2: object, path: Path) -> float:
    return cv2.VideoCapture(str(path), cv2.CAP_FFMPEG).get(cv2.CAP_PROP_FPS)


# --- golden


def test_golden_what_is_written_is_read(cv2: object, tmp_path: Path, frames_in: Read) -> None:
    video = DrawnVideo(tmp_path / "a" / "film.mp4", 12.5)
    for value in (0, 100, 200):
        video.write(grey(value))
        assert not (tmp_path / "a" / "film.mp4").exists()
    assert video.finish()
    assert os.listdir(tmp_path / "a") == ["film.mp4"]
    assert rate_of(cv2, tmp_path / "a" / "film.mp4") == 12.5
    frames = frames_in(tmp_path / "a" / "film.mp4")
    assert len(frames) == 3
    for value, frame in zip((0, 100, 200), frames, strict=True):
        assert abs(int(frame[24, 60, 1]) - value) < 12
        assert frame[24, 4, 0] > 225, "red is red"


def test_golden_the_time_of_a_camera_is_kept(cv2: object, tmp_path: Path, frames_in: Read) -> None:
    video = DrawnVideo(tmp_path / "film.mp4", 10.0)
    for value, seconds in ((0, 0.0), (100, 0.1), (200, 1.0)):
        video.fill(grey(value), seconds)
    video.finish()
    assert len(frames_in(tmp_path / "film.mp4")) == 10


# --- what always holds


@pytest.mark.parametrize(("height", "width"), [(47, 64), (48, 63), (1, 1), (2, 3)])
def test_odd_sides_grow_by_a_pixel(
    cv2: object, tmp_path: Path, frames_in: Read, height: int, width: int
) -> None:
    video = DrawnVideo(tmp_path / "film.mp4", 10.0)
    video.write(grey(90, height, width))
    video.finish()
    frame = frames_in(tmp_path / "film.mp4")[0]
    assert frame.shape == (height + height % 2, width + width % 2, 3)


def test_a_frame_of_another_size_is_not_lost(cv2: object, tmp_path: Path, frames_in: Read) -> None:
    video = DrawnVideo(tmp_path / "film.mp4", 10.0)
    video.write(grey(0))
    video.write(grey(200, 96, 100))
    video.finish()
    frames = frames_in(tmp_path / "film.mp4")
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 2
    assert abs(int(frames[1][24, 60, 1]) - 200) < 12


@pytest.mark.parametrize(
    ("rate", "want"), [(0.0, 25.0), (1e-9, 0.01), (1000.0, 240.0), (30000 / 1001 / 7, 4.281)]
)
def test_rates(cv2: object, tmp_path: Path, rate: float, want: float) -> None:
    video = DrawnVideo(tmp_path / "film.mp4", rate)
    video.write(grey(0))
    video.finish()
    assert rate_of(cv2, tmp_path / "film.mp4") == pytest.approx(want, abs=1e-3)


# --- nothing in


def test_no_frame_no_video(tmp_path: Path) -> None:
    video = DrawnVideo(tmp_path / "film.mp4", 10.0)
    assert not video.finish()
    video.discard()
    assert list(tmp_path.iterdir()) == []


# --- wrong in


def test_what_is_discarded_leaves_nothing(cv2: object, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"old")
    video = DrawnVideo(tmp_path / "film.mp4", 10.0)
    video.write(grey(0))
    video.discard()
    assert os.listdir(tmp_path) == ["film.mp4"]
    assert (tmp_path / "film.mp4").read_bytes() == b"old"


def test_a_killed_writer_is_cleaned_up_after(cv2: object, tmp_path: Path) -> None:
    video = DrawnVideo(tmp_path / "film.mp4", 10.0)
    video.write(grey(0))
    left = files.remove_leftovers(tmp_path)
    assert [path.name for path in left] == [f".video.mp4.{os.getpid()}.tmp.mp4"]
    video.discard()


def test_a_full_disk_is_noticed(
    cv2: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = DrawnVideo(tmp_path / "film.mp4", 10.0)
    for _ in range(4):
        video.write(grey(0))
    video._writer.release()
    short = video._temporary.read_bytes()[:300]

    class Released:
        """What OpenCV leaves when the disk is full: it says nothing."""

        def release(self) -> None:
            video._temporary.write_bytes(short)

    video._writer = Released()
    with pytest.raises(DiskError, match="0 of 4 frames") as caught:
        video.finish()
    assert caught.value.code == "RC601"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(cv2: object, tmp_path: Path) -> None:
    (tmp_path / "b\udcff").mkdir()
    with pytest.raises(PictureError, match="cannot be written") as caught:
        DrawnVideo(tmp_path / "b\udcff" / "film.mp4", 10.0).write(grey(0))
    assert caught.value.code == "RC125"


def test_too_wide(cv2: object, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="got 8200 x 2 at 10 frames"):
        DrawnVideo(tmp_path / "film.mp4", 10.0).write(grey(0, 2, 8200))


def test_a_rename_that_fails(cv2: object, tmp_path: Path) -> None:
    (tmp_path / "film.mp4" / "in the way").mkdir(parents=True)
    video = DrawnVideo(tmp_path / "film.mp4", 10.0)
    video.write(grey(0))
    with pytest.raises(DiskError):
        video.finish()
    assert os.listdir(tmp_path) == ["film.mp4"]
