"""YOLO layout read whole, and coco128 itself."""

from pathlib import Path

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.yolo import read_folder


def test_golden_folder(shelf) -> None:
    folder = read_folder(shelf.yolo_set().root)
    (seen,) = folder.splits["train"]
    assert seen.rows.boxes.ravel().tolist() == pytest.approx([15, 10, 45, 30, 12, 8, 18, 12])
    assert seen.rows.names == ("cat", "dog")
    assert seen.places.of(2) == f"{shelf.root}/labels/train/train.txt:2"
    assert folder.declared["val"].names == ("dog", "cat")
    assert folder.problems == []


def test_b09_a_picture_without_label_file_has_no_objects(shelf) -> None:
    shelf.yolo_set()
    path = shelf.picture("images/train/bare.png")
    folder = read_folder(shelf.root)
    assert [len(seen.rows.names) for seen in folder.splits["train"]] == [0, 2]
    assert [(p.code, p.place) for p in folder.problems] == [("RC217", str(path))]


def test_a_label_file_that_is_no_text_costs_its_picture(shelf) -> None:
    shelf.yolo_set()
    (shelf.root / "labels" / "train" / "train.txt").write_bytes(b"\xff\xfe")
    folder = read_folder(shelf.root)
    assert folder.splits["train"] == ()
    assert folder.problems[0].effect == "picture skipped"


def test_b17_a_link_out_of_the_data_set(shelf, tmp_path: Path) -> None:
    shelf.yolo_set()
    (tmp_path / "x.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    label = shelf.root / "labels" / "train" / "train.txt"
    label.unlink()
    label.symlink_to(tmp_path / "x.txt")
    assert [p.code for p in read_folder(shelf.root).problems] == ["RC224"]


def test_pictures_of_one_name_in_two_folders(shelf) -> None:
    for folder in ("s", "t"):
        shelf.picture(f"images/train/{folder}/a.png")
        shelf.text(f"labels/train/{folder}/a.txt", "0 0.5 0.5 0.5 0.5\n")
    shelf.text("classes.txt", "dog\n")
    seen = read_folder(shelf.root).splits["train"]
    assert [picture.name for picture in seen] == ["a", "a.png"]


def test_nothing_in(tmp_path: Path) -> None:
    assert read_folder(tmp_path).splits == {}


def test_coco128_as_it_is(shared: Path) -> None:
    data = Dataset.open(shared / "data" / "coco128_yolo")
    assert data.layout == "yolo"
    assert len(data.split("train")) == 128
    assert len(data.classes) == 80
    assert data.class_table == ""
    counts = data.report.counts()
    assert (counts["RC216"], counts["RC217"], counts["RC281"]) == (2, 2, 1)
    alone = sorted(Path(p.place).stem[-3:] for p in data.report.errors)
    assert alone == ["656", "659"]
    assert data.splits["train"].without_objects == 2


def test_golden_ids_with_gaps_are_read_by_their_names(shelf) -> None:
    root = shelf.yolo_set().root
    shelf.text("data.yaml", "train: images/train\nval: images/val\nnames: {0: dog, 7: cat}\n")
    lines = "7 0.5 0.5 0.5 0.5\n0 0.25 0.25 0.1 0.1\n1 0.5 0.5 0.1 0.1\n"
    shelf.text("labels/train/train.txt", lines)
    shelf.text("labels/val/val.txt", "7 0.5 0.5 0.5 0.5\n")
    data = Dataset.open(root)
    assert data.classes == ("dog", "cat")
    assert data.split("train").records[0].target.labels.tolist() == [1, 0]
    assert "7 -> 1 cat (1)" in data.class_table
    (problem,) = data.report.errors
    assert (problem.code, problem.got, problem.want) == ("RC214", "'1'", "0 dog, 7 cat")
