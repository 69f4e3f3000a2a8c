"""for_pictures and from_scratch: golden lengths, and what a start from random numbers needs."""

from dataclasses import replace

import pytest

from frcnn import presets
from frcnn.presets import PRESETS, for_pictures, from_scratch

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
