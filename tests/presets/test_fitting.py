"""for_pictures and from_scratch: golden lengths, and what a start from random numbers needs."""

from dataclasses import replace

import pytest

from frcnn import presets
from frcnn.presets import PRESETS, for_head, for_pictures, from_scratch

NAMES = sorted(PRESETS)


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


@pytest.mark.parametrize("name", NAMES)
def test_the_head_alone_sees_two_pictures_with_64_regions(name: str) -> None:
    for start in (PRESETS[name](), from_scratch(PRESETS[name]())):
        config = for_head(start)
        assert config.training.batches.size == 2
        assert config.training.optimizer.accumulate == 1
        assert config.model.roi_sampling.count == 64
        sampling, batches = start.model.roi_sampling, start.training.batches
        optimizer = start.training.optimizer
        model = replace(config.model, roi_sampling=sampling)
        training = replace(config.training, batches=batches, optimizer=optimizer)
        assert replace(config, model=model, training=training) == start
