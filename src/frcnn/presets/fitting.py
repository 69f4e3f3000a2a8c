"""A preset fitted to what is at hand: a start from random numbers, the pictures, the scheme."""

import math
from dataclasses import replace

from frcnn.presets.run_config import RunConfig


def from_scratch(config: RunConfig) -> RunConfig:
    """Fit a preset to a start from random numbers: nothing frozen, batch statistics learnt.

    AdamW in batches of at least eight: from scratch it needs a fraction of SGD's steps. A preset
    that is made for such a start stays as it is.
    """
    backbone = replace(config.model.backbone, frozen_stages=0, batch_norm="live")
    if backbone == config.model.backbone:
        return config
    optimizer = replace(
        config.training.optimizer,
        method="adamw",
        learning_rate=0.001,
        weight_decay=0.05,
        bias_learning_rate=1.0,
        bias_weight_decay=0.0,
        clip_norm=10.0,
    )
    batches = replace(config.training.batches, size=max(8, config.training.batches.size))
    training = replace(config.training, optimizer=optimizer, batches=batches)
    return replace(config, model=replace(config.model, backbone=backbone), training=training)


def for_pictures(config: RunConfig, pictures: int) -> RunConfig:
    """Fit the length of a preset for one's own data to how many pictures there are.

    Twelve passes over the data, but at least 3,000 pictures seen and at most 100 passes; about
    thirty evaluations at the most.

    Args:
        config: of a preset whose schedule has no length of its own.
        pictures: in the training split.

    Returns:
        The same with its length set.
    """
    epochs = float(min(100, max(12, math.ceil(3000 / pictures))))
    schedule = replace(config.training.schedule, epochs=epochs)
    evaluation = replace(config.training.evaluation, every_epochs=max(1.0, epochs // 15))
    training = replace(config.training, schedule=schedule, evaluation=evaluation)
    return replace(config, training=training)


def for_head(config: RunConfig) -> RunConfig:
    """Fit a preset to the scheme `head`: two pictures a step, 64 regions of each. Fast R-CNN §2.3.

    Args:
        config: of any preset; of joint training most of them.

    Returns:
        The same with these numbers.
    """
    sampling = replace(config.model.roi_sampling, count=64)
    training = replace(
        config.training,
        batches=replace(config.training.batches, size=2),
        optimizer=replace(config.training.optimizer, accumulate=1),
    )
    return replace(config, model=replace(config.model, roi_sampling=sampling), training=training)
