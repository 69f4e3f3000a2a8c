"""Which layout a folder has."""

from pathlib import Path

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.layouts import LAYOUTS, fitting, read_any
from frcnn.errors import AnnotationError, ConfigError


def test_golden_each_is_found_by_looking(shelf, standard, tmp_path: Path) -> None:
    assert read_any(standard.root)[0] == "voc"
    for name in ("coco", "yolo", "csv"):
        root = tmp_path / name
        root.mkdir()
        made = getattr(type(shelf)(root), f"{name}_set")()
        assert fitting(made.root) == (name,)
        assert read_any(made.root)[0] == name
    assert LAYOUTS == ("voc", "coco", "yolo", "csv")


def test_one_annotation_file_says_which(shelf) -> None:
    shelf.coco_set()
    shelf.picture("images/c.png")
    table = shelf.text("boxes.csv", "c.png,1,1,9,9,cat\n")
    assert fitting(shelf.root) == ("coco", "csv")
    assert read_any(table)[0] == "csv"
    data = Dataset.open(shelf.root / "annotations" / "instances_train2017.json")
    assert (data.layout, data.name, len(data.split("train"))) == ("coco", "shelf", 2)


def test_wrong_in_two_layouts_in_one_folder(shelf) -> None:
    shelf.coco_set()
    shelf.yolo_set()
    with pytest.raises(AnnotationError) as caught:
        Dataset.open(shelf.root)
    error = caught.value
    assert (error.code, error.got) == ("RC270", "coco and yolo")
    assert "--layout coco" in error.fix
    assert "--layout yolo" in error.fix
    assert Dataset.open(shelf.root, layout="yolo").classes == ("dog", "cat")
    assert Dataset.open(shelf.root, layout="coco").classes == ("cat", "dog")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_wrong_in_a_layout_that_is_not_there(shelf, layout: str) -> None:
    shelf.picture("a.png")
    with pytest.raises(AnnotationError) as caught:
        read_any(shelf.root, layout)
    assert caught.value.code == "RC201"
    assert caught.value.want


def test_wrong_in_nothing_that_is_known(shelf, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="RC201") as caught:
        read_any(shelf.root)
    assert "JSON" in caught.value.want
    with pytest.raises(AnnotationError, match="no such file or folder"):
        read_any(tmp_path / "nowhere")
    with pytest.raises(AnnotationError, match="RC201"):
        read_any(shelf.text("x.json", "{}"))


def test_wrong_in_no_such_layout(shelf) -> None:
    with pytest.raises(ConfigError) as caught:
        read_any(shelf.root, "kitti")
    assert (caught.value.code, caught.value.want) == ("RC323", "voc, coco, yolo, csv")


def test_two_files_of_one_split_still_say_which_layout(shelf) -> None:
    shelf.coco_set()
    shelf.coco("annotations/instances_train2018.json")
    assert fitting(shelf.root) == ("coco",)
    with pytest.raises(AnnotationError, match="RC233"):
        read_any(shelf.root)


def test_a_stray_table_is_no_layout(bccd: Path) -> None:
    assert fitting(bccd) == ("voc",)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_of_nothing(tmp_path: Path, layout: str) -> None:
    with pytest.raises(AnnotationError):
        read_any(tmp_path / "gone", layout)
