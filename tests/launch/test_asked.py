"""What was asked for, laid over a preset: who has the last word."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from frcnn import presets, settings
from frcnn.data.dataset import Dataset
from frcnn.data.records import Split
from frcnn.errors import ConfigError
from frcnn.launch.asked import (
    first_settings,
    fitted_settings,
    overridden,
    with_whole_paths,
)
from frcnn.model.batch import CAFFE, TORCHVISION
from frcnn.training import keep
from frcnn.training.start import new_model
from frcnn.weights.backbone import BackboneWeights

PUBLISHED = BackboneWeights(tensors={}, preprocessing=TORCHVISION, origin="published")


@pytest.fixture
def train(rectangles: Path) -> Split:
    """Ten pictures of two classes."""
    return Dataset.open(rectangles).split("train")


def fitted(train: Split, weights: BackboneWeights | None, **options: Any) -> presets.RunConfig:
    return fitted_settings(first_settings("data", options), train, weights, options)


def test_nothing_but_data_is_the_default_preset(train: Split) -> None:
    config = first_settings("my/data", {})
    assert config.preset == presets.DEFAULT
    assert config.data == "my/data"
    config = fitted(train, PUBLISHED)
    assert config.model.classes == 2
    assert config.training.schedule.epochs == 100  # ten pictures
    assert config.training.optimizer == presets.named(presets.DEFAULT).training.optimizer


def test_from_scratch_nothing_is_frozen(train: Split) -> None:
    config = fitted(train, None)
    assert config.model.backbone.frozen_stages == 0
    assert config.model.backbone.batch_norm == "live"
    assert config.training.batches.size == 8
    asked = fitted(train, None, batch=4, settings=["model.backbone.frozen_stages=1"])
    assert asked.training.batches.size == 4
    assert asked.model.backbone.frozen_stages == 1
    assert asked.model.backbone.batch_norm == "live"


@pytest.mark.parametrize("weights", [None, PUBLISHED])
@pytest.mark.parametrize("model", ["resnet18", "vgg16_voc07", "matlab"])
def test_the_head_alone_learns_from_two_pictures_with_64_regions(
    train: Split, weights: BackboneWeights | None, model: str
) -> None:
    options = {"model": model, "scheme": "head", "proposals": __file__, "init": "runs/a"}
    config = fitted(train, weights, **options)
    assert (config.training.batches.size, config.model.roi_sampling.count) == (2, 64)
    asked = fitted(train, weights, **options, batch=4, settings=["model.roi_sampling.count=32"])
    assert (asked.training.batches.size, asked.model.roi_sampling.count) == (4, 32)


def test_other_schemes_keep_the_numbers_of_the_preset(train: Split) -> None:
    for scheme in ("joint", "alternating", "unshared", "exact-joint", "rpn"):
        config = fitted(train, None, model="resnet18", scheme=scheme)
        assert (config.training.batches.size, config.model.roi_sampling.count) == (8, 128)


def test_what_a_file_says_of_the_head_alone_counts(train: Split, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("training: {scheme: head, batches: {size: 3}}\n")
    config = fitted(train, PUBLISHED, config=path, model="resnet18", proposals=__file__, init="a")
    assert (config.training.batches.size, config.model.roi_sampling.count) == (3, 64)


def test_the_papers_presets_keep_their_length(train: Split) -> None:
    assert fitted(train, PUBLISHED, model="vgg16_voc07").training.schedule.epochs == 14.0
    assert fitted(train, PUBLISHED, model="vgg16_voc0712").training.schedule.steps == 110_000


def test_weights_bring_their_preprocessing(train: Split) -> None:
    caffe = replace(PUBLISHED, preprocessing=CAFFE)
    assert fitted(train, caffe).model.pictures.normalisation == CAFFE
    asked = fitted(train, caffe, settings=["model.pictures.normalisation.scale=0.5"])
    assert asked.model.pictures.normalisation == replace(CAFFE, scale=0.5)


@pytest.mark.parametrize(
    ("options", "place", "value"),
    [
        ({"epochs": 3}, "training.schedule.epochs", 3.0),
        ({"batch": 5}, "training.batches.size", 5),
        ({"workers": 2}, "training.batches.workers", 2),
        ({"seed": 9}, "training.seed", 9),
        ({"patience": 4}, "training.evaluation.patience", 4),
        ({"precision": "float32"}, "training.precision", "float32"),
        ({"backbone_weights": "none"}, "start.backbone_weights", "none"),
        ({"preprocessing": "caffe"}, "start.preprocessing", "caffe"),
        ({"epochs": 3, "settings": ["training.schedule.epochs=7"]}, "training.schedule.epochs", 7),
    ],
)
def test_every_option_has_its_place(
    train: Split, options: dict[str, Any], place: str, value: object
) -> None:
    config = settings.to_mapping(fitted(train, PUBLISHED, **options))
    for part in place.split("."):
        config = config[part]
    assert config == value


def test_epochs_take_the_place_of_steps(train: Split) -> None:
    config = fitted(train, PUBLISHED, model="vgg16_voc0712", epochs=2)
    assert config.training.schedule.steps is None
    assert config.training.schedule.epochs == 2.0


def test_a_config_file_lies_over_the_fitted_preset(train: Split, tmp_path: Path) -> None:
    """A file of three lines does not undo what a start from random numbers needs."""
    path = tmp_path / "my.yaml"
    path.write_text("data: elsewhere\ntraining:\n  seed: 5\n  schedule:\n    epochs: 9.0\n")
    assert first_settings(None, {"config": path}).data == "elsewhere"
    config = fitted(train, None, config=path)
    assert config.data == "data"  # what was named has the last word
    assert config.training.seed == 5
    assert config.training.schedule.epochs == 9.0
    assert config.model.backbone.batch_norm == "live"
    assert fitted(train, None, config=path, seed=6, epochs=3).training.seed == 6


def test_the_config_of_a_run_does_it_again(train: Split, tmp_path: Path) -> None:
    first = fitted(train, None, model="resnet18", batch=3, settings=["model.rpn.channels=17"])
    path = tmp_path / "config.yaml"
    settings.write_yaml(path, first)
    assert fitted(train, None, config=path) == first


@pytest.fixture
def printed(tmp_path: Path) -> Callable[..., Path]:
    """A file as `frcnn presets show NAME` prints it, with some words replaced."""

    def make(name: str, **replaced: str) -> Path:
        text = settings.to_annotated_yaml(presets.named(name))
        for key, value in replaced.items():
            text = re.sub(rf"(?m)^( *){key}: .*$", rf"\g<1>{key}: {value}", text)
        path = tmp_path / f"{name}.yaml"
        path.write_text(text)
        return path

    return make


@pytest.mark.parametrize("name", presets.PRESETS)
@pytest.mark.parametrize("weights", [None, PUBLISHED])
def test_a_printed_preset_is_fitted_like_the_preset_itself(
    train: Split, printed: Callable, name: str, weights: BackboneWeights | None
) -> None:
    assert fitted(train, weights, config=printed(name)) == fitted(train, weights, model=name)


def test_what_a_printed_preset_says_otherwise_has_the_last_word(
    train: Split, printed: Callable
) -> None:
    path = printed("vgg16", epochs="7.0", frozen_stages="1")
    config = fitted(train, None, config=path)
    assert config.training.schedule.epochs == 7.0
    assert config.model.backbone.frozen_stages == 1
    assert config.model.backbone.batch_norm == "live"
    kept = fitted(train, None, config=path, settings=["model.backbone.batch_norm=frozen"])
    assert kept.model.backbone.batch_norm == "frozen"


def test_the_config_of_a_run_counts_whole(train: Split, tmp_path: Path) -> None:
    """Weights that are gone do not change what the file says, as they would with a preset."""
    first = replace(fitted(train, PUBLISHED, model="resnet18"), started_from="published")
    path = tmp_path / "config.yaml"
    settings.write_yaml(path, first)
    assert fitted(train, None, config=path) == first
    assert fitted(train, None, config=path, model="resnet18") == first
    with pytest.raises(ConfigError, match="RC357") as caught:
        first_settings(None, {"config": path, "model": "vgg16"})
    assert "resnet18" in caught.value.got


def test_a_config_file_chooses_the_preset(train: Split, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("# mine\npreset: vgg16\nmodel:\n  rpn:\n    channels: 17\n")
    config = fitted(train, PUBLISHED, config=path)
    assert config.preset == "vgg16"
    assert config.model.backbone.name == "vgg16"
    assert config.model.rpn.channels == 17
    other = fitted(train, PUBLISHED, config=path, model="resnet18")
    assert other.preset == "resnet18"
    assert other.model.backbone.name == "resnet18"
    assert other.model.rpn.channels == 17


def test_a_config_file_with_an_unknown_preset_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("# mine\npreset: vgg61\n")
    with pytest.raises(ConfigError, match="RC353") as caught:
        first_settings("data", {"config": path})
    assert caught.value.place == f"{path}:2:1"
    path.write_text("preset: [vgg16]\n")
    with pytest.raises(ConfigError, match="RC353"):
        first_settings("data", {"config": path})


def test_paths_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("backbone.pth").touch()
    asked: Any = {"init": "runs/a-001", "backbone_weights": "backbone.pth", "model": "resnet18"}
    config = with_whole_paths(first_settings("data", asked))
    assert config.data == str(tmp_path / "data")
    assert config.start.init == str(tmp_path / "runs" / "a-001")
    assert config.start.backbone_weights == str(tmp_path / "backbone.pth")
    assert with_whole_paths(config) == config
    named = with_whole_paths(first_settings("/data", {"backbone_weights": "none"}))
    assert named.start == replace(config.start, init="", backbone_weights="none")
    assert named.data == "/data"


def test_a_link_to_a_run_is_followed(tmp_path: Path) -> None:
    """`runs/latest` leads to another run as soon as this one begins."""
    (tmp_path / "a-001").mkdir()
    (tmp_path / "latest").symlink_to("a-001")
    asked: Any = {"init": tmp_path / "latest", "proposals": tmp_path / "latest" / "p"}
    start = with_whole_paths(first_settings("data", {**asked, "model": "resnet18"})).start
    assert start.init == str(tmp_path / "a-001")
    assert start.proposals == str(tmp_path / "a-001" / "p")


def test_weights_of_ours_bring_their_network(train: Split, tmp_path: Path) -> None:
    """Going on from a network trained from scratch keeps its sizes and freezes its statistics."""
    old = presets.from_scratch(presets.resnet18())
    pictures = replace(old.model.pictures, shorter_side=123, normalisation=CAFFE)
    model = replace(old.model, pictures=pictures, classes=3)
    path = tmp_path / "best.safetensors"
    keep.weights(path, new_model(model, 0), ("a", "b", "c"), {})
    config = fitted(train, None, init=path)
    assert config.preset == "resnet18"
    assert config.start.init == str(path)
    assert config.model.classes == 2
    assert config.model.pictures == pictures
    assert config.model.backbone.batch_norm == "frozen"
    assert config.model.backbone.frozen_stages == 0
    assert config.training.optimizer == presets.resnet18().training.optimizer
    named = fitted(train, None, init=path, model="vgg16")
    assert named.model.backbone.name == "vgg16"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"model": "vgg"}, "RC353"),
        ({"settings": ["model.nothing=1"]}, "RC344"),
        ({"settings": ["seed"]}, "RC347"),
        ({"settings": ["preset=vgg16"]}, "RC358"),
        ({"precision": "double"}, "RC345"),
        ({"config": "no-such-file.yaml"}, "RC349"),
        ({"init": "no-such-file.safetensors"}, "RC501"),
    ],
)
def test_wrong_words_are_refused(options: dict[str, Any], code: str) -> None:
    with pytest.raises(Exception, match=code):
        first_settings("data", options)


def test_pairs_are_checked_together(train: Split) -> None:
    pairs = ["model.anchors.stride=8", "model.backbone.stride=8"]
    config = fitted(train, PUBLISHED, model="resnet18", settings=pairs)
    assert config.model.anchors.stride == 8
    with pytest.raises(ConfigError, match="RC351"):
        overridden(config, {"settings": ["model.anchors.stride=16"]})


def test_options_that_are_no_settings_are_left_to_others(options: Callable) -> None:
    config = overridden(presets.resnet18(), options())
    assert config.training.batches.size == 2
