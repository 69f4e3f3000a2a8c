"""What is said of one picture and of all of them."""

import json
import re
from dataclasses import replace
from pathlib import Path

from frcnn.data.problems import Problem
from frcnn.prediction.folder import Order, predict_folder
from frcnn.prediction.predictor import Detector
from frcnn.prediction.sources import expand
from frcnn.prediction.summary import Outcome, Summary, VideoOutcome
from frcnn.types import Size


def test_a_picture_that_could_not_be_read() -> None:
    problem = Problem(code="RC102", place="a.jpg", what="cut short", fix="copy it again")
    outcome = Outcome(path=Path("a.jpg"), seconds=0.1, problem=problem)
    assert str(outcome) == "a.jpg  skipped: cut short"


def test_of_many_faults_a_few_are_printed(tmp_path: Path) -> None:
    fault = Problem(code="RC102", place="a.jpg", what="cut short", fix="copy it again")
    summary = Summary(out=tmp_path, failures=(fault,) * 13)
    assert summary.is_empty
    lines = str(summary).splitlines()
    assert lines[:3] == ["0 pictures, 0 objects", "13 skipped:", "  RC102 a.jpg: cut short"]
    assert lines[-1] == "  and 3 more, all in predictions.jsonl"


def test_the_summary_as_plain_values(tmp_path: Path) -> None:
    summary = Summary(out=tmp_path, done=2, objects={"nut": 3}, files=(tmp_path / "a",))
    assert json.loads(json.dumps(summary.to_json(), allow_nan=False)) == {
        "out": str(tmp_path),
        "pictures": 2,
        "videos": 0,
        "frames": 0,
        "resumed": 0,
        "resumed_videos": 0,
        "objects": {"nut": 3},
        "left_out": [],
        "failures": [],
        "lost": [],
        "files": [str(tmp_path / "a")],
    }
    assert str(summary) == f"2 pictures, 3 objects: nut 3\nsaved {tmp_path / 'a'}"


def test_golden_lines_for_people(detector: Detector, photos: Path, tmp_path: Path) -> None:
    order = Order(out=tmp_path / "out", save=("images", "json", "csv"))
    (photos / "b.png").write_bytes(b"")
    lines: list[str] = []
    sources = expand([photos / "a.png", photos / "b.png"])
    summary = predict_folder(detector, sources, order, lambda one: lines.append(str(one)))
    assert re.fullmatch(r"\S+a\.png  128x96  \d+ ms  \d+ objects: bolt \d+.*", lines[0])
    assert re.fullmatch(r"\S+b\.png  skipped: not a picture of an accepted kind", lines[1])
    text = str(summary)
    assert text.startswith("1 picture, ")
    assert "1 skipped:\n  RC101 " in text
    assert f"saved {order.out / 'predictions.json'}" in text
    assert "more" not in text
    again = predict_folder(detector, sources, replace(order, resume=True))
    assert "1 picture done before" in str(again)


def test_what_an_earlier_prediction_drew_is_told(detector: Detector, photos: Path) -> None:
    first = predict_folder(detector, expand([photos]), Order(out=photos))
    assert first.left_out == ()
    again = predict_folder(detector, expand([photos]), Order(out=photos, resume=True))
    assert (again.done, again.resumed) == (0, first.done)
    assert f"left out: {photos / 'pictures'}, drawn by an earlier prediction" in str(again)
    assert again.to_json()["left_out"] == [str(photos / "pictures")]


def test_a_video_in_one_line() -> None:
    seen = VideoOutcome(
        path=Path("a.mp4"),
        seconds=3.0,
        frames=90,
        looked_at=60,
        size=Size(360, 640),
        rate=25.0,
        objects={"nut": 7},
        notes=("its rate varies",),
    )
    assert str(seen) == "a.mp4  640x360  90 frames  50 ms each  7 objects: nut 7  its rate varies"
    assert seen.to_json() == {
        "width": 640,
        "height": 360,
        "rate": 25.0,
        "looked_at": 90,
        "notes": ["its rate varies"],
    }


def test_videos_in_the_summary(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    summary = Summary(out=tmp_path, done=1, videos=2, frames=9, files=(pictures,))
    assert str(summary).splitlines() == [
        "1 picture, 2 videos of 9 frames, 0 objects",
        f"saved {pictures}",
        "videos are saved without their sound",
    ]
    assert not summary.is_empty
    assert not Summary(out=tmp_path, resumed_videos=1).is_empty
    assert Summary(out=tmp_path).is_empty
