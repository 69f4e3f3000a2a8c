"""Four forms of the layout, found by looking."""

import os
from pathlib import Path

import pytest

from frcnn.data.voc_layout import Entry, find_layout
from frcnn.errors import AnnotationError


def names(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.name for entry in entries]


def test_the_devkits_form(standard) -> None:
    layout = find_layout(standard.root)
    assert list(layout.splits) == ["train", "val", "test"]
    assert names(layout.splits["val"]) == ["v"]
    (entry,) = layout.splits["test"]
    assert entry.pictures == (standard.root / "JPEGImages" / "w.png",)
    assert entry.annotation == standard.root / "Annotations" / "w.xml"
    assert entry.listed.endswith("test.txt:1")
    assert layout.problems == ()


def test_the_order_of_a_list_is_kept_and_of_splits_is_the_usual(standard) -> None:
    standard.split("train", ["t03", "t01", "t02"])
    standard.split("fold7", ["t01"])
    standard.split("trainval", ["t01", "v"])
    layout = find_layout(standard.root)
    assert names(layout.splits["train"]) == ["t03", "t01", "t02"]
    assert list(layout.splits) == ["train", "val", "test", "fold7", "trainval"]


def test_other_words_for_the_splits(standard) -> None:
    main = standard.root / "ImageSets" / "Main"
    (main / "val.txt").rename(main / "validation.txt")
    (main / "test.txt").rename(main / "Testing.txt")
    assert list(find_layout(standard.root).splits) == ["train", "val", "test"]


def test_lists_of_one_class_are_no_splits(standard) -> None:
    main = standard.root / "ImageSets" / "Main"
    (main / "cat_train.txt").write_text("t00  1\nt01 -1\nt02  0\n\n")
    (main / "cat_val.txt").write_text("v  1\n")
    (main / "my_train.txt").write_text("t00\nt01\n")
    (main / "fold_1.txt").write_text("t02\n")
    assert list(find_layout(standard.root).splits) == ["train", "val", "test", "fold_1", "my_train"]


def test_spaces_line_ends_marks_and_endings_in_lists(standard) -> None:
    standard.add("with space")
    (standard.root / "ImageSets" / "Main" / "train.txt").write_bytes(
        b"\xef\xbb\xbft00\r\n\r\n  t01  \r\nwith space\r\nt02.png"
    )
    found = names(find_layout(standard.root).splits["train"])
    assert found == ["t00", "t01", "with space", "t02"]


def test_b08_a_name_listed_twice(standard) -> None:
    standard.split("train", ["t00", "t01", "t00"])
    layout = find_layout(standard.root)
    assert names(layout.splits["train"]) == ["t00", "t01"]
    twice = [p for p in layout.problems if p.code == "RC218"]
    assert [p.place.rpartition("/")[2] for p in twice] == ["train.txt:3"]
    assert "first at" in twice[0].got
    assert twice[0].severity == "warning"


def test_pictures_in_no_list_are_counted(standard) -> None:
    standard.add("x")
    standard.add("y")
    (problem,) = find_layout(standard.root).problems
    assert (problem.code, problem.got, problem.severity) == ("RC230", "2", "warning")


@pytest.mark.parametrize(
    ("pictures", "annotations"),
    [
        ("train", "train"),
        ("train/JPEGImages", "train/Annotations"),
        ("train/images", "train/annotations"),
    ],
)
def test_a_folder_for_each_split(voc, pictures: str, annotations: str) -> None:
    voc.pictures, voc.annotations = pictures, annotations
    voc.add("a")
    voc.pictures = voc.annotations = "valid"
    voc.add("b")
    (voc.root / "docs").mkdir()
    layout = find_layout(voc.root)
    assert list(layout.splits) == ["train", "val"]
    assert names(layout.splits["train"]) == ["a"]
    assert names(layout.splits["val"]) == ["b"]


@pytest.mark.parametrize(
    ("pictures", "annotations"),
    [("JPEGImages", "Annotations"), ("images", "annotations"), ("", ""), ("", "Annotations")],
)
def test_one_split_without_lists(voc, pictures: str, annotations: str) -> None:
    voc.pictures, voc.annotations = pictures, annotations
    voc.add("b")
    voc.add("a")
    voc.picture("c")
    layout = find_layout(voc.root)
    assert list(layout.splits) == ["train"]
    assert names(layout.splits["train"]) == ["a", "b", "c"]
    assert layout.splits["train"][2].annotation is None


def test_an_empty_folder_of_lists_counts_as_none(voc) -> None:
    voc.add("a")
    (voc.root / "ImageSets" / "Main").mkdir(parents=True)
    assert list(find_layout(voc.root).splits) == ["train"]


def fails(root: Path) -> AnnotationError:
    with pytest.raises(AnnotationError) as caught:
        find_layout(root)
    assert caught.value.place
    assert caught.value.fix
    return caught.value


def test_wrong_in_no_folder(tmp_path: Path) -> None:
    assert fails(tmp_path / "nowhere").code == "RC201"
    (tmp_path / "file").write_text("")
    assert fails(tmp_path / "file").code == "RC201"


def test_wrong_in_two_lists_of_one_split(standard) -> None:
    standard.split("valid", ["t01"])
    error = fails(standard.root)
    assert (error.code, error.got) == ("RC233", "val.txt and valid.txt")
    assert "the split val" in error.what


def test_wrong_in_two_folders_of_one_split(voc) -> None:
    for name in ("train", "val", "Validation"):
        voc.pictures = voc.annotations = name
        voc.add(name)
    assert fails(voc.root).code == "RC233"
    (voc.root / "val").rename(voc.root / "docs")
    (voc.root / "Docs").mkdir()  # folders that are no splits may be called as they like
    assert list(find_layout(voc.root).splits) == ["train", "val"]


def test_wrong_in_nothing_there(tmp_path: Path) -> None:
    assert fails(tmp_path).code == "RC201"
    assert "page on your own data" in fails(tmp_path).fix


@pytest.mark.parametrize(
    ("made", "fix"),
    [
        ("VOC2007/Annotations/a.xml", "VOC2007"),
        ("annotations/instances.json", "COCO"),
        ("_annotations.coco.json", "COCO"),
        ("labels/a.txt", "YOLO"),
        ("data.yaml", "YOLO"),
        ("train/labels/a.txt", "YOLO"),
    ],
)
def test_wrong_in_another_form_is_named(tmp_path: Path, made: str, fix: str) -> None:
    path = tmp_path / made
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    assert fix in fails(tmp_path).fix


def test_wrong_in_lists_without_annotations(voc) -> None:
    voc.picture("a")
    voc.split("train", ["a"])
    assert fails(voc.root).code == "RC201"


def test_wrong_in_a_list_that_is_a_pipe(standard) -> None:
    path = standard.root / "ImageSets" / "Main" / "more.txt"
    os.mkfifo(path)
    error = fails(standard.root)
    assert (error.code, error.place, error.got) == ("RC229", str(path), "not a regular file")


def test_wrong_in_a_list_that_is_no_text(standard) -> None:
    path = standard.root / "ImageSets" / "Main" / "train.txt"
    path.write_bytes(b"\xff\xfe\x00bad")
    error = fails(standard.root)
    assert (error.code, error.place) == ("RC229", str(path))
