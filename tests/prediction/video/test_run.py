"""A whole video on disk: a line for each frame, the drawn video, resumed to the same bytes."""

import csv
import io
import itertools
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn import files
from frcnn.errors import ConfigError
from frcnn.prediction.folder import predict_folder
from frcnn.prediction.order import Order
from frcnn.prediction.predictor import Detector
from frcnn.prediction.sources import Expanded, expand
from frcnn.prediction.summary import VideoOutcome
from frcnn.prediction.video.kinds import VideoSource, video_typed
from frcnn.prediction.video.looking import FrameConfig
from frcnn.prediction.video.run import require_possible

MakeVideo = Callable[..., Path]
Read = Callable[[Path], list[np.ndarray]]
EVERYTHING = ("images", "crops", "json", "jsonl", "csv", "coco", "yolo", "voc")


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(out=tmp_path / "out", save=("images", "jsonl"), about={"weights": "test"})


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def tree(out: Path) -> dict[str, bytes]:
    """Every file of the results; the diary differs, for it has every attempt."""
    found = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    return {name: data for name, data in found.items() if name != "predictions.jsonl"}


def stopping(after: int, error: type[BaseException] = KeyboardInterrupt) -> Callable:
    """A counting that is interrupted once so many frames are done."""

    @contextmanager
    def counting(_what: str, _total: int | None) -> Iterator[Callable[[int], None]]:
        def tell(done: int) -> None:
            if done >= after:
                raise error

        yield tell

    return counting


# --- golden


def test_golden_a_line_for_each_frame_and_the_drawn_video(
    detector: Detector, make_video: MakeVideo, order: Order, frames_in: Read
) -> None:
    path = make_video(count=4)
    seen: list[VideoOutcome] = []
    summary = predict_folder(detector, expand([path]), order, seen.append)
    want = list(detector.frames(path))
    assert lines(order.out / "results.jsonl") == [result.to_json() for result in want]
    drawn = frames_in(order.out / "pictures" / "film.mp4")
    assert len(drawn) == 4
    for frame, result in zip(drawn, want, strict=True):
        apart = np.abs(frame.astype(int) - result.plotted().astype(int))
        assert apart.mean() < 12  # MPEG-4 is lossy
    assert (summary.videos, summary.frames, summary.done) == (1, 4, 0)
    assert sum(summary.objects.values()) == sum(map(len, want))
    assert str(summary).startswith("1 video of 4 frames, ")
    assert str(summary).endswith("videos are saved without their sound")
    assert (seen[0].frames, seen[0].rate, seen[0].notes) == (4, 10.0, ())
    assert str(seen[0]).startswith(f"{path}  64x48  4 frames  ")


def test_golden_every_form(detector: Detector, make_video: MakeVideo, order: Order) -> None:
    path = make_video("clips/film.avi", 3, code="MJPG")
    order = replace(order, save=EVERYTHING, frames=FrameConfig(stride=2))
    predict_folder(detector, expand([path.parent]), order)
    report = json.loads((order.out / "predictions.json").read_text())
    assert [row["frame"] for row in report["pictures"]] == [0, 2]
    assert report["run"]["vid_stride"] == 2
    (video,) = report["videos"]
    assert video == {
        "path": str(path),
        "image": "pictures/film.avi.mp4",
        "width": 64,
        "height": 48,
        "rate": 10.0,
        "looked_at": 2,
        "notes": [],
    }
    with (order.out / "predictions.csv").open(newline="") as stream:
        table = list(csv.DictReader(stream))
    assert {(row["frame"], row["time"]) for row in table} == {("0", "0.0"), ("2", "0.2")}
    names = ["film.avi_000000", "film.avi_000002"]
    assert sorted(p.stem for p in (order.out / "yolo" / "labels").iterdir()) == names
    assert sorted(p.stem for p in (order.out / "voc" / "Annotations").iterdir()) == names
    images = json.loads((order.out / "coco" / "images.json").read_text())["images"]
    assert [image["file_name"] for image in images] == [f"{name}.jpg" for name in names]
    crops = [item["crop"] for row in report["pictures"] for item in row["objects"]]
    assert crops
    assert all((order.out / crop).is_file() for crop in crops)
    assert crops[0].split("/")[-1] == "film.avi_000000-1.jpg"


def test_golden_pictures_and_videos_together(
    detector: Detector, make_video: MakeVideo, photos: Path, order: Order
) -> None:
    make_video("photos/film.mp4", 2)
    make_video("photos/more/film.mp4", 2)
    summary = predict_folder(detector, expand([photos]), order)
    assert (summary.done, summary.videos, summary.frames) == (5, 2, 4)
    rows = lines(order.out / "results.jsonl")
    assert ["frame" in row for row in rows] == [False] * 5 + [True] * 4
    assert (order.out / "pictures" / "more" / "film.mp4").is_file()
    again = predict_folder(detector, expand([photos]), replace(order, resume=True))
    assert (again.done, again.videos, again.resumed, again.resumed_videos) == (0, 0, 5, 2)
    assert "2 videos done before" in str(again)


