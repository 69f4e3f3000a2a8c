"""Words for splits in the names of folders and files."""

from pathlib import Path

import pytest

from frcnn.data.split_words import (
    in_order,
    require_new_split,
    split_of_file,
    split_of_folder,
    splits_of_files,
)
from frcnn.errors import AnnotationError


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Valid", "val"),
        ("train2017", "train"),
        ("testing", "test"),
        ("trainval", "trainval"),
        ("images", ""),
        ("2017", ""),
        ("training-1", "train"),
    ],
)
def test_golden_folders(name: str, split: str) -> None:
    assert split_of_folder(name) == split


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("instances_val2017.json", "val"),
        ("test_labels.csv", "test"),
        ("boxes.json", ""),
        ("_annotations.coco.json", ""),
        ("annotations_train.csv", "train"),
        ("latest.csv", ""),
    ],
)
def test_golden_files(name: str, split: str) -> None:
    assert split_of_file(Path(name)) == split


def test_files_by_split_in_the_usual_order() -> None:
    files = [Path(f"x/{name}.json") for name in ("test", "instances_fold7", "val", "train")]
    assert list(splits_of_files(files)) == ["train", "val", "test", "fold7"]


def test_the_folder_speaks_where_the_file_says_nothing() -> None:
    files = [Path("x/train/_a.json"), Path("x/valid/_a.json")]
    assert splits_of_files(files) == {"train": files[0], "val": files[1]}
    assert splits_of_files([Path("x/boxes.json")]) == {"train": Path("x/boxes.json")}


def test_nothing_in() -> None:
    assert splits_of_files([]) == {}
    assert in_order({}) == {}


def test_wrong_in_two_of_one_split() -> None:
    with pytest.raises(AnnotationError) as caught:
        splits_of_files([Path("x/val.json"), Path("x/valid.json")])
    assert (caught.value.code, caught.value.got) == ("RC233", "val.json and valid.json")
    require_new_split("train", Path("a"), {"val": Path("b")})
