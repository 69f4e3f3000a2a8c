"""Tests of what is said of settings that do less than they seem to."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from frcnn import machine, presets
from frcnn.data.dataset import Dataset
from frcnn.data.records import Split
from frcnn.launch.asked import first_settings, fitted_settings
from frcnn.launch.material import FROM_SCRATCH
from frcnn.launch.surprises import surprises, too_many_readers, without_anchors
from frcnn.model.anchor_labels import label_anchors
from frcnn.model.anchors import anchor_grid
from frcnn.model.backbone import feature_grid
from frcnn.model.batch import TORCHVISION
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.training.start import new_model
from frcnn.types import Size, Target
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


def test_more_readers_than_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 4)
    assert too_many_readers(4, 1) == too_many_readers(2, 2) == too_many_readers(0, 9) == ""
    assert too_many_readers(3, 2) == "6 processes read pictures for 4 cores: fewer are as fast"
    monkeypatch.setattr(machine, "cores", lambda: 1)
    assert "for 1 core:" in too_many_readers(2, 1)


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


@pytest.mark.parametrize("preset", ["vgg16_voc07", "resnet18"])
@pytest.mark.parametrize("border", [0, 3])
def test_it_agrees_with_anchor_labels(train: Split, preset: str, border: int) -> None:
    """Of pictures of every shape: where none is sampled, and only there, no anchor is inside."""
    config = presets.named(preset).model
    labels = replace(config.anchor_labels, inside="picture", border=border)
    anchors = replace(config.anchors, sides=(40.0, 64.0), height_over_width=(0.5, 1.0))
    config = replace(config, anchors=anchors, anchor_labels=labels)
    seen = set()
    for w, h in itertools.product((30, 45, 52, 63, 64, 65, 70, 79, 80, 90), (31, 48, 60, 72)):
        pictures = replace(config.pictures, shorter_side=min(w, h), longer_side=max(w, h))
        record = replace(train.records[0], size=Size(h, w))
        sized = replace(config, pictures=pictures)
        grid = anchor_grid(anchors, feature_grid(config.backbone, Size(h, w)))
        target = Target(
            boxes=torch.zeros(0, 4),
            labels=torch.zeros(0, dtype=torch.int64),
            difficult=torch.zeros(0, dtype=torch.bool),
        )
        found = label_anchors(grid, target, Size(h, w), labels, torch.Generator())
        is_without = len(found.sampled) == 0
        assert without_anchors(replace(train, records=(record,)), sized) == is_without
        seen.add(is_without)
    assert seen == {True, False}
