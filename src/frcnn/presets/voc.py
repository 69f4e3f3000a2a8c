"""The paper's networks on the paper's data, in the authors' joint training. §4.1."""

from dataclasses import replace

from frcnn.model.anchors import AnchorConfig
from frcnn.model.backbone import BackboneConfig
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.roi_pooling import RoIPoolingConfig
from frcnn.model.rpn import RPNConfig
from frcnn.presets.run_config import RunConfig
from frcnn.training.batches import BatchConfig
from frcnn.training.job import TrainingConfig
from frcnn.training.optimizer import OptimizerConfig
from frcnn.training.schedule import ScheduleConfig


def vgg16_voc07() -> RunConfig:
    """VGG-16, approximate joint training on VOC 2007 trainval, as the authors' Python code has it.

    All of trainval is learnt from, val included, and data without it is refused: on data of one's
    own, `vgg16` is the better choice, or another `training_split`.

    Published: 69.9 mAP on VOC 2007 test with 4-step training (Faster R-CNN, Table 3); joint
    training is close to it (§3.2).
    """
    return RunConfig(
        preset="vgg16_voc07",
        training_split="trainval",
        model=FasterRCNNConfig(
            backbone=BackboneConfig(pooling="ceil"), anchors=AnchorConfig(rounding="caffe")
        ),
        training=TrainingConfig(
            batches=BatchConfig(flip="double"),
            optimizer=OptimizerConfig(accumulate=2),
            schedule=ScheduleConfig(epochs=14.0, milestones=(5 / 7,)),
        ),
    )


def vgg16_voc0712() -> RunConfig:
    """The same on VOC 2007 and 2012 trainval together: 110,000 steps, the rate falls at 80,000.

    Published: 73.2 mAP on VOC 2007 test with 4-step training (Faster R-CNN, Table 3).
    """
    start = vgg16_voc07()
    schedule = ScheduleConfig(steps=110_000, epochs=None, milestones=(80_000,))
    optimizer = replace(start.training.optimizer, accumulate=1)
    training = replace(start.training, schedule=schedule, optimizer=optimizer)
    return replace(start, preset="vgg16_voc0712", training=training)


def zf_voc07() -> RunConfig:
    """ZF, the paper's smaller network, in the same training on VOC 2007 trainval.

    All five convolutions are trained; the RPN has 256 channels, the head 6 x 6 cells. There are no
    published weights under our names: it starts from a file (`--backbone-weights`) or from random
    numbers. Published, all on VOC 2007 test with 4-step training: 59.9 mAP, and 58.7 where the
    stages share no convolutions (Faster R-CNN, Table 2); five runs of the authors' MATLAB code lie
    between 59.5 and 60.4 (its page).
    """
    start = vgg16_voc07()
    model = replace(
        start.model,
        backbone=BackboneConfig(name="zf", frozen_stages=0, pooling="ceil"),
        rpn=RPNConfig(channels=256),
        roi_pooling=RoIPoolingConfig(cells=6),
    )
    return replace(start, preset="zf_voc07", model=model)
