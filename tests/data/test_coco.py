"""COCO layout: where files and pictures are found, and coco_tiny itself."""

from pathlib import Path

import pytest

from frcnn.data.coco import find_coco, read_folder
from frcnn.data.dataset import Dataset


def test_golden_folder(shelf) -> None:
    folder = read_folder(shelf.coco_set().root)
    assert [seen.name for seen in folder.splits["train"]] == ["a", "b"]
    first, second = folder.splits["train"]
    assert first.rows.boxes.tolist() == [[10, 5, 30, 20], [20, 10, 40, 35]]
    assert first.rows.names == ("cat", "dog")
    assert first.rows.difficult.tolist() == [False, True]
    assert first.places.of(1).endswith("instances_train2017.json#/annotations/1/bbox")
    assert (first.file_id, second.file_id) == (7, 9)
    assert (folder.pictures, folder.outlines, folder.problems) == (2, 1, [])


@pytest.mark.parametrize(
    ("file", "pictures"),
    [
        ("annotations/instances_train2017.json", "train2017"),
        ("annotations/instances_train2017.json", "images/train2017"),
        ("annotations/instances_train.json", "images/train"),
        ("annotations/boxes.json", "images"),
        ("train/_annotations.coco.json", "train"),
        ("train/_annotations.coco.json", "train/images"),
        ("result.json", "images"),
        ("boxes.json", ""),
    ],
)
def test_where_files_and_pictures_are(shelf, file: str, pictures: str) -> None:
    for name in ("a", "b"):
        shelf.picture(f"{pictures}/{name}.png" if pictures else f"{name}.png")
    path = shelf.coco(file)
    assert find_coco(shelf.root) == {"train": path}
    folder = read_folder(shelf.root)
    assert [seen.path.name for seen in folder.splits["train"]] == ["a.png", "b.png"]
    assert len(read_folder(path).splits["train"]) == 2, "the file may be named itself"


def test_other_files_of_cocos_are_not_read(shelf) -> None:
    shelf.coco_set()
    shelf.coco("annotations/person_keypoints_train2017.json")
    shelf.text("annotations/results.json", '[{"image_id": 7, "bbox": [1, 2, 3, 4]}]')
    shelf.text("package.json", '{"name": "x"}')
    assert list(find_coco(shelf.root).values()) == [
        shelf.root / "annotations" / "instances_train2017.json"
    ]


def test_b09_pictures_missing_and_left_over(shelf) -> None:
    shelf.coco_set()
    (shelf.root / "train2017" / "b.png").unlink()
    shelf.picture("train2017/c.png")
    folder = read_folder(shelf.root)
    found = [(p.code, p.effect) for p in folder.problems]
    assert found == [("RC216", "picture skipped"), ("RC230", "none")]
    assert folder.problems[0].place.endswith("#/images/1")
    assert folder.pictures == 2


def test_b08_a_picture_under_two_ids(shelf) -> None:
    shelf.coco_set()
    shelf.coco(images=[{"id": n, "file_name": "a.png"} for n in (7, 9)])
    (problem, _) = read_folder(shelf.root).problems
    assert (problem.code, problem.effect) == ("RC218", "picture skipped")


def test_b17_a_path_that_leads_out(shelf) -> None:
    shelf.coco_set()
    shelf.coco(images=[{"id": 7, "file_name": "../../etc/passwd"}, {"id": 9, "file_name": "b.png"}])
    codes = [p.code for p in read_folder(shelf.root).problems]
    assert codes == ["RC276", "RC230"]


def test_nothing_in(tmp_path: Path) -> None:
    assert find_coco(tmp_path) == {}
    assert read_folder(tmp_path).splits == {}


def test_coco_tiny_as_it_is(shared: Path) -> None:
    data = Dataset.open(shared / "data" / "coco_tiny")
    assert data.layout == "coco"
    assert [len(split) for split in data.splits.values()] == [80, 80]
    assert len(data.classes) == 80
    assert data.report.errors == ()
    assert data.class_list.ids[-1] == 90
    crowds = sum(int(r.target.difficult.sum()) for s in data.splits.values() for r in s.records)
    assert crowds == 17
    assert "90 -> 79 toothbrush" in data.class_table


def test_other_files_of_cocos_are_passed_over_and_no_split_is(shelf) -> None:
    val = shelf.coco("annotations/instances_val.json")
    shelf.coco("annotations/captions_val.json")
    shelf.coco("annotations/image_info_test.json")
    train = shelf.coco("annotations/train.json")
    assert find_coco(shelf.root) == {"train": train, "val": val}


def test_a_number_and_its_text_are_one_id(shelf) -> None:
    shelf.coco_set()
    images = [{"id": 7, "file_name": "a.png"}, {"id": "7", "file_name": "b.png"}]
    shelf.coco(images=images)
    folder = read_folder(shelf.root)
    assert [problem.code for problem in folder.problems if problem.code != "RC230"] == ["RC274"]
    assert [len(seen.rows.boxes) for seen in folder.splits["train"]] == [2]
    assert folder.pictures == 2


def test_every_split_knows_the_ids_of_the_file(shelf) -> None:
    data = Dataset.open(shelf.coco_set().root)
    ids = data.class_list.ids
    assert ids != tuple(range(len(ids)))
    assert {split.category_ids for split in data.splits.values()} == {ids}
    assert data.splits["train"].subset([0]).category_ids == ids
