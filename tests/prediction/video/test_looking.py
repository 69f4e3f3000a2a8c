"""Frames into results: each as the picture alone would have it, one at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from frcnn.errors import ConfigError, PictureError
from frcnn.prediction.choice import Choice
from frcnn.prediction.predictor import Detector
from frcnn.prediction.video.frame import Frame
from frcnn.prediction.video.kinds import VideoSource, video_of_file
from frcnn.prediction.video.looking import FrameConfig, Look, results_of_frames
from frcnn.prediction.video.reading import open_video

MakeVideo = Callable[..., Path]


# --- golden


def test_golden_each_frame_as_a_picture(detector: Detector, make_video: MakeVideo) -> None:
    path = make_video(count=3)
    found = list(detector.frames(path, conf=0.31))
    with open_video(video_of_file(path, "film.mp4")) as video:
        frames = list(video.frames())
    assert [(r.frame, r.time, r.path) for r in found] == [
        (0, 0.0, path),
        (1, 0.1, path),
        (2, 0.2, path),
    ]
    for result, frame in zip(found, frames, strict=True):
        alone = detector.predict(np.ascontiguousarray(frame.pixels), conf=0.31)
        torch.testing.assert_close(result.boxes, alone.boxes, rtol=0, atol=0)
        np.testing.assert_array_equal(result.plotted(), alone.plotted())
    row = found[1].to_json()
    assert list(row)[:4] == ["path", "frame", "time", "width"]
    assert (row["frame"], row["time"]) == (1, 0.1)
    assert {item["image_id"] for item in found[1].to_coco()} <= {"film_000001"}


def test_golden_which_frames(detector: Detector, make_video: MakeVideo) -> None:
    path = make_video(count=7)
    assert [r.frame for r in detector.frames(path, vid_stride=3)] == [0, 3, 6]
    assert [r.frame for r in detector.frames(str(path), vid_stride=2, max_frames=2)] == [0, 2]


# --- what always holds


def test_an_endless_video_is_not_gathered(detector: Detector) -> None:
    def endless() -> Iterator[Frame]:
        number = 0
        while True:
            yield Frame(number, None, np.zeros((48, 64, 3), np.uint8))
            number += 1

    source = VideoSource(0, "webcam:0", "webcam-0", is_live=True)
    results = results_of_frames(detector, source, endless(), Look(choice=Choice()))
    (frame, result), (second, _) = next(results), next(results)
    assert (frame.number, second.number) == (0, 1)
    assert (result.path, result.time) == (None, None)


def test_frames_in_batches_and_in_tiles(detector: Detector, make_video: MakeVideo) -> None:
    path = make_video(count=5)
    batched = Detector(detector.module, detector.classes, batch=2)
    assert [r.frame for r in batched.frames(path)] == [0, 1, 2, 3, 4]
    tiled = list(detector.frames(path, tile=32, max_frames=1))
    assert tiled[0].frame == 0


def test_what_is_damaged_is_told_after_the_last_good_frame(
    detector: Detector, make_video: MakeVideo, tmp_path: Path
) -> None:
    data = make_video("a.mkv", 20, code="FFV1").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    seen = []
    with pytest.raises(PictureError, match="RC121"):
        seen.extend(r.frame for r in detector.frames(tmp_path / "cut.mkv"))
    assert seen == list(range(len(seen)))
    assert len(seen) > 3


# --- wrong in


@pytest.mark.parametrize("words", [{"vid_stride": 0}, {"max_frames": 0}, {"conf": 2.0}])
def test_arguments_are_judged_at_once(detector: Detector, words: dict) -> None:
    with pytest.raises(ConfigError) as caught:
        detector.frames("nowhere.mp4", **words)
    assert caught.value.code == "RC381"
    with pytest.raises(TypeError):
        detector.frames("nowhere.mp4", stride=2)  # type: ignore[call-arg]


def test_no_such_video(detector: Detector, cv2: object, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="RC108"):
        next(detector.frames(tmp_path / "nowhere.mp4"))
    with pytest.raises(PictureError, match="webcam:98"):
        next(detector.frames(98))


def test_a_video_is_not_one_picture(detector: Detector, make_video: MakeVideo) -> None:
    path = make_video(count=1)
    with pytest.raises(ConfigError, match=r"detector\.frames") as caught:
        detector.predict(path)
    assert caught.value.code == "RC382"
    assert FrameConfig() == FrameConfig(stride=1, most=None)
