"""Boxes that resizing makes thinner than a pixel: left out of training, counted, kept elsewhere."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from frcnn.data.box_notes import to_notes
from frcnn.data.dataset import Dataset
from frcnn.data.records import Record, Split, Stamp
from frcnn.launch.run import launch
from frcnn.launch.small_boxes import drop_small_boxes, many_small
from frcnn.model.batch import PictureConfig
from frcnn.types import Size, Target

LARGE = Size(1000, 2000)
TENTH = PictureConfig(shorter_side=100, longer_side=1000)  # of a large one


def split_of(*rows: list[list[float]], size: Size = LARGE) -> Split:
    """A split with one picture for each list of boxes."""
    records = []
    for number, row in enumerate(rows):
        boxes = torch.tensor(row, dtype=torch.float32).reshape(-1, 4)
        target = Target(
            boxes=boxes,
            labels=torch.arange(len(boxes)),
            difficult=torch.arange(len(boxes)) % 2 == 1,
        )
        path = Path(f"p{number}.jpg")
        record = Record(name=path.stem, path=path, size=size, target=target, stamp=Stamp(1, 1))
        records.append(record)
    return Split(name="train", classes=tuple("abcd"), records=tuple(records))


def test_golden() -> None:
    """A tenth of its size: 9 pixels are 0.9, 10 are 1."""
    rows = [[0, 0, 10, 10], [0, 0, 9, 500], [0, 0, 500, 9.9], [5, 5, 15.5, 16]]
    kept, report = drop_small_boxes(split_of(rows), TENTH)
    (record,) = kept.records
    assert record.target.boxes.tolist() == [rows[0], rows[3]]
    assert record.target.labels.tolist() == [0, 3]
    assert record.target.difficult.tolist() == [False, True]
    assert report.counts() == {"RC231": 2}
    first = report.problems[0]
    assert (first.place, first.effect, first.severity) == ("p0.jpg", "box dropped", "error")
    assert first.got == "(0, 0, 9, 500), resized 0.9 x 50 pixels"
    assert first.spot == ("p0.jpg", (0, 0, 9, 500))
    assert "2 boxes dropped" in report.summary()


def test_what_the_file_says_of_a_box_goes_with_it() -> None:
    split = split_of([[0, 0, 9, 500], [0, 0, 10, 10]])
    noted = replace(split.records[0], notes=to_notes([40, 50], [7, 8]))
    kept, _ = drop_small_boxes(replace(split, records=(noted,)), TENTH)
    notes = kept.records[0].notes
    assert notes is not None
    assert (notes.areas.tolist(), notes.ids.tolist()) == ([50], [8])


def test_a_picture_that_loses_all_its_boxes_stays() -> None:
    kept, report = drop_small_boxes(split_of([[3, 3, 6, 6]], [[0, 0, 99, 99]]), TENTH)
    assert [len(record.target.boxes) for record in kept.records] == [0, 1]
    assert len(report.problems) == 1


def test_nothing_to_leave_out_changes_nothing() -> None:
    for split in (split_of([[0, 0, 10, 10]]), split_of([]), split_of()):
        kept, report = drop_small_boxes(split, TENTH)
        assert kept is split
        assert report.problems == ()


def test_pictures_that_grow_lose_nothing() -> None:
    split = split_of([[0, 0, 1, 1]], size=Size(50, 50))
    assert drop_small_boxes(split, TENTH)[0] is split


def test_the_split_that_was_given_stays_as_it_was() -> None:
    split = split_of([[0, 0, 9, 9], [0, 0, 20, 20]])
    before = split.fingerprint
    kept, _ = drop_small_boxes(split, TENTH)
    assert split.fingerprint == replace(split, records=split.records).fingerprint == before
    assert kept.fingerprint != before


def test_golden_many_small() -> None:
    """A tenth of its size: 150 x 150 are 15 x 15, below 16 x 16; 170 x 170 are not."""
    small, large = [0, 0, 150, 150], [0, 0, 170, 170]
    (problem,) = many_small(split_of([small, large, large, large]), TENTH).problems
    assert (problem.code, problem.severity, problem.effect) == ("RC266", "warning", "none")
    assert problem.got == "25 % of 4 boxes have less than 16 x 16 pixels at 100/1000"
    assert many_small(split_of([small, large, large, large, large]), TENTH).problems == ()


def test_long_and_thin_is_judged_by_its_area() -> None:
    assert many_small(split_of([[0, 0, 100, 900]]), TENTH).problems == ()


def test_no_boxes_are_not_many() -> None:
    assert many_small(split_of([]), TENTH).problems == ()
    assert many_small(split_of(), TENTH).problems == ()


@pytest.fixture
def with_a_thin_box(rectangles: Path, tmp_path: Path) -> Path:
    """In a training and in a validation picture, a box two pixels wide is added."""
    root = tmp_path / "set"
    shutil.copytree(rectangles, root)
    edges = "<xmin>3</xmin><ymin>3</ymin><xmax>4</xmax><ymax>30</ymax>"
    thin = f"<object><name>red</name><bndbox>{edges}</bndbox></object></annotation>"
    for name in ("train00", "val00"):
        path = root / "Annotations" / f"{name}.xml"
        path.write_text(path.read_text().replace("</annotation>", thin))
    return root


def test_b04_it_is_counted_and_stays_in_evaluation(
    with_a_thin_box: Path, options: Callable[..., dict[str, Any]], said: list[str]
) -> None:
    asked = options("model.pictures.shorter_side=20", backbone_weights="none")
    launched = launch(with_a_thin_box, asked, said.append)
    job = launched.job
    counts = [len(record.target.boxes) for record in (*job.train.records, *job.val.records)]
    assert counts == [2] * 10 + [3, 2, 2]
    assert sum(text.startswith("data: ") for text in said) == 1
    assert "1 box dropped" in "\n".join(said)
    written = json.loads(job.run.data_check.read_text())
    assert written["counts"]["RC231"] == 1
    assert sum(len(r.target.boxes) for r in Dataset.open(with_a_thin_box).split("train").records)

    resumed = launch(None, {"resume": job.run.path, "device": "cpu"}, said.append)
    assert resumed.job.train.fingerprint == job.train.fingerprint
