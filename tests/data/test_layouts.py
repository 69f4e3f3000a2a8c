"""Which layout a folder has."""

from pathlib import Path

import pytest

from frcnn.data.dataset import Dataset
from frcnn.data.layouts import LAYOUTS, WRITTEN, fitting, read_any
from frcnn.data.looking import Look, trusted
from frcnn.data.problems import Problem
from frcnn.data.records import UNOPENED
from frcnn.errors import AnnotationError, ConfigError
from frcnn.types import Size


def test_golden_each_is_found_by_looking(shelf, standard, tmp_path: Path) -> None:
    assert read_any(standard.root)[0] == "voc"
    for name in LAYOUTS[1:]:
        root = tmp_path / name
        root.mkdir()
        made = getattr(type(shelf)(root), f"{name.replace('-', '_')}_set")()
        assert fitting(made.root) == (name,)
        assert read_any(made.root)[0] == name
    assert LAYOUTS == ("voc", "coco", "yolo", "csv", "label-studio", "cvat", "labelme")
    assert LAYOUTS[:4] == WRITTEN


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_reader_looks_as_it_is_told(shelf, standard, layout: str) -> None:
    root = standard.root
    if layout != "voc":
        root = getattr(shelf, f"{layout.replace('-', '_')}_set")().root
    looked: list[Path] = []

    def look(path: Path, stated: Size | None, problems: list[Problem]) -> Look:
        looked.append(path)
        return trusted(path, stated, problems)

    _, folder = read_any(root, layout, look)
    assert len(looked) == folder.pictures >= 2
    seen = [each for split in folder.splits.values() for each in split]
    assert {each.path for each in seen} == set(looked)
    assert [each.stamp == UNOPENED for each in seen] == [each.stated is not None for each in seen]
    assert layout == "yolo" or any(each.stated for each in seen)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_b17_links_to_pictures_elsewhere_in_the_data_and_outside(
    shelf, standard, tmp_path: Path, layout: str
) -> None:
    root = standard.root
    if layout != "voc":
        root = getattr(shelf, f"{layout.replace('-', '_')}_set")().root
    (root / "store").mkdir()
    inside, outside = [
        seen.path for split in read_any(root, layout)[1].splits.values() for seen in split
    ][:2]
    inside.rename(root / "store" / inside.name)
    inside.symlink_to(root / "store" / inside.name)
    outside.rename(tmp_path / outside.name)
    outside.symlink_to(tmp_path / outside.name)
    folder = read_any(root, layout)[1]
    assert [(p.code, p.place, p.effect) for p in folder.problems if p.severity == "error"] == [
        ("RC224", str(outside), "picture skipped")
    ]
    paths = {seen.path for split in folder.splits.values() for seen in split}
    assert (inside in paths, outside in paths) == (True, False)


@pytest.mark.parametrize("pictures", ["pictures", "photos", "my_photos"])
@pytest.mark.parametrize("layout", ["coco", "csv", "label-studio", "cvat"])
def test_one_file_beside_a_folder_of_any_name(shelf, layout: str, pictures: str) -> None:
    getattr(shelf, f"{layout.replace('-', '_')}_set")()
    (shelf.root / pictures).mkdir()
    for path in list(shelf.root.rglob("*.png")):
        path.rename(shelf.root / pictures / path.name)
    if layout == "csv":
        shelf.text("train.csv", "a.png,1,1,9,9,cat\nb.png,1,1,9,9,dog\n")
    _, folder = read_any(shelf.root, layout)
    assert [p for p in folder.problems if p.severity == "error"] == []
    assert len(folder.splits["train"]) == 2


def test_one_annotation_file_says_which(shelf) -> None:
    shelf.coco_set()
    shelf.picture("images/c.png")
    table = shelf.text("boxes.csv", "c.png,1,1,9,9,cat\n")
    assert fitting(shelf.root) == ("coco", "csv")
    assert read_any(table)[0] == "csv"
    data = Dataset.open(shelf.root / "annotations" / "instances_train2017.json")
    assert (data.layout, data.name, len(data.split("train"))) == ("coco", "shelf", 2)


def test_one_file_of_a_tools_export_says_which(shelf) -> None:
    shelf.labelme_set()
    shelf.label_studio_set()
    shelf.cvat_set()
    assert fitting(shelf.root) == ("label-studio", "cvat", "labelme")
    wanted = {"project-1-at-2024-05-01.json": "label-studio", "a.json": "labelme"}
    for name, layout in (wanted | {"annotations.xml": "cvat"}).items():
        assert read_any(shelf.root / name)[0] == layout


def test_an_export_beside_annotations_of_voc(standard, shelf) -> None:
    (standard.root / "export.xml").write_text("<annotations></annotations>")
    assert fitting(standard.root) == ("voc", "cvat")


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
    assert (caught.value.code, caught.value.want) == ("RC323", ", ".join(LAYOUTS))


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