# --- what always holds


@pytest.mark.parametrize("save", [("images", "crops", "jsonl"), ("jsonl",)])
@pytest.mark.parametrize("after", [1, 3])
def test_interrupted_and_resumed_all_bytes_are_the_same(
    detector: Detector, make_video: MakeVideo, order: Order, save: tuple, after: int
) -> None:
    source = expand([make_video(count=5)])
    whole = replace(order, out=order.out.with_name("whole"), save=save)
    predict_folder(detector, source, whole)
    order = replace(order, save=save)
    with pytest.raises(KeyboardInterrupt):
        predict_folder(detector, source, order, counting=stopping(after))
    assert len(lines(order.out / "results.jsonl")) == after  # what is finished is there
    assert not (order.out / "pictures" / "film.mp4").exists()  # and nothing half-written
    summary = predict_folder(detector, source, replace(order, resume=True))
    assert summary.frames == 5 - after
    assert tree(order.out) == tree(whole.out)


def test_killed_at_any_write(
    detector: Detector,
    make_video: MakeVideo,
    order: Order,
    monkeypatch: pytest.MonkeyPatch,
    in_child: Callable[[Callable[[], object]], int],
) -> None:
    source = expand([make_video(count=2)])
    whole = replace(order, out=order.out.with_name("whole"))
    predict_folder(detector, source, whole)
    for number in itertools.count():
        out = order.out.with_name(f"killed-{number}")
        work = partial(killed_at, number, detector, source, replace(order, out=out))
        if in_child(work) == 0:
            break
        predict_folder(detector, source, replace(order, out=out, resume=out.exists()))
        assert tree(out) == tree(whole.out), number
    assert number > 8


def killed_at(number: int, detector: Detector, source: Expanded, order: Order) -> None:
    points = itertools.count()

    def kill(_: str) -> None:
        if next(points) == number:
            os._exit(9)

    files.hooks.append(kill)
    predict_folder(detector, source, order)


def test_a_video_that_changed_is_begun_anew(
    detector: Detector, make_video: MakeVideo, order: Order
) -> None:
    path = make_video(count=5)
    with pytest.raises(KeyboardInterrupt):
        predict_folder(detector, expand([path]), order, counting=stopping(3))
    make_video(count=2, width=32)
    summary = predict_folder(detector, expand([path]), replace(order, resume=True))
    assert summary.frames == 2
    assert [row["width"] for row in lines(order.out / "results.jsonl")] == [32, 32]


def test_other_frames_are_other_results(
    detector: Detector, make_video: MakeVideo, order: Order
) -> None:
    source = expand([make_video(count=3)])
    predict_folder(detector, source, order)
    other = replace(order, resume=True, frames=FrameConfig(stride=2, most=4))
    with pytest.raises(ConfigError, match="want max_frames 4, vid_stride 2") as caught:
        predict_folder(detector, source, other)
    assert caught.value.code == "RC388"


def test_lines_of_other_frames(detector: Detector, make_video: MakeVideo, order: Order) -> None:
    source = expand([make_video(count=4)])
    with pytest.raises(KeyboardInterrupt):
        predict_folder(detector, source, order, counting=stopping(2))
    own = order.out / "frames" / "film.mp4.jsonl"
    own.write_text(own.read_text().replace('"frame": 1,', '"frame": 3,'))
    with pytest.raises(ConfigError, match="of other frames") as caught:
        predict_folder(detector, source, replace(order, resume=True))
    assert caught.value.code == "RC388"


# --- cameras and streams


