"""Forms of YOLO layout, found by looking."""

from pathlib import Path

import pytest

from frcnn.data.yolo_layout import find_yolo, is_yolo
from frcnn.errors import AnnotationError

LINE = "0 0.5 0.5 0.5 0.5\n"


def names(layout, split: str) -> list[tuple[str, bool]]:
    return [(pair.picture.name, pair.label is not None) for pair in layout.splits[split]]


def test_golden_folder(shelf) -> None:
    layout = find_yolo(shelf.yolo_set().root)
    assert list(layout.splits) == ["train", "val"]
    (pair,) = layout.splits["val"]
    assert pair.label == shelf.root / "labels" / "val" / "val.txt"
    assert layout.classes.names == ("dog", "cat")
    assert layout.problems == ()


@pytest.mark.parametrize(
    ("picture", "label", "listed"),
    [
        ("train/images/a.png", "train/labels/a.txt", "classes.txt"),
        ("train/images/a.png", "train/labels/a.txt", "train/classes.txt"),
        ("images/train/a.png", "labels/train/a.txt", "obj.names"),
        ("images/train/s/a.png", "labels/train/s/a.txt", "classes.txt"),
        ("images/a.png", "labels/a.txt", "labels/classes.txt"),
        ("a.png", "a.txt", "classes.txt"),
        ("train/a.png", "train/a.txt", "train/classes.txt"),
        ("a.png", "labels/a.txt", "classes.txt"),
    ],
)
def test_forms_without_a_yaml_file(shelf, picture: str, label: str, listed: str) -> None:
    shelf.picture(picture)
    shelf.text(label, LINE)
    if listed == "train/classes.txt" and "images" in picture:
        listed = "train/images/classes.txt"
    shelf.text(listed, "dog\ncat\n\n")
    assert is_yolo(shelf.root)
    layout = find_yolo(shelf.root)
    assert names(layout, "train") == [("a.png", True)]
    assert layout.classes.names == ("dog", "cat")
    assert layout.problems == ()


@pytest.mark.parametrize("names_of_two", ["[dog, cat]", "{0: dog, 1: cat}"])
def test_a_yaml_file_of_names_alone(shelf, names_of_two: str) -> None:
    shelf.picture("images/a.png")
    shelf.text("labels/a.txt", LINE)
    shelf.text("data.yaml", f"names: {names_of_two}\n")
    layout = find_yolo(shelf.root)
    assert names(layout, "train") == [("a.png", True)]
    assert layout.classes.names == ("dog", "cat")


def test_pictures_and_labels_without_each_other(shelf) -> None:
    shelf.yolo_set()
    shelf.picture("images/train/bare.png")
    path = shelf.text("labels/train/alone.txt", LINE * 2)
    layout = find_yolo(shelf.root)
    assert names(layout, "train") == [("bare.png", False), ("train.png", True)]
    (problem,) = layout.problems
    assert (problem.code, problem.place, problem.got) == ("RC216", str(path), "2 boxes")
    assert (problem.effect, problem.count) == ("box dropped", 2), "no picture is lost"


def test_lists_of_pictures(shelf) -> None:
    shelf.yolo_set()
    text = "./images/train/train.png\nimages/val/val.png\n\nimages/val/val.png\n/etc/a.png\n"
    shelf.text("all.txt", text)
    shelf.text("data.yaml", "train: all.txt\nnames: [dog, cat]\n")
    layout = find_yolo(shelf.root)
    assert names(layout, "train") == [("train.png", True), ("val.png", True)]
    assert [p.code for p in layout.problems] == ["RC218", "RC276"]


def test_nothing_in(tmp_path: Path) -> None:
    assert find_yolo(tmp_path) is None
    assert not is_yolo(tmp_path)


def test_texts_that_are_no_labels_do_not_make_a_data_set(shelf) -> None:
    shelf.picture("train/a.png")
    shelf.text("README.roboflow.txt", "x")
    shelf.text("train/notes.txt", "x")
    assert not is_yolo(shelf.root)


def test_wrong_in_labels_without_names(shelf) -> None:
    shelf.picture("a.png")
    shelf.text("a.txt", LINE)
    with pytest.raises(AnnotationError, match="RC277"):
        find_yolo(shelf.root)


def test_wrong_in_two_folders_of_one_split(shelf) -> None:
    for folder in ("val", "valid"):
        shelf.picture(f"{folder}/a.png")
        shelf.text(f"{folder}/a.txt", LINE)
    with pytest.raises(AnnotationError, match="RC233"):
        find_yolo(shelf.root)


def test_a_folder_within_another_gives_its_pictures_once(shelf) -> None:
    for name in ("a", "sub/b"):
        shelf.picture(f"images/{name}.png")
        shelf.text(f"labels/{name}.txt", LINE)
    shelf.text("data.yaml", "train: [images, images/sub]\nnames: [dog]\nkpt_shape: [17, 3]\n")
    layout = find_yolo(shelf.root)
    assert sorted(names(layout, "train")) == [("a.png", True), ("b.png", True)]
    assert layout.key_points == 51


def test_two_pictures_with_one_label_file(shelf) -> None:
    for ending in ("png", "jpg"):
        shelf.picture(f"images/a.{ending}")
    shelf.text("labels/a.txt", LINE)
    shelf.text("classes.txt", "dog\n")
    (problem,) = find_yolo(shelf.root).problems
    assert (problem.code, problem.severity) == ("RC285", "warning")
    assert problem.place.endswith("a.txt")
