"""The scale of box targets, measured over all training pictures before a phase begins.

Fast R-CNN §2.3 learns targets of zero mean and unit variance. Where a network's settings say
`measured`, the head's are measured for each class over all stored proposals that are objects, the
RPN's over all anchors that are objects; both over the mirrored pictures, too, where these are seen.
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from frcnn.data.proposals import StoredProposals
from frcnn.data.records import Record, Split
from frcnn.model.anchor_labels import label_anchors
from frcnn.model.anchors import anchor_grid
from frcnn.model.backbone import feature_grid
from frcnn.model.batch import resized
from frcnn.model.delta_scale import DeltaScale, measure_scale
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.model.roi_sampling import object_regions
from frcnn.ops import boxes as box_ops
from frcnn.prediction.counting import Tell, silent
from frcnn.training.batches import BatchConfig
from frcnn.types import Target

Batch = tuple[Tensor, Tensor, Tensor]
"""Boxes that are objects [N, 4], the true box of each [N, 4], the class id of each [N]."""


def measure_head(
    model: FasterRCNN,
    split: Split,
    proposals: StoredProposals,
    config: BatchConfig,
    on_picture: Tell = silent,
) -> DeltaScale:
    """Measure the scale of the head's targets, class by class.

    Args:
        model: its rules for what is an object are read.
        split: the training pictures.
        proposals: theirs.
        config: whether mirrored pictures are seen.
        on_picture: called before each picture with its number; what it raises ends the measuring.

    Returns:
        The scale, [C, 4]; where a class has too few objects, what the settings fix.
    """

    def regions() -> Iterator[Batch]:
        for number, record in enumerate(split.records):
            on_picture(number)
            for mirrored in _sides(config):
                boxes = proposals.of(number, mirrored=mirrored).boxes
                target = _mirrored(record) if mirrored else record.target
                yield object_regions(boxes, target, model.config.roi_sampling)

    fixed = (model.config.box_head.delta_mean, model.config.box_head.delta_std)
    mean, std = (torch.tensor(four).expand(model.config.classes, 4) for four in fixed)
    return measure_scale(regions(), DeltaScale(mean=mean, std=std))


def measure_rpn(
    model: FasterRCNN,
    split: Split,
    config: BatchConfig,
    on_picture: Tell = silent,
) -> DeltaScale:
    """Measure the scale of the RPN's box targets, one for all anchors.

    Args:
        model: its anchors and its rules for what is an object are read.
        split: the training pictures.
        config: whether mirrored pictures are seen.
        on_picture: as `measure_head` has it.

    Returns:
        The scale, [1, 4]; without an object no shift, and unit.
    """

    def anchors_of_objects() -> Iterator[Batch]:
        for number, record in enumerate(split.records):
            on_picture(number)
            size = resized(record.size, model.config.pictures)
            anchors = anchor_grid(model.config.anchors, feature_grid(model.config.backbone, size))
            for mirrored in _sides(config):
                target = _mirrored(record) if mirrored else record.target
                boxes = box_ops.scale(target.boxes, record.size, size)
                # the draw does not matter: all positives are measured
                labels = label_anchors(
                    anchors,
                    replace(target, boxes=boxes),
                    size,
                    model.config.anchor_labels,
                    torch.Generator(),
                )
                rows = (labels.labels == 1).nonzero()[:, 0]
                yield anchors[rows], boxes[labels.matched[rows]], torch.zeros_like(rows)

    none = torch.zeros(1, 4)
    return measure_scale(anchors_of_objects(), DeltaScale(mean=none, std=torch.ones_like(none)))


def _sides(config: BatchConfig) -> tuple[bool, ...]:
    return (False,) if config.flip == "none" else (False, True)


def _mirrored(record: Record) -> Target:
    return replace(record.target, boxes=box_ops.mirror(record.target.boxes, record.size))
