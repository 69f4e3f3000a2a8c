"""Where pictures go."""

from pathlib import Path

import pytest

from frcnn.data.convert import convert_folder
from frcnn.data.dataset import Dataset
from frcnn.data.moving import WORDS, all_boxes, boxes_by_split, move, unwritten


def test_golden_places(standard) -> None:
    data = Dataset.open(standard.root)
    moved = move(data, "images/{split}")
    path = data.splits["val"].records[0].path
    assert moved.file(path) == "images/val/v.png"
    assert moved.stem(path) == "v"
    assert len(set(moved.files.values())) == 14


def test_pictures_of_one_name_are_told_apart(shelf) -> None:
    for name in ("s/a.png", "t/a.png", "t/a.jpg"):
        shelf.picture(f"images/train/{name}")
        shelf.text(f"labels/train/{name[:-4]}.txt", "0 0.5 0.5 0.5 0.5\n")
    shelf.text("classes.txt", "dog\n")
    moved = move(Dataset.open(shelf.root), "x")
    stems = [moved.stem(path) for path in moved.files]
    assert len(set(stems)) == 3
    assert all("/" not in stem for stem in stems)


def test_a_picture_in_two_splits_moves_once(standard) -> None:
    standard.split("trainval", ["t00", "v"])
    files = move(Dataset.open(standard.root), "images/{split}").files
    assert len(files) == 14
    assert not any("trainval" in file for file in files.values())


def test_folders_in_a_name_meet_no_other_name(shelf) -> None:
    """`test/1` becomes `test_1`, which is there already."""
    for name in ("train/images/1.jpg", "test/images/1.jpg", "train/images/images_1.jpg"):
        shelf.picture(name)
        shelf.text(f"{name.replace('images/', 'labels/', 1)[:-4]}.txt", "0 0.5 0.5 0.5 0.5\n")
    shelf.text("classes.txt", "dog\n")
    moved = move(Dataset.open(shelf.root), "x")
    assert len(set(moved.files.values())) == len(moved.files) == 3


@pytest.mark.parametrize("name", ["a\nb", "  sp ", "u\u2028v", "f\x0cx", "two.v1", "ü"])
def test_names_that_lists_cannot_hold(shelf, tmp_path: Path, name: str) -> None:
    shelf.picture(f"images/{name}.png")
    shelf.text(f"labels/{name}.txt", "0 0.5 0.5 0.5 0.5\n")
    shelf.text("classes.txt", "dog\n")
    for to in WORDS:
        convert_folder(shelf.root, tmp_path / to, to)
        assert len(Dataset.open(tmp_path / to).splits["train"]) == 1, to


def test_words() -> None:
    problem = unwritten("RC290", "x", "y", "yolo")
    assert problem.what == "YOLO layout cannot mark a box as difficult or a crowd; it is left out"
    assert problem.severity == "warning"


def test_boxes_are_counted_by_split(standard) -> None:
    data = Dataset.open(standard.root)
    assert all_boxes(data) == {"train": 24, "val": 1, "test": 1}
    written = {r.path: 1 for split in data.splits.values() for r in split.records}
    assert boxes_by_split(data, written) == {"train": 12, "val": 1, "test": 1}
