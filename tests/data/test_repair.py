"""A repaired copy: what is mended, what is left, and that the data stays as it was."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from frcnn.data.convert import Conversion, convert
from frcnn.data.dataset import Dataset
from frcnn.data.examine import examine
from frcnn.data.pixel_check import check_all
from frcnn.data.repair import LISTING, write_repaired
from frcnn.errors import AnnotationError, ConfigError

CAT, DOG, OX = [10, 5, 30, 20], [20, 10, 40, 35], [2, 2, 58, 38]


def state(root: Path) -> dict[str, bytes]:
    return {str(p): hashlib.sha256(p.read_bytes()).digest() for p in root.rglob("*") if p.is_file()}


def repaired(root: Path, out: Path) -> tuple[Conversion, Dataset]:
    """The copy, opened; nothing in the data changes."""
    before = state(root)
    found = examine(root)
    assert found.dataset is None or found.report.problems
    conversion = write_repaired(found, (), out)
    assert state(root) == before
    return conversion, Dataset.open(out)


def listed(out: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (out / LISTING).read_text().splitlines()]


@pytest.fixture
def layouts(standard, tmp_path: Path) -> dict[str, Path]:
    """The data set in all layouts, with boxes that only one form explains."""
    boxes = [("cat", 11, 6, 30, 20), ("dog", 21, 11, 40, 35), ("cat", 3, 3, 58, 38)]
    for number in range(12):
        standard.xml(f"t{number:02}", boxes)
    data = Dataset.open(standard.root)
    for layout in ("voc", "coco", "yolo", "csv"):
        convert(data, tmp_path / layout, layout)
    return {layout: tmp_path / layout for layout in ("voc", "coco", "yolo", "csv")}


def change(root: Path, pattern: str, *pairs: tuple[str, str]) -> None:
    for path in root.glob(pattern):
        text = path.read_text()
        for old, new in pairs:
            text = text.replace(old, new)
        path.write_text(text)


SLIPS = {
    "voc": (
        "Annotations/*.xml",
        ("<xmax>30</xmax><ymax>20<", "<xmax>20</xmax><ymax>15<"),
        ("<xmax>40</xmax><ymax>35<", "<xmax>20</xmax><ymax>25<"),
        ("<xmax>58</xmax><ymax>38<", "<xmax>56</xmax><ymax>36<"),
    ),
    "coco": (
        "annotations/instances_train.json",
        ("20.0, 15.0]", "30.0, 20.0]"),
        ("20.0, 25.0]", "40.0, 35.0]"),
        ("56.0, 36.0]", "58.0, 38.0]"),
    ),
    "yolo": (
        "labels/train/*.txt",
        ("0.333333 0.312500 0.333333 0.375000", "0.166667 0.125 0.5 0.5"),
        ("0.500000 0.562500 0.333333 0.625000", "0.333333 0.25 0.666667 0.875"),
        ("0.500000 0.500000 0.933333 0.900000", "0.033333 0.05 0.966667 0.95"),
    ),
    "csv": ("*.csv", ("30,20", "20,15"), ("40,35", "20,25"), ("58,38", "56,36")),
}


@pytest.mark.parametrize("layout", SLIPS)
def test_golden_boxes_in_another_form_are_read_in_it(layouts, tmp_path, layout: str) -> None:
    root = layouts[layout]
    change(root, SLIPS[layout][0], *SLIPS[layout][1:])
    conversion, data = repaired(root, tmp_path / "mended")
    assert conversion.layout == layout
    for record in data.split("train").records:
        np.testing.assert_allclose(record.target.boxes.numpy(), [CAT, DOG, OX], atol=1.01)
    assert data.report.errors == ()
    (row,) = [row for row in listed(tmp_path / "mended") if row["place"].endswith(": train")]
    assert (row["code"], row["effect"]) == ("RC260", "box read anew")
    assert row["got"].startswith("36 boxes read as ")
    assert "36 boxes read anew" in str(conversion), "each box counts"


def test_golden_boxes_are_clipped_left_out_and_there_once(standard, tmp_path: Path) -> None:
    cat, far = ("cat", 11, 6, 30, 20), ("cat", 70, 6, 90, 20)
    standard.xml("t00", [cat, ("dog", 21, 11, 75, 35), cat, far, ("cat", 9, 9, 9, 9)])
    _, data = repaired(standard.root, tmp_path / "mended")
    (first, *_) = data.split("train").records
    assert first.target.boxes.tolist() == [CAT, [20, 10, 60, 35]]
    assert data.report.problems == ()
    codes = sorted((row["code"], row["effect"]) for row in listed(tmp_path / "mended"))
    assert codes == [
        ("RC207", "box dropped"),
        ("RC209", "box dropped"),
        ("RC211", "box clipped"),
        ("RC219", "box dropped"),
    ]
    (twin,) = [row for row in listed(tmp_path / "mended") if row["code"] == "RC219"]
    assert twin["what"] == "the same box twice; the second is left out"


@pytest.mark.parametrize("to", ["voc", "coco", "yolo", "csv"])
def test_an_export_is_mended_into_another_layout(shelf, studio, tmp_path: Path, to: str) -> None:
    """Boxes in pixels, where hundredths are due, in a picture of 600 x 400."""
    tasks = []
    for number in range(6):
        Image.new("RGB", (600, 400)).save(shelf.root / f"{number}.png")
        boxes = [studio.box("cat", 10, 150, 300, 200), studio.box("dog", 120, 105, 60, 50)]
        sized = [box | {"original_width": 600, "original_height": 400} for box in boxes]
        tasks.append(studio.task(f"{number}.png", sized))
    shelf.text("project.json", json.dumps(tasks))
    before = state(shelf.root)
    found = examine(shelf.root)
    assert found.report.counts()["RC209"] == 12, "all of them lie outside"
    conversion = write_repaired(found, (), tmp_path / "mended", to)
    assert conversion.layout == to
    for record in Dataset.open(tmp_path / "mended").split("train").records:
        wanted = [[10, 150, 310, 350], [120, 105, 180, 155]]
        np.testing.assert_allclose(record.target.boxes.numpy(), wanted, atol=0.01)
    (row,) = [row for row in listed(tmp_path / "mended") if row["code"] == "RC260"]
    assert row["got"] == "12 boxes read as x y width height in pixels"
    assert row["want"] == "x y width height in hundredths"
    assert state(shelf.root) == before


def test_wrong_in_an_export_without_a_layout_to_write(shelf, tmp_path: Path) -> None:
    found = examine(shelf.cvat_set().root)
    with pytest.raises(ConfigError, match="RC325"):
        write_repaired(found, (), tmp_path / "mended")
    assert not (tmp_path / "mended").exists()


def test_pictures_that_cannot_be_used_are_left_out(standard, tmp_path: Path) -> None:
    pictures = standard.root / "JPEGImages"
    (pictures / "t00.png").write_bytes(b"")
    cut = pictures / "t01.png"
    cut.write_bytes(cut.read_bytes()[:-300])
    found = examine(standard.root)
    assert found.dataset is not None
    problems = check_all(found.dataset).report.problems[len(found.report.problems) :]
    write_repaired(found, problems, tmp_path / "mended")
    data = Dataset.open(tmp_path / "mended")
    assert [r.name for r in data.split("train").records] == [f"t{n:02}" for n in range(2, 12)]
    assert sorted(row["code"] for row in listed(tmp_path / "mended")) == ["RC101", "RC102"]


def test_unknown_classes_are_left_out(standard, tmp_path: Path) -> None:
    standard.xml("v", [("cta", 1, 1, 9, 9), ("cat", 1, 1, 9, 9)])
    _, data = repaired(standard.root, tmp_path / "mended")
    assert data.split("val").boxes_per_class == {"cat": 1, "dog": 0}


def test_what_a_person_must_decide_stays(standard, tmp_path: Path) -> None:
    standard.split("val", ["v", "t03"])
    standard.xml("t00", [("cat", 11, 6, 30, 20), ("cat", 11, 6, 30, 21)])
    _, data = repaired(standard.root, tmp_path / "mended")
    assert data.report.counts() == {"RC220": 1, "RC264": 1}
    assert not (tmp_path / "mended" / LISTING).exists(), "nothing was repaired"


def test_wrong_in_data_that_cannot_be_used(shelf, tmp_path: Path) -> None:
    root = shelf.coco_set().root
    (root / "annotations" / "instances_train2017.json").write_text("{")
    with pytest.raises(AnnotationError):
        write_repaired(examine(root, "coco"), (), tmp_path / "mended")
    assert not (tmp_path / "mended").exists()


def test_wrong_in_a_place_within_the_data(standard) -> None:
    before = state(standard.root)
    with pytest.raises(ConfigError) as caught:
        write_repaired(examine(standard.root), (), standard.root / "mended")
    assert caught.value.code == "RC326"
    assert state(standard.root) == before


def test_areas_of_boxes_in_another_form_are_those_of_the_boxes(
    shelf, box_of_coco, tmp_path: Path
) -> None:
    """Whoever wrote corners for sides had the areas wrong, too; ids are kept."""
    shelf.coco_set()
    corners = [(30 + n, 10 + n, 40 + n, 22 + n) for n in range(12)]
    rows = [box_of_coco(70 + n, [*box], area=(40 + n) * (22 + n)) for n, box in enumerate(corners)]
    shelf.coco(annotations=rows)
    write_repaired(examine(shelf.root), [], tmp_path / "new")
    text = json.loads((tmp_path / "new/annotations/instances_train.json").read_text())
    assert [(a["id"], a["area"]) for a in text["annotations"]] == [(70 + n, 120) for n in range(12)]
