"""Presets: functions with the literature's names that return a whole run's settings.

A preset says what it stands for, the published figure with its source, and ours where there is
one (`docs/results.md`). `from_scratch` and `for_pictures` fit a preset to what is at hand.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from frcnn.errors import ConfigError
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
from frcnn.training.batches import BatchConfig
from frcnn.training.job import TrainingConfig
from frcnn.training.optimizer import OptimizerConfig
from frcnn.training.schedule import ScheduleConfig
from frcnn.training.validation import EvaluationConfig


@dataclass(frozen=True, kw_only=True)
class StartConfig:
    """Where the weights come from; all empty: torchvision's published ones for the backbone."""

    init: str = ""
    """A run or weights file of ours to go on from; for the scheme `head`, whose first stage is to
    propose in new pictures."""
    proposals: str = ""
    """A file of stored proposals of the training pictures, for the scheme `head`."""
    backbone_weights: str = ""
    """A weights file, the name of one of torchvision's, or `none` for random numbers."""
    preprocessing: str = ""
    """`caffe` or `torchvision`, for a backbone file that does not say."""


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that a run is made of."""

    preset: str = ""
    """The function that these settings started from."""
    data: str = ""
    """Folder of the data."""
    classes: tuple[str, ...] = ()
    """Names of class ids 0 ... C-1; empty: the sorted names of the training split."""
    training_split: str = ""
    """The split to learn from, all of it; empty: `train`, else `trainval` without the validation
    pictures, else the only one there is."""
    validation_share: float = 0.2
    """Of the training pictures, where the data has no validation split."""
    start: StartConfig = field(default_factory=StartConfig)
    started_from: str = ""
    """Filled in by training: what the weights really came from."""
    model: FasterRCNNConfig = field(default_factory=FasterRCNNConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        if not 0 < self.validation_share < 1:
            raise ConfigError(
                "RC350",
                "validation_share",
                "not a share of the pictures",
                got=str(self.validation_share),
                want="a number in (0, 1)",
                fix="0.2 takes a fifth for validation",
            )


_LATER = FasterRCNNConfig(
    pictures=PictureConfig(normalisation=TORCHVISION),
    rpn=RPNConfig(channels=256, scores="sigmoid"),
    anchors=AnchorConfig(sides=(32.0, 64.0, 128.0, 256.0)),
    anchor_labels=AnchorLabelConfig(inside="anywhere"),
    proposals_train=ProposalConfig(min_side=2.0, before_nms=4000, after_nms=1000),
    proposals_test=ProposalConfig(min_side=2.0, before_nms=4000, after_nms=300),
    roi_pooling=RoIPoolingConfig(method="align"),
    postprocess=PostprocessConfig(nms_iou=0.5),
)
"""What detectors since the paper agree on (Mask R-CNN, torchvision, detectron2): all anchors used,
RoIAlign, a looser final NMS."""


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


def vgg16() -> RunConfig:
    """VGG-16 for data of one's own: the paper's network with what was learnt since.

    RoIAlign, a head of 1024 that may start from random numbers, four anchor sizes, all anchors
    used, two pictures a step, a cosine schedule with warm-up, and an average of the weights.
    """
    return RunConfig(
        preset="vgg16",
        model=replace(
            _LATER,
            pictures=PictureConfig(),
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


PRESETS: Mapping[str, Callable[[], RunConfig]] = {
    function.__name__: function
    for function in (vgg16_voc07, vgg16_voc0712, vgg16, mobilenet_v2, resnet18, resnet18_scratch)
}
DEFAULT = "mobilenet_v2"
OWN_DATA = ("vgg16", "mobilenet_v2", "resnet18")
"""Presets whose length follows from the data."""


def named(name: str, place: str = "--model") -> RunConfig:
    """Give a preset by its name.

    Args:
        name: of one of `PRESETS`.
        place: where the name stands, for the error.

    Returns:
        Its settings.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in PRESETS:
        raise ConfigError(
            "RC353",
            place,
            "no preset of that name",
            got=name,
            want=", ".join(PRESETS),
            fix="list them with `frcnn presets list`",
        )
    return PRESETS[name]()


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
