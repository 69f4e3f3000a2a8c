"""Each stage's losses for a batch: what is learnt from, what is wanted, how far off. Eq. (1).

The loops over pictures around `anchor_labels`, `roi_sampling` and `losses`. A picture's draws come
from its own generator, so that they do not depend on its neighbours.

Shapes: B pictures, M anchors per picture, P proposals, R sampled regions, D channels.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from frcnn.model.anchor_labels import label_anchors
from frcnn.model.box_head import BoxHead
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.guards import are_finite, nowhere
from frcnn.model.losses import (
    anchors_with_boxes,
    head_box_loss,
    head_class_loss,
    rpn_box_loss,
    rpn_objectness_loss,
)
from frcnn.model.roi_pooling import pool_regions
from frcnn.model.roi_sampling import sample_regions
from frcnn.model.rpn import RPNOutput
from frcnn.ops.deltas import encode
from frcnn.types import ImageBatch, Target

Targets = Sequence[Target]
"""For each picture its true boxes, pixels of the resized picture."""
Generators = Sequence[torch.Generator]
"""For each picture where its draws come from (anchors, regions, dropout)."""


def rpn_losses(
    rpn: RPNOutput,
    anchors: Tensor,
    batch: ImageBatch,
    targets: Targets,
    generators: Generators,
    config: FasterRCNNConfig,
) -> tuple[Tensor, Tensor]:
    """Compute the first stage's two losses, means over the pictures. Eq. (1).

    Args:
        rpn: the head's output for the batch.
        anchors: [M, 4] float32, pixels of the resized picture.
        batch: its sizes are read.
        targets: for each picture its true boxes, pixels of the resized picture.
        generators: for each picture where its draw comes from.
        config: of the whole network.

    Returns:
        Objectness loss and box loss, scalars.
    """
    objectness, boxes = [], []
    per_cell = config.anchors.per_cell
    pictures = zip(rpn.objectness, rpn.deltas, batch.sizes, targets, generators, strict=True)
    for scores, deltas, size, target, draw in pictures:
        labels = label_anchors(anchors, target, size, config.anchor_labels, draw)
        objectness.append(rpn_objectness_loss(scores, labels))
        rows = anchors_with_boxes(labels, config.rpn_loss)
        wanted = encode(target.boxes[labels.matched[rows]], anchors[rows])
        errors = (deltas[rows] - wanted) / rpn.unit
        boxes.append(rpn_box_loss(errors, labels, config.rpn_loss, per_cell))
    return torch.stack(objectness).mean(), torch.stack(boxes).mean()


def head_losses(
    head: BoxHead,
    features: Tensor,
    proposals: Sequence[Tensor],
    targets: Targets,
    generators: Generators,
    config: FasterRCNNConfig,
) -> tuple[Tensor, Tensor]:
    """Compute the second stage's two losses, means over the pictures. Fast R-CNN Eq. (1).

    Where the proposals and the pooling carry a gradient, it flows on by both ways that the loss
    depends on a region's box: the features under it, and the target that is encoded against it.

    Args:
        head: the second stage's layers.
        features: [B, D, h, w].
        proposals: for each picture [P, 4] float32, pixels of the resized picture.
        targets: for each picture its true boxes, pixels of the resized picture.
        generators: for each picture where its draws come from.
        config: of the whole network.

    Returns:
        Class loss and box loss, scalars; both are NaN where the features are not finite.
    """
    if not are_finite(features):  # max pooling would let NaN pass for a number
        return nowhere(features), nowhere(features)
    sampled = [
        sample_regions(*row[:2], config.roi_sampling, row[2])
        for row in zip(proposals, targets, generators, strict=True)
    ]
    counts = [len(own.boxes) for own in sampled]
    stride = config.backbone.stride
    regions = pool_regions(features, [own.boxes for own in sampled], stride, config.roi_pooling)
    answer = head.forward_dropping(regions, list(zip(counts, generators, strict=True)))
    classes, boxes = [], []
    for own, (logits, deltas) in zip(sampled, answer.split(counts), strict=True):
        rows = own.objects  # the others' targets are not learnt, and may have no deltas
        deltas_to = encode(own.targets[rows], own.boxes[rows])
        wanted = head.normalise(deltas_to, own.labels[rows] - 1)
        classes.append(head_class_loss(logits, own.labels))
        boxes.append(head_box_loss(deltas, own.labels, wanted, config.head_loss))
    return torch.stack(classes).mean(), torch.stack(boxes).mean()
