"""What is said before a run begins: counts, what was left out, what may surprise."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from frcnn import presets
from frcnn.data.dataset import Dataset
from frcnn.errors import DataError
from frcnn.launch.announcing import (
    announce_open,
    announce_settings,
    announce_usable,
    announce_without_small_boxes,
)
from frcnn.launch.material import FROM_SCRATCH
from frcnn.prediction.counting import uncounted
from frcnn.presets import RunConfig
from frcnn.training.start import new_model


@pytest.fixture
def dataset(rectangles: Path) -> Dataset:
    """Ten pictures to train on, three to validate."""
    return Dataset.open(rectangles)


def config_from(started_from: str, frozen_stages: int) -> RunConfig:
    config = presets.from_scratch(presets.resnet18())
    backbone = replace(config.model.backbone, frozen_stages=frozen_stages)
    model = replace(config.model, backbone=backbone, classes=2)
    return replace(config, model=model, started_from=started_from)


def test_the_data_is_counted(dataset: Dataset, said: list[str]) -> None:
    train, val = dataset.split("train"), dataset.split("val")
    found = announce_usable(dataset, (train, val), 0.01, said.append, uncounted)
    assert (len(found[0]), len(found[1]), found[2].problems) == (10, 3, ())
    assert said == [
        "data rectangles: 10 pictures to train on (0 without objects), 3 to validate; "
        "classes blue, red"
    ]


def test_data_that_cannot_be_used_is_listed_first(
    rectangles: Path, tmp_path: Path, said: list[str]
) -> None:
    shutil.copytree(rectangles, tmp_path / "cut")
    for path in sorted((tmp_path / "cut" / "Annotations").glob("train*.xml"))[:4]:
        path.write_text(path.read_text()[:-20])
    config = replace(presets.resnet18(), data=str(tmp_path / "cut"))
    with pytest.raises(DataError):
        announce_open(config, None, said.append)
    assert "4 x RC203" in said[0]
    assert said[0].count("\n  RC203 ") == 4
    assert "no picture was decoded yet" in said[0]


def test_pictures_on_both_sides_are_told(dataset: Dataset, said: list[str]) -> None:
    train = dataset.split("train")
    announce_usable(dataset, (train, train[:4]), 0.01, said.append, uncounted)
    assert said[1] == "  4 of the 4 are learnt from, too: their figures are too good"


def test_boxes_that_resizing_leaves_nothing_of_are_told(dataset: Dataset, said: list[str]) -> None:
    train = dataset.split("train")
    config = config_from(FROM_SCRATCH, 0)
    tiny = replace(config.model.pictures, shorter_side=1, longer_side=2)
    smaller = replace(config, model=replace(config.model, pictures=tiny))
    left, report = announce_without_small_boxes(train, smaller, said.append)
    assert sum(len(r.target.boxes) for r in left.records) < 20
    assert report.problems
    assert said[0].startswith("pictures resized to 1 pixels\n")
    said.clear()
    same, _ = announce_without_small_boxes(train, config, said.append)
    assert same.fingerprint == train.fingerprint
    assert not said


@pytest.mark.parametrize(
    ("started_from", "frozen", "warned"),
    [(FROM_SCRATCH, 2, True), (FROM_SCRATCH, 0, False), ("backbone from x", 2, False)],
)
def test_random_stages_that_stay_frozen_are_warned_of(
    said: list[str], rectangles: Path, started_from: str, frozen: int, warned: bool
) -> None:
    config = config_from(started_from, frozen)
    train = Dataset.open(rectangles).split("train")
    warnings: list[str] = []
    announce_settings(config, new_model(config.model, 0), train, {}, (said.append, warnings.append))
    assert said[0] == f"model resnet18: {started_from}"
    assert bool(warnings) == warned
    assert all("stays random" in text for text in warnings)


def test_tiles_of_pictures_that_are_learnt_from_are_said(
    rectangles: Path, tmp_path: Path, said: list[str]
) -> None:
    shutil.copytree(rectangles, tmp_path / "set")
    dataset = Dataset.open(tmp_path / "set")
    train, val = dataset.split("train"), dataset.split("val")
    row = '{{"tile": "{}", "picture": "a.tif", "x1": 0, "y1": 0, "x2": 9, "y2": 9}}\n'
    files = [train.records[0].path.name, *(r.path.name for r in val.records[:2])]
    (tmp_path / "set" / "tiles.jsonl").write_text("".join(map(row.format, files)))
    announce_usable(dataset, (train, val), 0.01, said.append, uncounted)
    assert said[1].startswith("  2 of the 3 are tiles of pictures that are learnt from, too")
