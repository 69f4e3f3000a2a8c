"""rpn_losses and head_losses: each term from the stage's own functions, picture by picture."""

import math

import pytest
import torch
from torch import Tensor

from frcnn.model.anchor_labels import label_anchors
from frcnn.model.anchors import AnchorConfig, anchor_grid
from frcnn.model.backbone import BackboneConfig
from frcnn.model.box_head import BoxHead, BoxHeadConfig
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.losses import anchors_with_boxes, rpn_box_loss, rpn_objectness_loss
from frcnn.model.roi_sampling import RegionSamplingConfig
from frcnn.model.rpn import RPNOutput
from frcnn.model.stage_losses import head_losses, rpn_losses
from frcnn.ops.deltas import encode
from frcnn.types import ImageBatch, Size, Target

SIZE, GRID = Size(height=64, width=96), Size(height=4, width=6)
CONFIG = FasterRCNNConfig(
    classes=2,
    backbone=BackboneConfig(name="resnet18"),
    anchors=AnchorConfig(sides=(16.0, 32.0)),
    roi_sampling=RegionSamplingConfig(count=8),
    box_head=BoxHeadConfig(width=8, dropout=0.0),
)
ANCHORS = anchor_grid(CONFIG.anchors, GRID)
TRUE = Target(
    boxes=torch.tensor([[8.0, 5.0, 40.0, 36.0], [50.0, 30.0, 82.0, 60.0]]),
    labels=torch.tensor([0, 1]),
    difficult=torch.tensor([False, False]),
)
NEAR = TRUE.boxes + torch.tensor([2.0, -1.0, 3.0, 2.0])


def draws(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def batch_of(count: int) -> ImageBatch:
    return ImageBatch(
        pixels=torch.zeros(count, 3, *SIZE), sizes=(SIZE,) * count, originals=(SIZE,) * count
    )


def random(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def head() -> BoxHead:
    torch.manual_seed(0)
    return BoxHead(3, CONFIG.roi_pooling.cells, 2, CONFIG.box_head)


def test_golden_a_head_that_knows_nothing() -> None:
    """Equal logits and no deltas: ln 3 for every region, the size of the targets for the boxes."""
    still = head()
    for layer in (still.logits, still.deltas):
        torch.nn.init.zeros_(layer.weight)
    exact = [TRUE.boxes]  # proposals that are the objects already, as are the true boxes
    classes, boxes = head_losses(still, random(0, 1, 3, *GRID), exact, [TRUE], draws(0), CONFIG)
    assert float(classes.detach()) == pytest.approx(math.log(3))
    assert float(boxes.detach()) == 0
    # a proposal of the same size, a tenth of its width aside: tx / 0.1 = 1, half of it at |x| = 1
    moved = [TRUE.boxes[:1] + torch.tensor([3.2, 0.0, 3.2, 0.0])]
    one = Target(boxes=TRUE.boxes[:1], labels=TRUE.labels[:1], difficult=TRUE.difficult[:1])
    _, boxes = head_losses(still, random(0, 1, 3, *GRID), moved, [one], draws(0), CONFIG)
    assert float(boxes.detach()) == pytest.approx(0.5 / 2, abs=1e-5)  # two regions: the true box


def rpn_output(*, unit: float = 1.0) -> RPNOutput:
    return RPNOutput(
        objectness=random(1, 2, len(ANCHORS)),
        deltas=random(2, 2, len(ANCHORS), 4),
        unit=torch.full((4,), unit),
    )


def test_the_rpns_terms_are_the_means_over_the_pictures() -> None:
    rpn, targets = rpn_output(), [TRUE, Target.empty()]
    found = rpn_losses(rpn, ANCHORS, batch_of(2), targets, draws(5, 6), CONFIG)
    want = torch.zeros(2)
    for row, (target, draw) in enumerate(zip(targets, draws(5, 6), strict=True)):
        labels = label_anchors(ANCHORS, target, SIZE, CONFIG.anchor_labels, draw)
        rows = anchors_with_boxes(labels, CONFIG.rpn_loss)
        errors = rpn.deltas[row][rows] - encode(target.boxes[labels.matched[rows]], ANCHORS[rows])
        want[0] += rpn_objectness_loss(rpn.objectness[row], labels) / 2
        want[1] += rpn_box_loss(errors, labels, CONFIG.rpn_loss, CONFIG.anchors.per_cell) / 2
    torch.testing.assert_close(torch.stack(found), want)


def test_the_rpns_errors_are_counted_in_its_unit() -> None:
    """Far from its corner smooth L1 is linear: half the unit, nearly twice the loss."""
    once, twice = (
        rpn_losses(rpn_output(unit=unit), ANCHORS, batch_of(2), [TRUE, TRUE], draws(5, 6), CONFIG)
        for unit in (0.01, 0.005)
    )
    assert torch.equal(once[0], twice[0])
    assert float(twice[1] / once[1]) == pytest.approx(2, rel=0.01)


def test_a_picture_has_the_same_share_with_any_neighbour() -> None:
    layers, features = head(), random(3, 2, 3, *GRID)
    proposals, targets = [NEAR, TRUE.boxes + 5], [TRUE, TRUE]
    both = head_losses(layers, features, proposals, targets, draws(1, 2), CONFIG)
    alone = [
        head_losses(
            layers, features[row : row + 1], [proposals[row]], [TRUE], draws(1 + row), CONFIG
        )
        for row in range(2)
    ]
    for term, parts in zip(both, zip(*alone, strict=True), strict=True):
        torch.testing.assert_close(term, torch.stack(parts).mean())


def test_no_proposals_and_no_objects() -> None:
    features = random(4, 1, 3, *GRID).requires_grad_()
    none = torch.zeros(0, 4)
    classes, boxes = head_losses(head(), features, [none], [Target.empty()], draws(0), CONFIG)
    (classes + boxes).backward()
    assert float(classes.detach()) == float(boxes.detach()) == 0
    assert features.grad is not None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_features_that_are_not_finite_give_nan(value: float) -> None:
    features = random(4, 1, 3, *GRID)
    features[0, 0, 0, 0] = value
    losses = head_losses(head(), features, [NEAR], [TRUE], draws(0), CONFIG)
    assert all(term.isnan() for term in losses)
