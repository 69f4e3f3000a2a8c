"""predict_folder: bad pictures cost a line each, an interrupted run loses and repeats nothing."""

import csv
import itertools
import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn import files
from frcnn.errors import ConfigError
from frcnn.prediction.choice import Choice
from frcnn.prediction.folder import Order, predict_folder
from frcnn.prediction.predictor import Detector
from frcnn.prediction.sources import expand
from frcnn.prediction.summary import Outcome

EVERYTHING = ("images", "json", "csv")


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(out=tmp_path / "out", save=EVERYTHING, about={"weights": "test"})


def pictures_of(out: Path) -> list[dict]:
    return json.loads((out / "predictions.json").read_text())["pictures"]


def tree(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


# --- golden


def test_golden_a_folder(detector: Detector, photos: Path, order: Order) -> None:
    seen: list[Outcome] = []
    before = tree(photos)
    summary = predict_folder(detector, expand([photos]), order, seen.append)
    assert tree(photos) == before  # nothing of the user's is touched
    assert summary.done == 5
    assert summary.failures == ()
    assert not summary.is_empty
    assert sum(summary.objects.values()) == sum(len(one.result) for one in seen)

    rows = pictures_of(order.out)
    want = [detector.predict(p.path) for p in expand([photos]).pictures]
    for row, result in zip(rows, want, strict=True):
        assert {k: v for k, v in row.items() if k != "image"} == result.to_json()
    assert rows[4]["image"] == "pictures/more/a.png"
    drawn = np.asarray(Image.open(order.out / rows[4]["image"]))
    np.testing.assert_array_equal(drawn, want[4].plotted())

    with (order.out / "predictions.csv").open(newline="") as stream:
        assert len(list(csv.reader(stream))) == 1 + sum(map(len, want))


def test_the_run_is_described(detector: Detector, photos: Path, order: Order) -> None:
    order = replace(order, choice=Choice(conf=0.4, classes={"nut", "bolt"}))
    predict_folder(detector, expand([photos]), order)
    run = json.loads((order.out / "predictions.json").read_text())["run"]
    assert run == {
        "weights": "test",
        "classes": ["bolt", "nut", "washer"],
        "precision": "float32",
        "conf": 0.4,
        "iou": None,
        "max_det": None,
        "only": ["bolt", "nut"],
        "probabilities": False,
        "images": True,
    }
    names = {item["name"] for row in pictures_of(order.out) for item in row["objects"]}
    assert names <= {"nut", "bolt"}


@pytest.mark.parametrize("save", [("json",), ("csv",), ("images",)])
def test_only_what_was_asked_for_is_written(
    detector: Detector, photos: Path, order: Order, save: tuple
) -> None:
    summary = predict_folder(detector, expand([photos]), replace(order, save=save))
    names = {"json": "predictions.json", "csv": "predictions.csv", "images": "pictures"}
    assert sorted(os.listdir(order.out)) == sorted(["predictions.jsonl", names[save[0]]])
    assert summary.files == (order.out / names[save[0]],)


def test_pictures_of_unknown_endings_become_png(
    detector: Detector, photos: Path, order: Order
) -> None:
    shutil.copy(photos / "a.png", photos / "scan.001")
    predict_folder(detector, expand([photos / "scan.001"]), order)
    assert pictures_of(order.out)[0]["image"] == "pictures/scan.001.png"
    assert (order.out / "pictures" / "scan.001.png").is_file()


# --- bad pictures


def images_of(out: Path) -> list[str]:
    """Names of the pictures written, in the order of the diary; each is there."""
    found = [row["image"].removeprefix("pictures/") for row in pictures_of(out)]
    assert sorted(found) == sorted(
        str(path.relative_to(out / "pictures"))
        for path in (out / "pictures").rglob("*")
        if path.is_file()
    )
    return found


def test_equal_names_of_two_sources_are_numbered(
    detector: Detector, photos: Path, order: Order, tmp_path: Path
) -> None:
    names = ("x/a.png", "y/a.png", "z/a.png", "w/A.PNG")
    for name in names:
        (tmp_path / name).parent.mkdir()
        shutil.copy(photos / "a.png", tmp_path / name)
    folders = [tmp_path / Path(name).parent for name in names]
    predict_folder(detector, expand(folders), order)
    assert images_of(order.out) == ["a.png", "a-2.png", "a-3.png", "A-4.PNG"]


def test_a_later_run_does_not_replace_the_pictures_of_an_earlier_one(
    detector: Detector, photos: Path, order: Order
) -> None:
    predict_folder(detector, expand([photos / "a.png"]), order)
    before = (order.out / "pictures" / "a.png").read_bytes()
    again = replace(order, resume=True)
    predict_folder(detector, expand([photos / "more"]), again)
    assert images_of(order.out) == ["a.png", "a-2.png"]
    assert (order.out / "pictures" / "a.png").read_bytes() == before
    os.utime(photos / "more" / "a.png", ns=(0, 0))  # changed: looked at again, under its own name
    predict_folder(detector, expand([photos / "more"]), again)
    assert images_of(order.out) == ["a.png", "a-2.png"]


def test_a_name_without_ending_and_the_same_with_one(
    detector: Detector, photos: Path, order: Order
) -> None:
    (photos / "b.png").rename(photos / "a")
    predict_folder(detector, expand([photos / "a", photos / "a.png"]), order)
    assert images_of(order.out) == ["a.png", "a-2.png"]


@pytest.mark.parametrize("batch", [1, 4])
def test_bad_pictures_cost_a_line_each(network, photos: Path, order: Order, batch: int) -> None:
    (photos / "b.png").write_bytes(b"")
    (photos / "d.png").write_text("<html>404</html>")
    (photos / "e.jpg").symlink_to(photos / "none.jpg")
    seen: list[Outcome] = []
    detector = Detector(network, ("bolt", "nut", "washer"), batch=batch)
    summary = predict_folder(detector, expand([photos, "none*.jpg"]), order, seen.append)
    assert summary.done == 3
    assert [p.code for p in summary.failures] == ["RC114", "RC101", "RC101", "RC108"]
    assert all(problem.fix for problem in summary.failures)
    assert sum(one.problem is not None for one in seen) == 3
    answer = json.loads((order.out / "predictions.json").read_text())
    assert len(answer["pictures"]) == 3
    assert [p["code"] for p in answer["problems"]] == [
        "RC114",
        "RC101",
        "RC101",
        "RC108",
    ]


def test_of_a_thousand_pictures_five_in_a_hundred_bad(
    detector: Detector, tmp_path: Path, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "many"
    source.mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "p.png")
    good = (tmp_path / "p.png").read_bytes()
    for number in range(1000):
        (source / f"{number:04d}.png").write_bytes(good if number % 20 else good[:30])
    one = detector.predict(tmp_path / "p.png")
    monkeypatch.setattr(  # looking 950 times is not what is tested
        Detector, "look", lambda _, loaded, choice: [replace(one, path=p.path) for p in loaded]
    )
    summary = predict_folder(detector, expand([source]), replace(order, save=("json",)))
    assert (summary.done, len(summary.failures)) == (950, 50)
    answer = json.loads((order.out / "predictions.json").read_text())
    assert (len(answer["pictures"]), len(answer["problems"])) == (950, 50)
    assert "and 40 more" in str(summary)


def test_nothing_but_bad_pictures(detector: Detector, photos: Path, order: Order) -> None:
    summary = predict_folder(detector, expand([photos / "notes.txt"]), order)
    assert summary.is_empty
    assert pictures_of(order.out) == []
    assert summary.files == (order.out / "predictions.json", order.out / "predictions.csv")


def test_a_source_without_pictures_is_in_every_report(
    detector: Detector, photos: Path, order: Order
) -> None:
    sources = expand([photos / "a.png", photos / "b.pgn"])
    summary = predict_folder(detector, sources, order)
    assert (summary.done, [problem.code for problem in summary.failures]) == (1, ["RC114"])
    answer = json.loads((order.out / "predictions.json").read_text())
    assert [problem["place"] for problem in answer["problems"]] == [str(photos / "b.pgn")]
    assert "RC114" in (order.out / "predictions.jsonl").read_text()
    (photos / "a.png").rename(photos / "b.pgn")  # the picture is there after all
    predict_folder(detector, expand([photos / "b.pgn"]), replace(order, resume=True))
    assert json.loads((order.out / "predictions.json").read_text())["problems"] == []


def test_no_sources(detector: Detector, order: Order) -> None:
    assert predict_folder(detector, expand([]), order).is_empty


# --- interrupted and resumed


def interrupted_after(count: int):
    seen: list[Outcome] = []

    def stop(outcome: Outcome) -> None:
        seen.append(outcome)
        if len(seen) == count:
            raise KeyboardInterrupt

    return stop


@pytest.mark.parametrize("count", [1, 3])
def test_interrupted_and_resumed_nothing_is_lost_or_repeated(
    detector: Detector, photos: Path, order: Order, tmp_path: Path, count: int
) -> None:
    with pytest.raises(KeyboardInterrupt):
        predict_folder(detector, expand([photos]), order, interrupted_after(count))
    assert len(pictures_of(order.out)) == count  # what was finished is on disk, and valid
    kept = tree(order.out / "pictures")
    assert len(kept) == count

    seen: list[Outcome] = []
    again = replace(order, resume=True)
    summary = predict_folder(detector, expand([photos]), again, seen.append)
    assert (summary.resumed, summary.done, len(seen)) == (count, 5 - count, 5 - count)

    whole = replace(order, out=tmp_path / "whole")
    predict_folder(detector, expand([photos]), whole)
    assert tree(order.out) == tree(whole.out)

    before = tree(order.out)
    summary = predict_folder(detector, expand([photos]), again, pytest.fail)
    assert (summary.resumed, summary.done) == (5, 0)
    assert not summary.is_empty
    assert tree(order.out) == before


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python 3.12 on fork
@pytest.mark.parametrize("point", range(1, 26, 3))
def test_killed_at_any_write(
    detector: Detector, photos: Path, order: Order, tmp_path: Path, point: int
) -> None:
    """A child process ends without a word at one of its writes; then the run is resumed."""
    few = expand([*sorted(photos.glob("[ab].png")), photos / "more"])
    predict_folder(detector, few, replace(order, out=tmp_path / "whole"))
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        reached = itertools.count(1)
        files.hooks.append(lambda _: next(reached) < point or os._exit(9))
        predict_folder(detector, few, order)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    summary = predict_folder(detector, few, replace(order, resume=True))
    assert summary.done + summary.resumed == 3
    assert tree(order.out) == tree(tmp_path / "whole")


def test_a_mended_picture_is_taken_up(detector: Detector, photos: Path, order: Order) -> None:
    good = (photos / "b.png").read_bytes()
    (photos / "b.png").write_bytes(b"")
    predict_folder(detector, expand([photos]), order)
    again = replace(order, resume=True)
    assert len(predict_folder(detector, expand([photos]), again).failures) == 1  # still bad
    (photos / "b.png").write_bytes(good)
    summary = predict_folder(detector, expand([photos]), again)
    assert (summary.done, summary.resumed, summary.failures) == (1, 4, ())
    answer = json.loads((order.out / "predictions.json").read_text())
    assert (len(answer["pictures"]), answer["problems"]) == (5, [])


def test_own_results_are_not_looked_at(detector: Detector, photos: Path) -> None:
    order = Order(out=photos / "found", save=("images",))
    predict_folder(detector, expand([photos]), order)
    summary = predict_folder(detector, expand([photos]), replace(order, resume=True))
    assert (summary.done, summary.resumed) == (0, 5)


def test_results_of_other_settings_are_not_mixed(
    detector: Detector, photos: Path, order: Order
) -> None:
    predict_folder(detector, expand([photos]), order)
    before = tree(order.out)
    with pytest.raises(ConfigError, match=r"RC389.*holds results already") as caught:
        predict_folder(detector, expand([photos]), order)
    assert "--resume" in caught.value.fix
    for other in (
        replace(order, choice=Choice(conf=0.7)),
        replace(order, about={"weights": "other"}),
        replace(order, save=("json",)),
    ):
        with pytest.raises(ConfigError, match="RC388"):
            predict_folder(detector, expand([photos]), replace(other, resume=True))
    assert tree(order.out) == before


# --- what is asked, what is said


@pytest.mark.parametrize("save", [(), ("jsn",), ("json", "cocoa")])
def test_nothing_that_can_be_written(tmp_path: Path, save: tuple) -> None:
    with pytest.raises(ConfigError, match=r"RC381.*want images, crops, json, jsonl, csv"):
        Order(out=tmp_path, save=save)
