"""Boxes drawn before the EXIF rotation, in a repaired copy: rotated, never exchanged."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn.data.dataset import Dataset
from frcnn.data.examine import examine
from frcnn.data.repair import repaired
from frcnn.errors import AnnotationError

TURNS = (5, 6, 7, 8)
WIDE = {"width": 60, "height": 40}
"""The size before the rotation."""


def drawn(number: int) -> list[int]:
    """x, y, width, height before the rotation: each third lies beyond an upright picture."""
    return [(3, 44, 20)[number % 3], 2 + number, 9, 5 + number % 4]


def turned(root: Path, turn: int, count: int = 24, boxes: object = drawn, **size: int) -> Path:
    """Pictures stored 60 x 40, each pixel of a box marked; COCO with one box for each."""
    exif = Image.Exif()
    exif[0x112] = turn
    images, annotations = [], []
    for number in range(count):
        x, y, w, h = boxes(number)  # type: ignore[operator]
        pixels = np.full((40, 60, 3), 30, np.uint8)
        pixels[y : y + h, x : x + w] = 220
        Image.fromarray(pixels).save(root / f"{number}.png", exif=exif)
        images.append({"id": number, "file_name": f"{number}.png", **size})
        box = {"id": number, "image_id": number, "category_id": 1, "bbox": [x, y, w, h]}
        annotations.append(box)
    text = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "a"}]}
    (root / "boxes.json").write_text(json.dumps(text))
    return root


def around_marks(data: Dataset) -> None:
    """Every box is the smallest around the bright pixels of its upright picture."""
    split = data.split("train")
    assert len(split) == 24
    for index, record in enumerate(split.records):
        rows, columns = np.nonzero(split[index].picture[0].numpy() > 200)
        wanted = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert record.target.boxes[0].tolist() == pytest.approx(wanted)
        assert record.size == (60, 40)


@pytest.mark.parametrize("turn", TURNS)
def test_golden_boxes_of_rotated_pictures_are_rotated(tmp_path: Path, turn: int) -> None:
    """No size is stated; that y first explains the boxes, too, is never believed."""
    found = examine(turned(tmp_path, turn))
    assert found.report.counts() == {"RC120": 24, "RC209": 8, "RC262": 1}
    data = repaired(found)
    around_marks(data)
    (done,) = data.report.problems
    assert (done.code, done.effect, done.count) == ("RC262", "box rotated", 24)


@pytest.mark.parametrize("turn", TURNS)
def test_golden_a_stated_size_proves_the_rotation(tmp_path: Path, turn: int) -> None:
    found = examine(turned(tmp_path, turn, **WIDE))
    assert found.fatal is not None
    assert found.report.counts()["RC212"] == 24
    data = repaired(found)
    around_marks(data)
    assert {(p.code, p.effect) for p in data.report.problems} == {("RC212", "box rotated")}


def test_boxes_that_follow_keep_their_place_under_a_size_that_does_not(tmp_path: Path) -> None:
    """The size was taken before the rotation, the boxes were drawn after it."""
    root = turned(tmp_path, 6, boxes=lambda n: [2, 44, 9, 8], **WIDE)
    data = repaired(examine(root))
    assert data.split("train").records[0].target.boxes.tolist() == [[2, 44, 11, 52]]
    assert {(p.code, p.effect) for p in data.report.problems} == {("RC212", "size mended")}


def test_sides_that_are_exchanged_without_a_rotation(tmp_path: Path) -> None:
    root = turned(tmp_path, 1, width=40, height=60)
    data = repaired(examine(root))
    assert data.split("train").records[1].target.boxes.tolist() == [[44, 3, 53, 9]]
    assert {p.effect for p in data.report.problems} == {"size mended"}


def test_wrong_in_boxes_that_lie_in_neither_frame(tmp_path: Path) -> None:
    root = turned(tmp_path, 6, boxes=lambda n: [44, 44, 9, 8], **WIDE)
    with pytest.raises(AnnotationError) as caught:
        repaired(examine(root))
    assert caught.value.code == "RC221"
    assert "RC212" in caught.value.got


def test_upright_pictures_beside_them_are_read_in_their_own_form(tmp_path: Path) -> None:
    """Twelve rotated ones, and twenty whose second corner stands where the sides are due."""
    turned(tmp_path, 8, count=12)
    path = tmp_path / "boxes.json"
    text = json.loads(path.read_text())
    for number in range(100, 120):
        Image.fromarray(np.full((40, 60, 3), number, np.uint8)).save(tmp_path / f"{number}.png")
        text["images"].append({"id": number, "file_name": f"{number}.png"})
        box = [4, 5, 40 + number % 20, 38]
        text["annotations"].append(
            {"id": number, "image_id": number, "category_id": 1, "bbox": box}
        )
    path.write_text(json.dumps(text))
    found = examine(tmp_path)
    assert {"RC260", "RC262"} <= set(found.report.counts())
    data = repaired(found)
    assert [(p.code, p.count) for p in data.report.problems] == [("RC262", 12), ("RC260", 20)]
    boxes = {r.name: r.target.boxes[0].tolist() for r in data.split("train").records}
    assert boxes["100"] == [4, 5, 40, 38]
    assert boxes["1"] == [3, 7, 9, 16]
