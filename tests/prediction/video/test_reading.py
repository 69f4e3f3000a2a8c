"""A video frame by frame: numbers, times, upright; damage is told, what is before it is kept."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from frcnn.errors import PictureError
from frcnn.prediction.video.frame import Frame
from frcnn.prediction.video.kinds import VideoSource, video_of_file
from frcnn.prediction.video.reading import Video, open_video, unreadable


def read(path: Path, stride: int = 1, first: int = 0) -> list[Frame]:
    with open_video(video_of_file(path, path.name)) as video:
        return list(video.frames(stride, first))


def lost(path: Path) -> PictureError | None:
    with open_video(video_of_file(path, path.name)) as video:
        list(video.frames())
        return video.lost()


def fake(rate: float, count: float, times: list[float], error: Exception | None = None) -> Video:
    """A video that says of itself what OpenCV may say of one."""
    names = ("FRAME_WIDTH", "FRAME_HEIGHT", "FPS", "FRAME_COUNT", "POS_MSEC")
    cv2 = SimpleNamespace(error=RuntimeError, **{f"CAP_PROP_{name}": name for name in names})
    coming, now = iter(times), [0.0]

    def grab() -> bool:
        now[0] = next(coming, -1.0)
        if now[0] < 0 and error is not None:
            raise error
        return now[0] >= 0

    says = {"FRAME_WIDTH": 4, "FRAME_HEIGHT": 2, "FPS": rate, "FRAME_COUNT": count}
    capture = SimpleNamespace(
        grab=grab,
        retrieve=lambda: (True, np.zeros((2, 4, 3), np.uint8)),
        get=lambda name: says.get(name, now[0]),
    )
    return Video(video_of_file(Path("film.mp4"), "film.mp4"), cv2, capture)


# --- golden


@pytest.mark.parametrize(
    ("name", "code"), [("a.mp4", "mp4v"), ("a.avi", "MJPG"), ("a.mkv", "FFV1")]
)
def test_golden_frames(make_video: Callable[..., Path], name: str, code: str) -> None:
    frames = read(make_video(name, 5, code=code))
    assert [frame.number for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4], abs=2e-3)
    for number, frame in enumerate(frames):
        assert frame.pixels.shape == (48, 64, 3)
        red = frame.pixels[18, 4 * number + 8].astype(int)
        assert red[0] > 180 > 90 > red[2], "RGB, not BGR"


def test_golden_every_second_frame(make_video: Callable[..., Path]) -> None:
    path = make_video(count=5)
    assert [frame.number for frame in read(path, 2)] == [0, 2, 4]
    assert [frame.number for frame in read(path, 2, first=1)] == [2, 4]
    assert read(path, 1, first=9) == []


def test_a_telephone_that_was_held_upright(
    make_video: Callable[..., Path], turn: Callable[[Path], Path]
) -> None:
    frames = read(turn(make_video(count=2)))
    assert frames[0].pixels.shape == (64, 48, 3)
    red = frames[0].pixels[:, :, 0].astype(int) - frames[0].pixels[:, :, 2]
    rows, columns = np.nonzero(red > 80)
    assert rows.max() < 20  # what lay at the left is at the top
    assert columns.min() > 20


# --- what always holds


def test_names_of_all_kinds(make_video: Callable[..., Path], tmp_path: Path) -> None:
    made = make_video(count=2)
    for name in ("ünï 🐈.mp4", "http:x.mp4", "%03d.mp4", "b\udcff.mp4", "no ending"):
        made = made.rename(tmp_path / name)
        assert len(read(made)) == 2


def test_times_where_the_video_does_not_say_them() -> None:
    assert [f.time for f in fake(10.0, 3, [0.0, 0.0, 0.0]).frames()] == [0.0, 0.1, 0.2]
    assert [f.time for f in fake(0.0, 3, [0.0, 0.0, 0.0]).frames()] == [0.0, None, None]


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf"), 90000.0])
def test_rates_that_say_nothing(rate: float) -> None:
    assert fake(rate, 3, []).rate == 0.0


@pytest.mark.parametrize("count", [0.0, -1.0, float("nan"), -(2.0**63)])
def test_numbers_of_frames_that_say_nothing(count: float) -> None:
    video = fake(10.0, count, [0.0, 100.0])
    assert video.count is None
    assert len(list(video.frames())) == 2
    assert video.lost() is None


def test_a_rate_that_varies_is_noticed() -> None:
    steady, varying = fake(10.0, 3, [0.0, 100.0, 200.0]), fake(10.0, 3, [0.0, 100.0, 700.0])
    assert len([*steady.frames(), *varying.frames()]) == 6
    assert steady.unsteady == pytest.approx(0.0)
    assert varying.unsteady == pytest.approx(0.5)


# --- nothing in


def test_a_video_without_frames() -> None:
    with pytest.raises(PictureError, match="no frame that can be decoded") as caught:
        list(fake(10.0, 0, []).frames())
    assert caught.value.code == "RC119"


def test_an_end_that_was_not_reached_is_no_damage() -> None:
    video = fake(10.0, 100, [0.0, 100.0, 200.0])
    next(video.frames())
    assert video.lost() is None


# --- wrong in


def test_cut_short(make_video: Callable[..., Path], tmp_path: Path) -> None:
    data = make_video("a.mkv", 40, code="FFV1").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    fault = lost(tmp_path / "cut.mkv")
    frames = read(tmp_path / "cut.mkv")
    assert 5 < len(frames) < 38
    assert fault is not None
    assert (fault.code, fault.want) == ("RC121", "40 frames, as the file says")
    assert f"{len(frames)} frames" in fault.got


def test_a_few_frames_less_than_estimated_are_no_damage() -> None:
    for count, missing in ((5, False), (6, True), (103, False)):
        video = fake(10.0, count, [100.0 * n for n in range(3 if count < 100 else 101)])
        list(video.frames())
        assert (video.lost() is not None) is missing


def test_a_decoder_that_fails() -> None:
    video = fake(10.0, 9, [0.0, 100.0], RuntimeError("broken\nat line 3"))
    assert len(list(video.frames())) == 2
    fault = video.lost()
    assert fault is not None
    assert fault.got == "broken"


@pytest.mark.parametrize("cut", [0, 1, 100, 700])
def test_a_beginning_alone(make_video: Callable[..., Path], tmp_path: Path, cut: int) -> None:
    (tmp_path / "cut.mp4").write_bytes(make_video().read_bytes()[:cut])
    with pytest.raises(PictureError, match="the video cannot be read") as caught:
        read(tmp_path / "cut.mp4")
    assert caught.value.code == "RC119"


def test_no_video_and_no_file(tmp_path: Path, cv2: object) -> None:
    (tmp_path / "list.mp4").write_text("#EXTM3U\nhttp://localhost/a.ts\n")
    with pytest.raises(PictureError, match="no kind of video"):
        read(tmp_path / "list.mp4")
    with pytest.raises(PictureError, match="RC108"):
        read(tmp_path / "nowhere.mp4")


def test_frames_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frcnn.prediction.video.reading.MAX_PIXELS", 7)
    with pytest.raises(PictureError, match="frames of 4 x 2"):
        fake(10.0, 1, [])


def test_a_camera_that_is_not_there(cv2: object, capfd: pytest.CaptureFixture[str]) -> None:
    source = VideoSource(97, "webcam:97", "webcam-97", is_live=True)
    with pytest.raises(PictureError, match="webcam:97: the camera cannot be opened"):
        open_video(source).__enter__()
    assert capfd.readouterr().err == ""  # OpenCV's own remarks


def test_a_stream_that_is_not_there(cv2: object, capfd: pytest.CaptureFixture[str]) -> None:
    source = VideoSource("http://me:word@127.0.0.1:9/a", "http://***@127.0.0.1:9/a", "a", True)
    with pytest.raises(PictureError, match="RC122") as caught:
        open_video(source).__enter__()
    assert "word" not in str(caught.value) + capfd.readouterr().err
    assert "RC119" in str(unreadable("a", "b"))


def test_offline(cv2: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRCNN_OFFLINE", "1")
    source = VideoSource("http://127.0.0.1:9/a", "http://127.0.0.1:9/a", "a", is_live=True)
    with pytest.raises(PictureError, match="FRCNN_OFFLINE is set"):
        open_video(source).__enter__()
