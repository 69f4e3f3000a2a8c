"""Boxes as marks: names, colours, counts."""

from pathlib import Path

import pytest
import torch

from frcnn.data.marking import label_of, marking_of
from frcnn.data.records import UNOPENED, Record
from frcnn.draw import COLOURS
from frcnn.errors import ConfigError
from frcnn.types import Size, Target

CLASSES = tuple(f"class {n}" for n in range(61))
GREY = (150, 150, 150)


def record(*labels: int) -> Record:
    """A picture with a box for each label, the first one the largest."""
    count = len(labels)
    sides = torch.arange(count, 0, -1)
    boxes = torch.stack([torch.zeros(count), torch.zeros(count), sides, sides], dim=1)
    difficult = torch.arange(count) == 1
    target = Target(boxes=boxes, labels=torch.tensor(labels).long(), difficult=difficult)
    path = Path(f"{labels}.png")
    return Record(name=path.stem, path=path, size=Size(9, 9), target=target, stamp=UNOPENED)


def test_golden() -> None:
    shown = record(40, 60, 60)
    marking = marking_of([shown, record(3)], CLASSES)
    assert [(mark.box[2], mark.caption, mark.colour, mark.is_dashed) for mark in marking.marks(
        shown.target
    )] == [
        (1, "class 60", COLOURS[1], False),
        (2, "class 60", COLOURS[1], True),
        (3, "class 40", COLOURS[0], False),
    ]  # fmt: skip
    assert marking.counts(shown.target) == [(COLOURS[1], "class 60 2"), (COLOURS[0], "class 40 1")]


def test_other_classes_than_the_one_asked_for_are_grey_and_come_last() -> None:
    shown = record(40, 60, 60)
    marking = marking_of([shown], CLASSES, 40)
    assert [(m.caption, m.colour) for m in marking.marks(shown.target)] == [
        ("", GREY),
        ("", GREY),
        ("class 40", COLOURS[0]),
    ]
    assert marking.counts(shown.target) == [(COLOURS[0], "class 40 1"), (GREY, "class 60 2")]


def test_nothing_in() -> None:
    marking = marking_of([], CLASSES)
    assert list(marking.marks(Target.empty())) == marking.counts(Target.empty()) == []
    assert label_of("", CLASSES) is None


def test_the_class_that_was_asked_for() -> None:
    assert label_of("class 60", CLASSES) == 60


@pytest.mark.parametrize(("name", "near"), [("Clas 60", "class 60"), ("cell phon", "")])
def test_wrong_in_a_class_names_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ConfigError, match="RC377") as caught:
        label_of(name, CLASSES)
    assert caught.value.got == repr(name)
    assert caught.value.fix == (f"did you mean {near!r}?" if near else "write it as the data does")
    assert caught.value.want.endswith("class 19, ...")
