"""Presets: each builds, survives YAML, takes a step, and is what its name says."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from frcnn import presets, settings
from frcnn.data.dataset import Dataset
from frcnn.errors import ConfigError
from frcnn.model.batch import CAFFE, TORCHVISION
from frcnn.presets import PRESETS, RunConfig, StartConfig, for_pictures, from_scratch
from frcnn.training.batches import Examples, Visit
from frcnn.training.objectives import joint_losses
from frcnn.training.optimizer import make_optimizer
from frcnn.training.precision import Precision
from frcnn.training.start import new_model
from frcnn.training.step import take_step

NAMES = sorted(PRESETS)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_is_named_as_its_function_and_says_what_it_is(name: str) -> None:
    function = PRESETS[name]
    assert function.__name__ == name
    assert presets.named(name) == function()
    assert function().preset == name
    assert len(inspect.getdoc(function) or "") > 40


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_survives_yaml(name: str, tmp_path: Path) -> None:
    config = replace(PRESETS[name](), data="some/folder", start=StartConfig(init="runs/a-001"))
    path = tmp_path / "config.yaml"
    settings.write_yaml(path, config)
    assert settings.read_yaml(path, RunConfig) == config


@pytest.mark.parametrize("scratch", [False, True], ids=["as it is", "from scratch"])
@pytest.mark.parametrize("name", NAMES)
def test_a_preset_takes_a_step(
    name: str, scratch: bool, rectangles: Path, tiny: Sequence[str]
) -> None:
    config = from_scratch(PRESETS[name]()) if scratch else PRESETS[name]()
    config = settings.apply_overrides(config, tiny)
    training = config.training
    model = new_model(replace(config.model, classes=2), 0).train()
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    split = Dataset.open(rectangles).split("train")
    examples = Examples(split, 0, model.config.pictures, training.batches)
    precision = Precision(device=torch.device("cpu"))
    losses, norm = take_step(
        joint_losses(model, 0, precision),
        [[examples[Visit(0, 1, 0)], examples[Visit(0, 2, 0)]]],
        make_optimizer(model, training.optimizer),
        precision.scaler(),
        training.optimizer.clip_norm,
    )
    assert 0 < sum(losses.values()) < 100
    assert (norm is None) == (training.optimizer.clip_norm is None)
    moved = {n for n, p in model.named_parameters() if not torch.equal(before[n], p.detach())}
    assert {"rpn.conv.weight", "box_head.logits.bias"} <= moved
    frozen = {n for n, p in model.named_parameters() if not p.requires_grad}
    assert not moved & frozen
    assert bool(frozen) == (config.model.backbone.frozen_stages > 0)


def test_golden_the_papers_own() -> None:
    config = presets.vgg16_voc07()
    model, training = config.model, config.training
    assert config.training_split == presets.vgg16_voc0712().training_split == "trainval"
    assert model.backbone.name == "vgg16"
    assert model.backbone.frozen_stages == 2
    assert model.anchors.sides == (128.0, 256.0, 512.0)
    assert model.anchors.per_cell == 9
    assert model.pictures.normalisation == CAFFE
    assert (model.pictures.shorter_side, model.pictures.longer_side) == (600, 1000)
    assert (model.box_head.width, model.box_head.dropout) == (4096, 0.5)
    assert model.roi_pooling.method != "align"
    assert (model.proposals_train.after_nms, model.proposals_test.after_nms) == (2000, 300)
    assert training.optimizer.method == "sgd"
    assert training.optimizer.learning_rate == 0.001
    assert (training.optimizer.momentum, training.optimizer.weight_decay) == (0.9, 0.0005)
    assert training.optimizer.bias_learning_rate == 2.0
    assert training.average_decay is None
    # 5011 pictures, each mirrored too, two a step: the authors' 70,000 steps, the rate falls at
    # 50,000
    steps = training.schedule.epochs * (2 * 5011 // 2)  # type: ignore[operator]
    assert steps == pytest.approx(70_000, rel=0.01)
    assert training.schedule.milestones[0] * steps == pytest.approx(50_000, rel=0.01)


def test_golden_both_years_together() -> None:
    schedule = presets.vgg16_voc0712().training.schedule
    assert (schedule.steps, schedule.milestones) == (110_000, (80_000,))
    assert presets.vgg16_voc0712().model == presets.vgg16_voc07().model


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2, 1.5])
def test_a_validation_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="RC350") as caught:
        presets.RunConfig(validation_share=share)
    assert (caught.value.place, caught.value.got) == ("validation_share", str(share))


def test_presets_for_ones_own_data_have_no_length_of_their_own() -> None:
    assert set(presets.OWN_DATA) <= set(NAMES)
    assert presets.DEFAULT in presets.OWN_DATA
    for name in presets.OWN_DATA:
        assert PRESETS[name]().training.schedule.steps is None
    assert presets.mobilenet_v2().model.pictures.normalisation == TORCHVISION


@pytest.mark.parametrize(
    ("pictures", "epochs"), [(1, 100), (10, 100), (30, 100), (100, 30), (250, 12), (10_000, 12)]
)
def test_golden_lengths(pictures: int, epochs: int) -> None:
    training = for_pictures(presets.vgg16(), pictures).training
    assert training.schedule.epochs == epochs
    evaluations = epochs / training.evaluation.every_epochs
    assert 10 <= evaluations <= 31


def test_from_scratch_learns_everything_in_batches_of_eight() -> None:
    for name in NAMES:
        config = from_scratch(PRESETS[name]())
        assert config.model.backbone.frozen_stages == 0
        assert config.model.backbone.batch_norm == "live"
        assert config.training.optimizer.method == "adamw"
        assert config.training.batches.size == 8
        assert from_scratch(config) == config  # what is fitted is not fitted again
    assert from_scratch(presets.resnet18_scratch()) == presets.resnet18_scratch()
    large = presets.resnet18()
    batches = replace(large.training.batches, size=16)
    large = replace(large, training=replace(large.training, batches=batches))
    assert from_scratch(large).training.batches.size == 16


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="RC353") as caught:
        presets.named("vgg19")
    assert all(name in caught.value.want for name in NAMES)
