"""For data of one's own: what detectors since the paper agree on, and networks for plain CPUs."""

from dataclasses import replace

from frcnn.model.anchor_labels import AnchorLabelConfig
from frcnn.model.anchors import AnchorConfig
from frcnn.model.backbone import BackboneConfig
from frcnn.model.batch import TORCHVISION, PictureConfig
from frcnn.model.box_head import BoxHeadConfig
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.postprocess import PostprocessConfig
from frcnn.model.proposals import ProposalConfig
from frcnn.model.roi_pooling import RoIPoolingConfig
from frcnn.model.roi_sampling import RegionSamplingConfig
from frcnn.model.rpn import RPNConfig
from frcnn.presets.run_config import RunConfig
from frcnn.training.batches import BatchConfig
from frcnn.training.job import TrainingConfig
from frcnn.training.optimizer import OptimizerConfig
from frcnn.training.schedule import ScheduleConfig
from frcnn.training.validation import EvaluationConfig

_LATER = FasterRCNNConfig(
    pictures=PictureConfig(order="resize_then_subtract", normalisation=TORCHVISION),
    rpn=RPNConfig(channels=256, scores="sigmoid"),
    anchors=AnchorConfig(sides=(32.0, 64.0, 128.0, 256.0)),
    anchor_labels=AnchorLabelConfig(inside="anywhere"),
    proposals_train=ProposalConfig(min_side=2.0, before_nms=4000, after_nms=1000),
    proposals_test=ProposalConfig(min_side=2.0, before_nms=4000, after_nms=300),
    roi_pooling=RoIPoolingConfig(method="align"),
    postprocess=PostprocessConfig(nms_iou=0.5),
)
"""What detectors since the paper agree on (Mask R-CNN, torchvision, detectron2): all anchors used,
RoIAlign, a looser final NMS. Pictures are smoothed before they are shrunk, as in detectron2."""


def vgg16() -> RunConfig:
    """VGG-16 for data of one's own: the paper's network with what was learnt since.

    RoIAlign, a head of 1024 that may start from random numbers, four anchor sizes, all anchors
    used, two pictures a step, a cosine schedule with warm-up, and an average of the weights.
    """
    return RunConfig(
        preset="vgg16",
        model=replace(
            _LATER,
            pictures=PictureConfig(order="resize_then_subtract"),
            backbone=BackboneConfig(),
            rpn=RPNConfig(),
            box_head=BoxHeadConfig(width=1024, dropout=0.0),
        ),
        training=_own_data(learning_rate=0.0001),
    )


def mobilenet_v2() -> RunConfig:
    """MobileNetV2 at stride 16 with a light head, for plain CPUs; the default."""
    return RunConfig(
        preset="mobilenet_v2",
        model=replace(
            _LATER,
            backbone=BackboneConfig(name="mobilenet_v2", frozen_stages=1),
            box_head=BoxHeadConfig(width=512, dropout=0.0),
        ),
        training=_own_data(learning_rate=0.0004),
    )


def resnet18() -> RunConfig:
    """ResNet-18 at stride 16 with a light convolutional head, for plain CPUs."""
    return RunConfig(
        preset="resnet18",
        model=replace(
            _LATER,
            backbone=BackboneConfig(name="resnet18", frozen_stages=1),
            box_head=BoxHeadConfig(layers="conv", width=256, dropout=0.0),
        ),
        training=_own_data(learning_rate=0.0004),
    )


def resnet18_scratch() -> RunConfig:
    """ResNet-18 at stride 8, from random numbers, for small pictures; `frcnn demo`.

    Nothing is downloaded: batch statistics are learnt in batches of eight.
    """
    start = resnet18()
    model = replace(
        start.model,
        pictures=replace(start.model.pictures, shorter_side=240, longer_side=400),
        backbone=BackboneConfig(name="resnet18", stride=8, frozen_stages=0, batch_norm="live"),
        anchors=AnchorConfig(sides=(28.0, 40.0, 56.0, 80.0), height_over_width=(1.0,), stride=8),
        rpn=RPNConfig(channels=128, scores="sigmoid"),
        proposals_train=ProposalConfig(min_side=4.0, before_nms=1000, after_nms=300),
        proposals_test=ProposalConfig(min_side=4.0, before_nms=1000, after_nms=100),
        roi_sampling=RegionSamplingConfig(count=64, positive_share=0.5),
        box_head=BoxHeadConfig(width=512, dropout=0.0),
    )
    training = replace(
        start.training,
        batches=BatchConfig(size=8),
        optimizer=replace(start.training.optimizer, learning_rate=0.003, weight_decay=0.05),
        schedule=ScheduleConfig(epochs=12.0, shape="cosine", warmup_steps=60),
        evaluation=EvaluationConfig(every_epochs=6.0, loss_pictures=20),
    )
    return replace(start, preset="resnet18_scratch", model=model, training=training)


def _own_data(learning_rate: float) -> TrainingConfig:
    """Learn from hundreds or thousands of pictures: AdamW needs far fewer than SGD."""
    return TrainingConfig(
        batches=BatchConfig(size=2),
        optimizer=OptimizerConfig(
            method="adamw",
            learning_rate=learning_rate,
            weight_decay=0.02,
            bias_learning_rate=1.0,
            bias_weight_decay=0.0,
            clip_norm=10.0,
        ),
        schedule=ScheduleConfig(epochs=12.0, shape="cosine", warmup_steps=100),
        average_decay=0.99,
    )