class Camera(BaseHTTPRequestHandler):
    """Forty pictures, one after the other, as network cameras send them."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        self.end_headers()
        for number in range(40):
            stream = io.BytesIO()
            Image.new("RGB", (64, 48), (number, 90, 9)).save(stream, "JPEG")
            head = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
            self.wfile.write(head % len(stream.getvalue()) + stream.getvalue() + b"\r\n")


@pytest.fixture
def stream(cv2: object) -> Iterator[VideoSource]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        source = video_typed(f"stream:http://me:word@127.0.0.1:{server.server_port}/live")
        assert source is not None
        yield source
        server.shutdown()
        thread.join()


def test_a_stream_to_its_end(detector: Detector, stream: VideoSource, order: Order) -> None:
    summary = predict_folder(detector, Expanded(videos=(stream,)), order)
    rows = lines(order.out / "results.jsonl")
    numbers = [row["frame"] for row in rows]
    assert numbers == sorted(set(numbers))
    assert summary.frames == len(rows) >= 1
    assert rows[0]["path"] == stream.path == rows[0]["path"].replace("me:word", "***")
    assert (order.out / "pictures" / "live.mp4").is_file()
    assert not [name for name, data in tree(order.out).items() if b"word@" in data]


def test_ctrl_c_is_the_usual_end_of_a_stream(
    detector: Detector, stream: VideoSource, order: Order, frames_in: Read
) -> None:
    seen: list[VideoOutcome] = []
    source = Expanded(videos=(stream,))
    summary = predict_folder(detector, source, order, seen.append, stopping(1))
    assert summary.frames == 1
    assert seen[0].notes == ("stopped by Ctrl-C",)
    assert frames_in(order.out / "pictures" / "live.mp4")


def test_what_a_stream_showed_is_kept_whatever_ends_it(
    detector: Detector, stream: VideoSource, order: Order, frames_in: Read
) -> None:
    with pytest.raises(SystemExit):
        predict_folder(
            detector, Expanded(videos=(stream,)), order, counting=stopping(1, SystemExit)
        )
    assert frames_in(order.out / "pictures" / "live.mp4")
    assert len(lines(order.out / "results.jsonl")) == 1


def test_a_stream_that_is_left_in_the_middle(detector: Detector, stream: VideoSource) -> None:
    frames = detector.frames(f"stream:{stream.where}")
    assert next(frames).frame is not None
    frames.close()  # type: ignore[attr-defined]
    assert "frcnn-camera" not in [thread.name for thread in threading.enumerate()]


def test_so_many_frames_of_a_stream(detector: Detector, stream: VideoSource, order: Order) -> None:
    order = replace(order, frames=FrameConfig(most=1))
    assert predict_folder(detector, Expanded(videos=(stream,)), order).frames == 1


# --- nothing in


def test_a_video_without_frames_beside_a_good_one(
    detector: Detector, make_video: MakeVideo, order: Order
) -> None:
    good, bad = make_video("good.mp4", 2), make_video("bad.mp4", 0)
    summary = predict_folder(detector, expand([bad, good]), order)
    assert (summary.videos, summary.frames) == (1, 2)
    assert [problem.code for problem in summary.failures] == ["RC119"]
    assert [path.name for path in (order.out / "pictures").iterdir()] == ["good.mp4"]


# --- wrong in


def test_of_a_damaged_video_what_is_readable_is_kept(
    detector: Detector, make_video: MakeVideo, order: Order, tmp_path: Path, frames_in: Read
) -> None:
    data = make_video("a.mkv", 20, code="FFV1").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    order = replace(order, save=("images", "json", "jsonl"))
    summary = predict_folder(detector, expand([tmp_path / "cut.mkv"]), order)
    assert [problem.code for problem in summary.failures] == ["RC121"]
    assert "1 skipped or cut short:" in str(summary)
    rows = lines(order.out / "results.jsonl")
    assert len(rows) == summary.frames > 3
    assert len(frames_in(order.out / "pictures" / "cut.mkv.mp4")) == len(rows)
    report = json.loads((order.out / "predictions.json").read_text())
    assert [problem["code"] for problem in report["problems"]] == ["RC121"]
    assert len(report["videos"]) == 1
    again = predict_folder(
        detector, expand([tmp_path / "cut.mkv"]), replace(order, resume=True)
    )  # it may have been mended, but was not
    assert (again.videos, again.frames, len(again.failures)) == (1, 0, 1)
    again = json.loads((order.out / "predictions.json").read_text())
    assert (again["videos"], len(again["pictures"])) == (report["videos"], len(rows))


def test_frames_of_the_users_are_not_touched(
    detector: Detector, make_video: MakeVideo, order: Order
) -> None:
    (order.out / "frames").mkdir(parents=True)
    with pytest.raises(ConfigError, match="RC372"):
        predict_folder(detector, expand([make_video(count=1)]), order)


CAMERA = VideoSource(0, "webcam:0", "webcam-0", is_live=True)
FILM = VideoSource(Path("a.mp4"), Path("a.mp4"), "a.mp4")


@pytest.mark.parametrize(
    ("videos", "others", "changes", "text"),
    [
        ([FILM], 0, {"save": ("label-studio",)}, "--save label-studio"),
        ([CAMERA], 0, {"resume": True}, "cannot be gone on with"),
        ([CAMERA, FILM], 0, {}, "nothing can come after it; got 2 sources"),
        ([CAMERA], 1, {}, "got 2 sources"),
    ],
)
def test_what_cannot_be_done(
    order: Order, videos: list, others: int, changes: dict, text: str
) -> None:
    with pytest.raises(ConfigError, match=text) as caught:
        require_possible(videos, others, replace(order, **changes))
    assert caught.value.code == "RC308"


def test_what_can_be_done(order: Order) -> None:
    require_possible([], 3, replace(order, save=("label-studio",), resume=True))
    require_possible([FILM], 3, replace(order, resume=True))
    require_possible([CAMERA], 0, order)
