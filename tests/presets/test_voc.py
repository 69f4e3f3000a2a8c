"""The paper's networks: the published numbers of each, and what ZF has instead."""

from dataclasses import fields

import pytest
import torch

from frcnn import presets
from frcnn.model.batch import CAFFE
from frcnn.model.faster_rcnn import FasterRCNN


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


def test_golden_zf() -> None:
    """§3.1 and the authors' networks: all of it trained, 256 channels, 6 x 6 cells."""
    config, vgg = presets.zf_voc07(), presets.vgg16_voc07()
    with torch.device("meta"):
        model = FasterRCNN(config.model)
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert model.backbone.out_channels == model.rpn.conv.out_channels == 256
    assert model.box_head.hidden.fc6.in_features == 256 * 6 * 6
    assert config.training == vgg.training
    differing = {
        field.name
        for field in fields(config.model)
        if getattr(config.model, field.name) != getattr(vgg.model, field.name)
    }
    assert differing == {"backbone", "rpn", "roi_pooling"}
