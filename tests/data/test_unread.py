"""Files beside the data that look like annotations and are not read."""

import pytest

from frcnn.data.unread import find_unread

EXPORTS = ["label-studio", "cvat", "labelme"]


@pytest.mark.parametrize("layout", ["coco", "yolo", "csv", *EXPORTS])
def test_a_data_set_of_its_own_files_has_none(shelf, layout: str) -> None:
    root = getattr(shelf, f"{layout.replace('-', '_')}_set")().root
    assert find_unread(root, layout) == []


def test_voc_has_none_either(standard, voc) -> None:
    assert find_unread(standard.root, "voc") == []
    (voc.root / "beside.xml").write_text("<annotation/>")
    assert find_unread(voc.root, "voc") == [], "pictures and XML side by side"


@pytest.mark.parametrize("layout", ["coco", "yolo", "csv"])
@pytest.mark.parametrize("name", ["boxes.csv", "more.json", "a.xml"])
def test_golden_others_are_told_once(shelf, layout: str, name: str) -> None:
    root = getattr(shelf, f"{layout}_set")().root
    for each in (name, f"z{name}", f".{name}"):
        shelf.text(each, "a,b\n")
    (problem,) = find_unread(root, layout)
    assert (problem.code, problem.place, problem.severity) == ("RC268", str(root), "warning")
    assert problem.got == f"{name}, z{name}"


@pytest.mark.parametrize("layout", EXPORTS)
def test_others_beside_an_export_are_told(shelf, layout: str) -> None:
    root = getattr(shelf, f"{layout.replace('-', '_')}_set")().root
    for name in ("boxes.csv", "old.xml"):
        shelf.text(name, "<annotation/>")
    (problem,) = find_unread(root, layout)
    assert (problem.code, problem.got) == ("RC268", "boxes.csv, old.xml")


def test_files_beside_the_folders_of_labelmes_splits(shelf) -> None:
    shelf.picture("train/a.png")
    shelf.labelme("train/a", [])
    assert find_unread(shelf.root, "labelme") == []
    shelf.labelme("b", [])
    (problem,) = find_unread(shelf.root, "labelme")
    assert problem.got == "b.json"


def test_a_table_with_other_columns_is_not_read(shelf) -> None:
    root = shelf.csv_set().root
    shelf.text("val.csv", "filename,cell_type,xmin,xmax,ymin,ymax\n")
    (problem,) = find_unread(root, "csv")
    assert problem.got == "val.csv"


def test_what_was_named_by_its_file_stands_alone(shelf) -> None:
    root = shelf.coco_set().root
    assert find_unread(root / "annotations" / "instances_train2017.json", "coco") == []


def test_nothing_in(tmp_path) -> None:
    assert find_unread(tmp_path, "yolo") == []
