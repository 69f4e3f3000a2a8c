"""What no layout keeps: counted for every layout that is written anew."""

import json
from pathlib import Path

import pytest

from frcnn.data.convert import REPORT, convert_folder
from frcnn.data.dataset import Dataset
from frcnn.data.examine import examine
from frcnn.data.repair import LISTING, write_repaired
from frcnn.data.unkept import unkept


def said(root: Path, to: str) -> str:
    """The counts; empty where nothing is lost."""
    problems = unkept(Dataset.open(root, bad_data="report"), to)
    assert [(p.code, p.severity, p.effect) for p in problems] in (
        [],
        [("RC299", "warning", "none")],
    )
    return problems[0].got if problems else ""


@pytest.fixture
def more_of_voc(standard):
    """A data set in VOC layout that says all that VOC can say of some objects."""
    for name, words in (
        ("t00", "<pose>Left</pose><truncated>1</truncated><occluded>1</occluded>"),
        ("t01", "<pose>Unspecified</pose><truncated>1</truncated><occluded>0</occluded>"),
        ("t02", "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"),
    ):
        path = standard.root / "Annotations" / f"{name}.xml"
        text = path.read_text().replace("<difficult>", f"{words}<difficult>", 1)
        source = "<source><database>Unknown</database></source><segmented>0</segmented>"
        path.write_text(text.replace("<size>", f"{source}<size>", 1))
    return standard.root


def test_golden_voc(more_of_voc: Path, tmp_path: Path) -> None:
    counts = "occluded of boxes (1), part of boxes (1), pose of boxes (1), truncated of boxes (2)"
    for to in ("voc", "coco"):
        assert said(more_of_voc, to) == counts
        convert_folder(more_of_voc, tmp_path / to, to)
        rows = [json.loads(row) for row in (tmp_path / to / REPORT).read_text().splitlines()]
        assert [row["got"] for row in rows if row["code"] == "RC299"] == [counts]
    write_repaired(examine(more_of_voc), [], tmp_path / "mended")
    assert "truncated of boxes (2)" in (tmp_path / "mended" / LISTING).read_text()


def test_golden_coco(shelf, box_of_coco) -> None:
    shelf.coco_set()
    pose = {"keypoints": [1, 2, 2], "num_keypoints": 1, "attributes": {"a": 1}, "score": 0}
    boxes = [box_of_coco(1, [10, 5, 20, 15], area=300, **pose)]
    boxes.append(box_of_coco(2, [20, 10, 20, 25], area=70.5, segmentation=[[1, 1, 2, 2, 3, 3]]))
    images = [
        {"id": n, "file_name": f"{name}.png", "license": 1, "coco_url": "", "extra": None}
        for n, name in ((7, "a"), (9, "b"))
    ]
    kinds = [{"id": 3, "name": "cat", "supercategory": "animal"}]
    shelf.coco(images=images, annotations=boxes, categories=kinds, info={}, licenses=[{"id": 1}])
    own = [
        "attributes of boxes (1)",
        "keypoints of boxes (1)",
        "license of pictures (2)",
        "licenses (1)",
        "num_keypoints of boxes (1)",
        "supercategory of classes (1)",
    ]
    assert said(shelf.root, "coco") == ", ".join(own)
    assert said(shelf.root, "csv") == ", ".join(
        sorted([*own, "areas of boxes (1)", "ids of pictures (2)"])
    )


def test_ids_that_do_not_simply_count(shelf, box_of_coco) -> None:
    shelf.coco_set()
    shelf.coco(annotations=[box_of_coco(5, [1, 1, 9, 9]), box_of_coco("x", [9, 9, 9, 9])])
    assert said(shelf.root, "yolo") == "ids of boxes (2), ids of pictures (2)"
    assert said(shelf.root, "coco") == ""


def test_golden_yolo(shelf) -> None:
    shelf.yolo_set()
    text = (shelf.root / "data.yaml").read_text()
    shelf.text("data.yaml", f"{text}kpt_shape: [2, 3]\n")
    shelf.text("labels/train/train.txt", "0 0.5 0.5 0.5 0.5 0.4 0.4 2 0.6 0.6 2\n0 .2 .2 .1 .1\n")
    assert said(shelf.root, "yolo") == "key points of boxes (1)"


def test_golden_csv(shelf) -> None:
    shelf.picture("a.png")
    head = "filename,class,xmin,ymin,xmax,ymax,IsOccluded,source\n"
    shelf.text("train.csv", f"{head}a.png,cat,1,1,9,9,1,me\na.png,cat,2,2,9,9,0,\n")
    assert said(shelf.root, "csv") == "IsOccluded (1), source (1)"
    shelf.text("train.csv", "a.png,1,1,9,9,cat\n")
    assert said(shelf.root, "csv") == ""


def test_nothing_is_lost_of_what_a_writer_wrote(standard, tmp_path: Path) -> None:
    assert said(standard.root, "voc") == ""
    for to in ("voc", "coco", "yolo", "csv"):
        convert_folder(standard.root, tmp_path / to, to)
        for other in ("voc", "coco", "yolo", "csv"):
            assert said(tmp_path / to, other) == "", f"{to} to {other}"


def test_wrong_in_files_that_were_left_out(standard, shelf) -> None:
    standard.raw("t00", b"<annotation")
    assert said(standard.root, "coco") == ""
    shelf.yolo_set()
    shelf.text("data.yaml", "train: images/train\nkpt_shape: [1, 2]\nnames: [dog, cat]\n")
    (shelf.root / "labels/train/train.txt").write_bytes(b"\xff\xfe\x00")
    assert said(shelf.root, "coco") == ""


def test_wrong_in_entries_that_are_none(shelf, box_of_coco) -> None:
    shelf.coco_set()
    shelf.coco(annotations=[5, box_of_coco(1, [1, 1, 9, 9], caption="x")])
    assert said(shelf.root, "coco") == "caption of boxes (1)"
