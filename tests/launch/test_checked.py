"""What a check found, in words: counts, and what an exit code follows from."""

from dataclasses import replace
from pathlib import Path

import torch

from frcnn.data.convert import Conversion
from frcnn.data.dataset import Dataset
from frcnn.data.problems import Problem, Report
from frcnn.data.records import Split
from frcnn.launch.checked import Checked, Repaired

BAD = Problem(code="RC207", place="a.xml:1", what="a box without area", fix="mend it")
END = replace(BAD, code="RC222", effect="data unusable")


def checked(dataset: Dataset | None, *problems: Problem) -> Checked:
    return Checked(root=Path("set"), layout="voc", dataset=dataset, report=Report(problems))


def with_splits(data: Dataset, **splits: Split) -> Dataset:
    return replace(data, splits=splits)


def test_golden_difficult_boxes_are_counted(rectangles: Path) -> None:
    data = Dataset.open(rectangles)
    train = data.split("train")
    first, *others = train.records
    hard = replace(first.target, difficult=torch.ones_like(first.target.difficult))
    train = replace(train, records=(replace(first, target=hard), *others))
    found = checked(with_splits(data, train=train))
    assert "  train: 10 pictures (0 without objects), 20 boxes (2 difficult or crowds)\n" in str(
        found
    )
    splits = found.to_json()["splits"]
    assert isinstance(splits, dict)
    assert splits["train"]["difficult"] == 2


def test_a_picture_in_two_splits_counts_once(rectangles: Path) -> None:
    data = Dataset.open(rectangles)
    train = data.split("train")
    alone = checked(with_splits(data, train=train))
    both = checked(with_splits(data, train=train, trainval=replace(train, name="trainval")))
    assert both.to_json()["classes"] == alone.to_json()["classes"] == train.boxes_per_class
    assert "  classes: " in str(alone)
    assert "  classes, in all splits: " in str(both)


def test_golden_the_verdict_is_of_the_copy_where_there_is_one(rectangles: Path) -> None:
    data = Dataset.open(rectangles)
    sound, spoilt, lost = checked(data), checked(data, BAD), checked(None, BAD, END)
    assert sound.verdict(strict=True) is None
    assert spoilt.verdict() is None
    assert spoilt.verdict(strict=True) is BAD
    assert lost.verdict() is lost.fatal is END
    assert replace(spoilt, refused=END).verdict() is END
    assert replace(lost, unrepaired=BAD).verdict() is BAD
    written = Conversion(path=Path("new"), layout="voc", pictures={}, boxes={}, report=Report())
    copy = Repaired(conversion=written, left=Report())
    assert replace(lost, repaired=copy).verdict() is None
    assert replace(lost, repaired=replace(copy, left=Report((END,)))).verdict() is END


def test_nothing_in() -> None:
    assert str(checked(None, END)).splitlines()[0] == "voc in set"
    assert checked(None, END).to_json()["classes"] == {}
