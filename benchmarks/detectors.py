"""The detectors that are compared, and torchvision's assembled like any network of ours.

Their weights are random, ours scaled so that scores and boxes differ from place to place and the
stages after the network have something to do; torchvision's are the same numbers.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.models import vgg
from torchvision.models.detection import FasterRCNN as TorchvisionsFasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import MultiScaleRoIAlign

from frcnn.model.anchor_labels import AnchorLabelConfig
from frcnn.model.anchors import AnchorConfig, anchor_grid
from frcnn.model.batch import TORCHVISION, PictureConfig, prepare, to_batch
from frcnn.model.box_head import BoxHeadConfig
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.model.losses import HeadLossConfig
from frcnn.model.postprocess import PostprocessConfig
from frcnn.model.proposals import ProposalConfig
from frcnn.model.roi_pooling import RoIPoolingConfig, pool_regions
from frcnn.model.rpn import RPNConfig
from frcnn.types import Size, Target

CLASSES, OBJECTS = 20, 8
Sides = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What every detector looks at."""

    picture: Tensor
    """[3, H, W] uint8, RGB."""
    target: Target
    """True boxes, pixels."""


def scene(size: Sides) -> Scene:
    """Draw coloured squares under noise, and boxes anywhere.

    Args:
        size: height and width, pixels.

    Returns:
        The same scene for the same size.
    """
    generator = torch.Generator().manual_seed(0)
    height, width = size
    squares = torch.rand(1, 3, height // 24, width // 24, generator=generator)
    large = nn.functional.interpolate(squares, size, mode="nearest")[0]
    picture = 200 * large + 55 * torch.rand(3, height, width, generator=generator)
    whole = torch.tensor([width, height], dtype=torch.float32)
    corners = torch.rand(OBJECTS, 2, generator=generator) * 0.6 * whole
    sides = (0.1 + 0.3 * torch.rand(OBJECTS, 2, generator=generator)) * whole
    target = Target(
        boxes=torch.cat((corners, corners + sides), dim=1),
        labels=torch.randint(0, CLASSES, (OBJECTS,), generator=generator),
        difficult=torch.zeros(OBJECTS, dtype=torch.bool),
    )
    return Scene(picture=picture.to(torch.uint8), target=target)


def ours(size: Sides, head_width: int) -> FasterRCNN:
    """Make our detector with torchvision's choices.

    Args:
        size: of the picture; it stays as it is.
        head_width: of fc6 and fc7.

    Returns:
        In float32, convolutions channels-last.
    """
    config = FasterRCNNConfig(
        classes=CLASSES,
        pictures=PictureConfig(
            shorter_side=min(size),
            longer_side=max(size),
            rounding="floor",
            padding_multiple=32,
            normalisation=TORCHVISION,
        ),
        anchors=AnchorConfig(centre="cell_corner", rounding="torchvision"),
        rpn=RPNConfig(scores="sigmoid"),
        anchor_labels=AnchorLabelConfig(inside="anywhere"),
        proposals_train=ProposalConfig(min_side=1e-3, before_nms=2000, after_nms=2000),
        proposals_test=ProposalConfig(min_side=1e-3, before_nms=1000, after_nms=300),
        roi_pooling=RoIPoolingConfig(method="align"),
        box_head=BoxHeadConfig(width=head_width, dropout=0.0),
        head_loss=HeadLossConfig(sigma=3.0),
        postprocess=PostprocessConfig(nms_iou=0.5, min_side=0.01),
    )
    torch.manual_seed(0)
    model = FasterRCNN(config).to(memory_format=torch.channels_last).eval()
    with torch.no_grad():
        _enliven(model, scene(size).picture)
    return model


def _enliven(model: FasterRCNN, picture: Tensor) -> None:
    """Scale the output layers on the picture itself: numbers of a channel differ, around 0."""
    config = model.config
    batch = to_batch([prepare(picture, config.pictures)], config.pictures)
    features = model.backbone(batch.pixels)
    anchors = anchor_grid(config.anchors, Size(features.shape[2], features.shape[3]))
    rpn = model.rpn(features)
    spread(model.rpn.objectness, rpn.objectness, 1.0)
    spread(model.rpn.deltas, rpn.deltas, 0.2)
    proposals = model.propose(model.rpn(features), anchors, batch, config.proposals_test)
    boxes = [found.boxes for found in proposals]
    answer = model.box_head(pool_regions(features, boxes, 16, config.roi_pooling))
    spread(model.box_head.logits, answer.logits, 1.0)
    spread(model.box_head.deltas, answer.deltas, 1.0)


def spread(layer: nn.Module, outputs: Tensor, deviation: float) -> None:
    """Scale an output layer until numbers of a channel differ by so much and average to 0.

    Args:
        layer: a convolution or linear layer; changed in place.
        outputs: [..., D] or any shape with as many channels as the layer has, flattened.
        deviation: of a channel's numbers, on average.
    """
    channels = outputs.reshape(-1, len(layer.bias))
    factor = deviation / channels.std(dim=0).mean()
    layer.weight *= factor
    layer.bias.copy_(-channels.mean(dim=0) * factor)


def theirs(size: Sides, head_width: int) -> TorchvisionsFasterRCNN:
    """Assemble torchvision's detector from its parts, with the weights of ours.

    Args:
        size: of the picture; it stays as it is.
        head_width: of fc6 and fc7.

    Returns:
        In float32, laid out as torchvision does.
    """
    own = ours(size, head_width)
    model = assemble(own.config)
    model.backbone[:10].requires_grad_(requires_grad=False)  # the first two stages
    _copy_weights(own, model)
    return model


def assemble(config: FasterRCNNConfig) -> TorchvisionsFasterRCNN:
    """Put torchvision's detector together from its parts, as ours is configured.

    Args:
        config: of a VGG-16 with torchvision's choices.

    Returns:
        In float32, with random weights, all of them trained.
    """
    body = vgg.make_layers(vgg.cfgs["D"])[:30]
    body.out_channels = 512
    sides = tuple(int(side) for side in config.anchors.sides)
    return TorchvisionsFasterRCNN(
        body,
        min_size=config.pictures.shorter_side,
        max_size=config.pictures.longer_side,
        rpn_anchor_generator=AnchorGenerator((sides,), (config.anchors.height_over_width,)),
        rpn_head=RPNHead(512, config.anchors.per_cell),
        rpn_pre_nms_top_n_train=config.proposals_train.before_nms,
        rpn_pre_nms_top_n_test=config.proposals_test.before_nms,
        rpn_post_nms_top_n_train=config.proposals_train.after_nms,
        rpn_post_nms_top_n_test=config.proposals_test.after_nms,
        rpn_batch_size_per_image=config.anchor_labels.count,
        box_roi_pool=MultiScaleRoIAlign(["0"], 7, 2),
        box_head=TwoMLPHead(512 * 49, config.box_head.width),
        box_predictor=FastRCNNPredictor(config.box_head.width, config.classes + 1),
        box_batch_size_per_image=config.roi_sampling.count,
    )


def counterparts(
    own: FasterRCNN, model: TorchvisionsFasterRCNN
) -> tuple[tuple[nn.Module, nn.Module], ...]:
    """Give the parts of ours beside theirs that take the same parameters under the same names."""
    head, regions = model.rpn.head, model.roi_heads
    return (
        (own.backbone.body.get_submodule("features"), model.backbone),
        (own.rpn.conv, head.conv[0][0]),
        (own.rpn.objectness, head.cls_logits),
        (own.rpn.deltas, head.bbox_pred),
        (own.box_head.hidden, regions.box_head),
        (own.box_head.logits, regions.box_predictor.cls_score),
    )


def _copy_weights(own: FasterRCNN, model: TorchvisionsFasterRCNN) -> None:
    for one, other in counterparts(own, model):
        other.load_state_dict(one.state_dict())
    predictor = model.roi_heads.box_predictor
    for name, values in own.box_head.deltas.state_dict().items():
        slots = torch.cat((torch.zeros_like(values[:4]), values))  # background's is not used
        predictor.bbox_pred.get_parameter(name).data.copy_(slots)
