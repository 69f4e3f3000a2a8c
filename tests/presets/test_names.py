"""Presets by name: each builds, takes a step, says what it is, and where its values are from."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from frcnn import presets, settings
from frcnn.data.dataset import Dataset
from frcnn.errors import ConfigError
from frcnn.presets import PRESETS, from_scratch
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


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="RC353") as caught:
        presets.named("vgg19")
    assert all(name in caught.value.want for name in NAMES)
    assert caught.value.fix == "did you mean vgg16?"
    with pytest.raises(ConfigError, match="frcnn presets list"):
        presets.named("yolo")


@pytest.mark.parametrize(
    ("backbone", "preset"),
    [("vgg16", "vgg16"), ("resnet18", "resnet18"), ("zf", "zf_voc07")],
)
def test_every_backbone_has_a_preset_to_go_on_with(backbone: str, preset: str) -> None:
    config = presets.of_backbone(backbone)
    assert config.preset == preset
    assert config.model.backbone.name == backbone
