"""Tests of how the settings of a run differ from its preset's and its config file's."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from frcnn import presets, settings
from frcnn.data.dataset import Dataset
from frcnn.data.records import Split
from frcnn.launch.asked import first_settings, fitted_settings
from frcnn.launch.differing import fitted_away, other_preset, overruled
from frcnn.launch.material import FROM_SCRATCH
from frcnn.model.batch import TORCHVISION
from frcnn.weights.backbone import BackboneWeights

PUBLISHED = BackboneWeights(tensors={}, preprocessing=TORCHVISION, origin="published")


@pytest.fixture
def train(rectangles: Path) -> Split:
    """Ten pictures of two classes."""
    return Dataset.open(rectangles).split("train")


def fitted(train: Split, weights: BackboneWeights | None, **options: Any) -> presets.RunConfig:
    config = fitted_settings(first_settings("data", options), train, weights, options)
    return replace(config, started_from=FROM_SCRATCH if weights is None else weights.origin)


def file(folder: Path, text: str) -> Path:
    path = folder / "my.yaml"
    path.write_text(text)
    return path


def test_what_a_file_asked_for_and_what_was_fitted_are_told(train: Split, tmp_path: Path) -> None:
    path = file(tmp_path, "preset: vgg16\ntraining:\n  schedule:\n    epochs: 7.0\n")
    rows = fitted_away(fitted(train, None, config=path), {"config": path})
    assert "training.schedule.epochs was 12.0, is 7.0" in rows
    assert "training.batches.size was 2, is 8" in rows


def test_the_config_of_a_run_differs_from_nothing(train: Split, tmp_path: Path) -> None:
    first = fitted(train, PUBLISHED, model="resnet18")
    path = tmp_path / "config.yaml"
    settings.write_yaml(path, first)
    assert fitted_away(first, {"config": path}) == []


def test_a_start_from_random_numbers_says_what_it_changes(train: Split) -> None:
    rows = fitted_away(fitted(train, None, model="resnet18"), {"model": "resnet18"})
    assert "training.batches.size was 2, is 8" in rows
    assert any(row.startswith("training.optimizer.learning_rate was") for row in rows)
    assert not any(row.startswith("training.schedule") for row in rows)


def test_a_file_without_a_preset_hides_nothing(train: Split, tmp_path: Path) -> None:
    path = file(tmp_path, "training: {seed: 4}\n")
    assert fitted_away(fitted(train, None, config=path), {"config": path}) == fitted_away(
        fitted(train, None), {}
    )


def test_what_was_asked_for_is_shown_as_it_is(train: Split) -> None:
    rows = fitted_away(fitted(train, None, batch=3), {"batch": 3})
    assert "training.batches.size was 2, is 3" in rows
    assert fitted_away(fitted(train, None, batch=2), {"batch": 2}) == [
        row for row in rows if not row.startswith("training.batches.size")
    ]


def test_a_start_from_weights_changes_nothing(train: Split) -> None:
    assert fitted_away(fitted(train, PUBLISHED), {}) == []


def test_the_head_alone_says_what_it_changes(train: Split) -> None:
    options = {"model": "resnet18", "scheme": "head", "proposals": __file__, "init": "runs/a"}
    config = fitted(train, PUBLISHED, **options)
    assert fitted_away(config, options) == ["model.roi_sampling.count was 128, is 64"]
    scratch = fitted(train, None, **options)
    taken = f"{FROM_SCRATCH}; new pictures' proposals from runs/a"
    rows = fitted_away(replace(scratch, started_from=taken), options)
    assert "model.roi_sampling.count was 128, is 64" in rows
    assert "model.backbone.batch_norm was frozen, is live" in rows


def test_what_a_file_says_and_a_run_has_otherwise_is_listed(train: Split, tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "model:\n  classes: 7\n  roi_pooling: {method: align}\n"
        "training: {scheme: exact-joint, seed: 4}\n",
    )
    config = fitted(train, PUBLISHED, config=path)
    assert overruled(config, {"config": path}) == [
        "model.classes was 7, is 2",
        "model.roi_pooling.method was align, is warp",
    ]
    assert overruled(config, {}) == []


def test_a_file_of_another_preset_is_blamed_for_its_own_lines_alone(
    train: Split, tmp_path: Path
) -> None:
    """The numbers in the file are those of its preset, which gave way."""
    printed = settings.to_yaml(presets.named("vgg16")).replace("classes: 20", "classes: 7")
    path = file(tmp_path, printed)
    options = {"config": path, "model": "mobilenet_v2"}
    config = fitted(train, PUBLISHED, **options)
    assert config.preset == "mobilenet_v2"
    assert all(row.startswith("model.classes was 7") for row in overruled(config, options))
    assert other_preset(options) == "its preset was vgg16, is mobilenet_v2, as --model says"


@pytest.mark.parametrize("model", [None, "vgg16"])
def test_a_file_whose_preset_counts_gives_no_cause(model: str | None, tmp_path: Path) -> None:
    path = file(tmp_path, "preset: vgg16\n")
    assert other_preset({"config": path} | ({"model": model} if model else {})) == ""
    assert other_preset({"model": "vgg16"}) == ""
