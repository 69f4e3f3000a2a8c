"""One class list: given, declared by the data, or of the training split; B07 of the catalogue."""

from pathlib import Path

import pytest

from frcnn.data.class_list import ClassList, leave_out_unknown, settle_classes
from frcnn.data.coco import read_folder
from frcnn.data.dataset import Dataset
from frcnn.data.layouts import read_any
from frcnn.errors import AnnotationError, ConfigError


def test_golden_table() -> None:
    names = ClassList(names=("cat", "dog"), ids=(3, 44))
    head, row = names.table({"cat": 5}).splitlines()
    assert head.startswith("class ids")
    assert row == "  3 -> 0 cat (5)   44 -> 1 dog (0)"
    assert ClassList(names=("cat", "dog"), ids=(0, 1)).table({}) == ""


def test_the_table_has_every_class_once_in_lines_that_fit() -> None:
    names = tuple(f"class {n}" for n in range(91))
    table = ClassList(names=names, ids=tuple(range(1, 92))).table({})
    assert all(len(line) <= 100 for line in table.splitlines())
    assert table.count("->") == 91 + 1


def test_declared_classes_keep_those_without_boxes(shelf) -> None:
    shelf.coco_set()
    kinds = [{"id": n, "name": name} for n, name in ((44, "dog"), (3, "cat"), (7, "owl"))]
    shelf.coco(categories=kinds)
    data = Dataset.open(shelf.root)
    assert data.classes == ("cat", "owl", "dog")
    assert data.class_list.ids == (3, 7, 44)
    assert "7 -> 1 owl (0)" in data.class_table


def test_a_models_classes_and_their_own_ids(shelf) -> None:
    folder = read_folder(shelf.coco_set().root)
    settled = settle_classes(folder, shelf.root, ["dog", "cat"], "train")
    assert (settled.names, settled.ids) == (("dog", "cat"), (44, 3))
    settled = settle_classes(folder, shelf.root, ["dog", "owl", "cat"], "train")
    assert settled.ids == (0, 1, 2), "the file has no id for the owl"


def test_splits_that_number_their_categories_differently(shelf, box_of_coco) -> None:
    shelf.coco_set()
    shelf.picture("val2017/a.png")
    kinds = [{"id": 1, "name": "cat"}, {"id": 44, "name": "dog"}]
    rows = [box_of_coco(1, [1, 1, 5, 5], category_id=1)]
    images = [{"id": 7, "file_name": "a.png"}]
    val = "annotations/instances_val2017.json"
    shelf.coco(val, categories=kinds, annotations=rows, images=images)
    data = Dataset.open(shelf.root)
    assert data.split("val").records[0].target.labels.tolist() == [0], "by its name"
    (problem,) = (p for p in data.report.problems if p.code == "RC284")
    assert (problem.got, problem.want, problem.severity) == ("cat: 1", "3", "warning")


def test_a_test_set_alone_has_its_own_list(shelf) -> None:
    shelf.coco_set()
    (shelf.root / "annotations" / "instances_train2017.json").rename(shelf.root / "test.json")
    (shelf.root / "train2017").rename(shelf.root / "images")
    data = Dataset.open(shelf.root)
    assert list(data.splits) == ["test"]
    assert data.classes == ("cat", "dog")


def test_wrong_in_names(shelf, standard) -> None:
    folder = read_folder(shelf.coco_set().root)
    with pytest.raises(ConfigError, match="RC322"):
        settle_classes(folder, shelf.root, [], "train")
    with pytest.raises(AnnotationError, match="RC214"):
        settle_classes(folder, shelf.root, ["cat"], "train")
    folder.declared.clear()
    with pytest.raises(AnnotationError, match="RC202"):
        settle_classes(folder, shelf.root, None, None)
    folder.splits["train"] = ()
    with pytest.raises(AnnotationError, match="RC221"):
        settle_classes(folder, Path(), None, "train")


def test_b07_names_of_a_list_that_differ_in_capitals_are_warned_of(shelf) -> None:
    shelf.coco_set()
    shelf.coco(categories=[{"id": 44, "name": "Cat"}, {"id": 3, "name": "cat"}])
    report = Dataset.open(shelf.root).report
    (problem,) = [p for p in report.problems if p.code == "RC232"]
    assert (problem.severity, problem.got) == ("warning", "'Cat' and 'cat'")
    assert problem.place.endswith("#/categories")


def test_boxes_of_unknown_classes_are_left_out_where_they_shall_be(shelf) -> None:
    root = shelf.csv_set().root
    shelf.text("val.csv", "filename,class,xmin,ymin,xmax,ymax\nimages/b.png,cta,1,1,9,9\n")
    _, folder = read_any(root)
    leave_out_unknown(folder, None, "train")
    assert [len(seen.rows.names) for seen in folder.splits["val"]] == [0]
    assert [(p.code, p.effect) for p in folder.problems if p.severity == "error"] == [
        ("RC214", "box dropped")
    ]
    spots = [problem.spot for problem in folder.problems if problem.code == "RC214"]
    assert [bool(spot.picture and spot.box) for spot in spots] == [True]
    before = list(folder.problems)
    leave_out_unknown(folder, None, None)
    assert folder.problems == before, "nobody says which classes there are"


def test_whose_classes_they_are_is_said(shelf, standard) -> None:
    with pytest.raises(AnnotationError, match="not one of those asked for") as caught:
        Dataset.open(standard.root, classes=["cat"])
    assert caught.value.code == "RC214"
    standard.xml("v", [("owl", 1, 1, 9, 9)])
    with pytest.raises(AnnotationError, match="not one of the training split's"):
        Dataset.open(standard.root)
    shelf.csv_set()
    names = shelf.text("classes.csv", "dog,0\n")
    with pytest.raises(AnnotationError, match=f"not one of those of .*{names.name}"):
        Dataset.open(shelf.root)
