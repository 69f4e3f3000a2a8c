"""What labelling tools export, into the layouts that are written: the same boxes, to the bit."""

from pathlib import Path

import pytest

from frcnn.data.convert import convert_folder
from frcnn.data.dataset import Dataset
from frcnn.errors import ConfigError

EXPORTS = ("label_studio", "cvat", "labelme")


@pytest.mark.parametrize("to", ["voc", "coco"])
@pytest.mark.parametrize("tool", EXPORTS)
def test_round_trips(shelf, tmp_path: Path, tool: str, to: str) -> None:
    getattr(shelf, f"{tool}_set")()
    done = convert_folder(shelf.root, tmp_path / "new", to)
    assert (done.pictures, done.boxes) == ({"train": 2}, {"train": 2})
    first, second = Dataset.open(shelf.root), Dataset.open(tmp_path / "new")
    assert second.classes == first.classes == ("cat", "dog")
    for old, new in zip(first.splits["train"].records, second.splits["train"].records, strict=True):
        assert (old.name, old.size) == (new.name, new.size)
        assert old.target.boxes.equal(new.target.boxes)
        assert old.target.labels.equal(new.target.labels)
    assert done.report.problems == (() if not first.report.problems else first.report.problems)


def test_all_three_say_the_same(shelf, tmp_path: Path) -> None:
    boxes = []
    for tool in EXPORTS:
        (tmp_path / tool).mkdir()
        made = getattr(type(shelf)(tmp_path / tool), f"{tool}_set")()
        record = Dataset.open(made.root).splits["train"].records[0]
        boxes.append(record.target.boxes.tolist())
    assert boxes[0] == boxes[1] == boxes[2]


def test_outlines_of_exports_are_counted(shelf, tmp_path: Path, shape_of_labelme) -> None:
    shelf.picture("a.png")
    shelf.labelme("a", [shape_of_labelme("cat", [[1, 1], [9, 1], [5, 9]], "polygon")])
    done = convert_folder(shelf.root, tmp_path / "new", "coco")
    assert done.report.counts()["RC291"] == 1


@pytest.mark.parametrize("to", ["label-studio", "cvat", "labelme"])
def test_wrong_in_a_layout_that_is_only_read(standard, tmp_path: Path, to: str) -> None:
    with pytest.raises(ConfigError, match=r"RC325.*want voc, coco, yolo, csv"):
        convert_folder(standard.root, tmp_path / "x", to)
