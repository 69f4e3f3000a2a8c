"""A data set looked over: nothing is raised, whatever is in its files."""

from pathlib import Path

import pytest

from frcnn.data.examine import examine
from frcnn.data.looking import trusted
from frcnn.errors import AnnotationError


def test_a_good_data_set(standard) -> None:
    found = examine(standard.root)
    assert found.dataset is not None
    assert found.fatal is None
    assert found.report.problems == ()
    assert found.layout == "voc"


def test_golden_what_ends_an_opening_is_the_last_problem(shelf) -> None:
    root = shelf.coco_set().root
    path = root / "annotations" / "instances_train2017.json"
    path.write_text(path.read_text()[:-9])
    found = examine(root)
    assert found.dataset is None
    assert found.fatal is found.report.problems[-1]
    assert (found.fatal.code, found.fatal.effect) == ("RC271", "data unusable")


def test_what_was_found_before_is_told_with_it(standard) -> None:
    standard.xml("t00", [("Cat", 1, 1, 90, 9)])
    found = examine(standard.root)
    assert [p.code for p in found.report.problems] == ["RC211", "RC232"]
    assert found.dataset is None


def test_every_unknown_class_is_told_and_costs_its_box_alone(standard) -> None:
    path = standard.xml("v", [("cta", 1, 1, 9, 9), ("dog", 1, 1, 9, 9), ("cta", 2, 2, 9, 9)])
    found = examine(standard.root)
    assert found.dataset is not None
    assert [p.place for p in found.report.errors] == [f"{path}:6", f"{path}:10"]
    assert {(p.code, p.effect) for p in found.report.errors} == {("RC214", "box dropped")}
    assert "did you mean 'cat'?" in found.report.errors[0].fix
    assert found.dataset.split("val").boxes_per_class == {"cat": 0, "dog": 1}


def test_sizes_may_be_believed_without_opening_a_picture(shelf) -> None:
    root = shelf.coco_set().root
    for path in root.glob("train2017/*"):
        path.write_bytes(b"no picture")
    assert examine(root).report.counts()["RC101"] == 2
    found = examine(root, look=trusted)
    assert found.dataset is not None
    assert "RC101" not in found.report.counts()
    assert "RC220" not in found.report.counts(), "files that were not opened are no copies"
    assert [r.size for r in found.dataset.split("train").records] == [(40, 60)] * 2


def test_a_picture_without_a_stated_size_is_opened_all_the_same(shelf) -> None:
    root = shelf.yolo_set().root
    (root / "images" / "train" / "train.png").write_bytes(b"no picture")
    assert examine(root, look=trusted).report.counts()["RC101"] == 1


@pytest.mark.parametrize("code", ["RC201", "RC270"])
def test_wrong_in_where_nothing_can_be_looked_over(shelf, code: str) -> None:
    root: Path = shelf.root
    if code == "RC270":
        root = shelf.coco_set().csv_set().root
    with pytest.raises(AnnotationError) as caught:
        examine(root)
    assert caught.value.code == code


def test_golden_pictures_or_boxes_that_are_all_lost_are_no_data(shelf) -> None:
    """A class list alone, which COCO and YOLO have, makes none; the end names the usual cause."""
    root = shelf.yolo_set().root
    for path in root.glob("labels/train/*.txt"):
        path.write_text("0 7 7 2 2\n0 9 9 2 2\n9 0.5 0.5 0.5 0.5\n")
    found = examine(root)
    assert found.fatal is not None
    assert (found.fatal.code, found.fatal.place) == ("RC222", f"{root}: train")
    assert found.fatal.got.startswith("2 x RC279 a number that is no share of the picture, first: ")
    assert found.fatal.fix.startswith("mend or delete the line")
    assert [p.code for p in found.report.problems].count("RC222") == 1, "not as a warning, too"
    for path in root.glob("images/train/*"):
        path.write_bytes(b"no picture")
    found = examine(root)
    assert found.fatal is not None
    assert found.fatal.code == "RC221"
    assert found.fatal.got.startswith("1 x RC101 ")


def test_objects_are_wanted_in_the_training_split_alone(shelf) -> None:
    root = shelf.yolo_set().root
    (root / "labels" / "val" / "val.txt").write_text("")
    assert examine(root).fatal is None
