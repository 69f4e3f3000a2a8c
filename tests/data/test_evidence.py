"""All searches over a data set together."""

import json
import re
from pathlib import Path

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.evidence import search
from frcnn.data.layouts import read_any
from frcnn.data.seen import Folder


def codes(root: Path) -> list[str]:
    layout, folder = read_any(root)
    return [problem.code for problem in search(folder, layout, root)]


def test_a_good_data_set_has_none(standard) -> None:
    assert codes(standard.root) == []


@pytest.mark.parametrize("layout", ["coco", "yolo", "csv"])
def test_nor_has_any_other_layout(shelf, layout: str) -> None:
    assert codes(getattr(shelf, f"{layout}_set")().root) == []


def as_sides(root: Path) -> None:
    """Write width and height where the second corner is due."""
    for path in root.glob("Annotations/t*.xml"):
        text = path.read_text().replace("<xmax>30</xmax><ymax>20<", "<xmax>8</xmax><ymax>15<")
        path.write_text(text.replace("<xmax>40</xmax><ymax>35<", "<xmax>20</xmax><ymax>25<"))


def test_golden_a_slip_is_told_for_its_split_alone(standard) -> None:
    as_sides(standard.root)
    layout, folder = read_any(standard.root)
    (problem,) = search(folder, layout, standard.root)
    assert (problem.code, problem.place) == ("RC260", f"{standard.root}: train")


def test_it_is_in_the_report_of_the_data_set(standard) -> None:
    for path in standard.root.glob("Annotations/t*.xml"):
        path.write_text(re.sub("<xmin>11<", "<xmin>0<", path.read_text()))
    report = Dataset.open(standard.root).report
    assert report.counts() == {"RC210": 12, "RC261": 1}


def test_a_picture_in_two_splits_is_looked_at_once(standard) -> None:
    standard.xml("t00", [("cat", 11, 6, 30, 20), ("cat", 11, 6, 30, 21)])
    standard.split("trainval", ["t00", "t01", "v"])
    assert codes(standard.root) == ["RC264"]


def test_golden_two_coco_files_that_say_the_same_of_a_picture(shelf, box_of_coco) -> None:
    """Two boxes on one object in train and in trainval are told once; other boxes are asked."""
    for name in ("a", "b"):
        shelf.picture(f"images/{name}.png")
    twins = [box_of_coco(1, [10, 5, 20, 15]), box_of_coco(2, [10, 5, 20, 16])]
    for name in ("train", "trainval"):
        shelf.coco(f"annotations/instances_{name}2017.json", annotations=twins)
    assert codes(shelf.root) == ["RC264"]
    others = [box_of_coco(1, [30, 5, 20, 15]), box_of_coco(2, [30, 5, 20, 16])]
    shelf.coco("annotations/instances_trainval2017.json", annotations=others)
    assert codes(shelf.root) == ["RC264", "RC264"]


def test_a_slip_of_one_coco_file_is_not_the_others(shelf) -> None:
    shelf.coco_set()
    images = [{"id": n, "file_name": f"{n}.png", "width": 60, "height": 40} for n in range(12)]
    boxes = [
        {"id": n, "image_id": n, "category_id": 3, "bbox": [25, 15, 55, 35]} for n in range(12)
    ]
    for image in images:
        shelf.picture(f"val2017/{image['file_name']}")
    path = shelf.coco("annotations/instances_val2017.json", images=images, annotations=boxes)
    assert json.loads(path.read_text())
    layout, folder = read_any(shelf.root)
    assert [p.place for p in search(folder, layout, shelf.root)] == [f"{shelf.root}: val"]


def test_nothing_in(tmp_path: Path) -> None:
    assert search(Folder(), "coco", tmp_path) == []
    assert search(Folder(splits={"train": ()}), "yolo", tmp_path) == []
