"""Every stage's settings together; each stands in the file of its stage, with unit and source."""

from dataclasses import dataclass, field
from typing import Literal

from frcnn.errors import ConfigError
from frcnn.model.anchor_labels import AnchorLabelConfig
from frcnn.model.anchors import AnchorConfig
from frcnn.model.backbone import BackboneConfig
from frcnn.model.batch import PictureConfig
from frcnn.model.box_head import BoxHeadConfig
from frcnn.model.losses import HeadLossConfig, RPNLossConfig
from frcnn.model.postprocess import PostprocessConfig
from frcnn.model.proposals import TEST, TRAIN, ProposalConfig
from frcnn.model.roi_pooling import RoIPoolingConfig
from frcnn.model.roi_sampling import RegionSamplingConfig
from frcnn.model.rpn import RPNConfig


@dataclass(frozen=True, kw_only=True)
class FasterRCNNConfig:
    """Every stage's settings; the defaults are the authors' joint training with VGG-16."""

    classes: int = 20
    """C, without background."""
    pictures: PictureConfig = field(default_factory=PictureConfig)
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    sharing: Literal["shared", "separate"] = "shared"
    """Whether both stages look through one backbone (§3.2), or the RPN through one of its own, as
    after the first two of the four steps (§3.2; Table 2, "unshared")."""
    anchors: AnchorConfig = field(default_factory=AnchorConfig)
    rpn: RPNConfig = field(default_factory=RPNConfig)
    anchor_labels: AnchorLabelConfig = field(default_factory=AnchorLabelConfig)
    rpn_loss: RPNLossConfig = field(default_factory=RPNLossConfig)
    proposals_train: ProposalConfig = TRAIN
    proposals_test: ProposalConfig = TEST
    roi_sampling: RegionSamplingConfig = field(default_factory=RegionSamplingConfig)
    roi_pooling: RoIPoolingConfig = field(default_factory=RoIPoolingConfig)
    box_head: BoxHeadConfig = field(default_factory=BoxHeadConfig)
    head_loss: HeadLossConfig = field(default_factory=HeadLossConfig)
    postprocess: PostprocessConfig = field(default_factory=PostprocessConfig)

    def __post_init__(self) -> None:
        if self.classes < 1:
            raise ConfigError(
                "RC350",
                "classes",
                "a detector needs a class",
                got=str(self.classes),
                want="a whole number >= 1",
                fix="count the classes of the data, without background",
            )
        if self.anchors.stride != self.backbone.stride:
            raise ConfigError(
                "RC351",
                "anchors.stride",
                "anchors would not stand on the feature cells",
                got=f"{self.anchors.stride}, the backbone has {self.backbone.stride}",
                want="the backbone's stride",
                fix=f"set anchors.stride={self.backbone.stride}",
            )
