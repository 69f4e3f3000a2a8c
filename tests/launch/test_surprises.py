"""Tests of what is said of settings that do less than they seem to."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from frcnn import machine
from frcnn.data.dataset import Dataset
from frcnn.data.records import Split
from frcnn.launch.asked import first_settings, fitted_settings
from frcnn.launch.material import FROM_SCRATCH
from frcnn.launch.surprises import surprises, too_small_for_anchors
from frcnn.model.anchors import AnchorConfig
from frcnn.model.batch import TORCHVISION
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.training.start import new_model
from frcnn.weights.backbone import BackboneWeights

PUBLISHED = BackboneWeights(tensors={}, preprocessing=TORCHVISION, origin="published")


@pytest.fixture
def train(rectangles: Path) -> Split:
    """Ten pictures of two classes."""
    return Dataset.open(rectangles).split("train")


@pytest.fixture(scope="module")
def network() -> FasterRCNN:
    """Of the default preset."""
    return new_model(first_settings("data", {}).model, 0)


def told(train: Split, network: FasterRCNN, origin: str = "published", **options: Any) -> list[str]:
    config = fitted_settings(first_settings("data", options), train, PUBLISHED, options)
    return list(surprises(replace(config, started_from=origin), network, train, options))


def test_nothing_surprises_in_a_preset(train: Split, network: FasterRCNN) -> None:
    assert told(train, network) == []


def test_frozen_random_numbers(train: Split, network: FasterRCNN) -> None:
    (sentence,) = told(train, network, FROM_SCRATCH)
    assert "what is frozen stays random" in sentence


def test_more_readers_than_cores(train: Split, network: FasterRCNN) -> None:
    cores = machine.cores()
    assert told(train, network, workers=cores) == []
    (sentence,) = told(train, network, workers=cores + 1)
    assert f"{cores + 1} processes read pictures where there are {cores} cores" in sentence


def test_no_anchor_inside(train: Split, network: FasterRCNN) -> None:
    sides = [
        "model.anchors.sides=[128, 256, 512]",
        "model.pictures.shorter_side=80",
        "model.anchor_labels.inside=picture",
    ]
    (sentence,) = told(train, network, settings=sides)
    assert sentence.startswith("10 of 10 training pictures")
    assert told(train, network, settings=[*sides, "model.anchor_labels.inside=anywhere"]) == []


def test_a_file_that_is_overruled(train: Split, network: FasterRCNN, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("preset: vgg16\nmodel: {classes: 7}\n")
    first, second = told(train, network, config=path, model="mobilenet_v2")
    assert first == f"{path}: its preset was vgg16, is mobilenet_v2, as --model says"
    assert second.startswith(f"{path}: model.classes was 7, is 2, which data")


@pytest.mark.parametrize(("side", "border", "count"), [(50, 0, 0), (51, 0, 10), (51, 1, 0)])
def test_the_smallest_anchor_decides(train: Split, side: int, border: int, count: int) -> None:
    config = first_settings("data", {}).model
    config = replace(
        config,
        pictures=replace(config.pictures, shorter_side=50),
        anchors=AnchorConfig(sides=(float(side), 400.0), height_over_width=(1.0,)),
        anchor_labels=replace(config.anchor_labels, inside="picture", border=border),
    )
    assert too_small_for_anchors(train, config) == count
