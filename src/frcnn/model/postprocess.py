"""Postprocess: class scores and deltas into detections. Fast R-CNN §3.

Shapes: P proposals of one picture, C classes, N detections.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.ops import boxes as box_ops
from frcnn.ops.deltas import decode
from frcnn.ops.nms import nms_by_group
from frcnn.types import Detections, Proposals, Size


@dataclass(frozen=True, kw_only=True)
class PostprocessConfig:
    """Which boxes are reported."""

    score_threshold: float = 0.05
    """A class probability must pass it; authors' code, torchvision, detectron2."""
    nms_iou: float = 0.3
    """A box that overlaps a better one of its class by more goes; authors' code. torchvision,
    detectron2: 0.5."""
    max_detections: int = 100
    """The best of all classes of one picture; authors' code."""
    min_side: float = 0.0
    """Smaller boxes are not reported, pixels of the resized picture; torchvision: 0.01."""

    def __post_init__(self) -> None:
        if not 0 <= self.score_threshold < 1 or not 0 < self.nms_iou <= 1:
            raise ConfigError(
                "RC350",
                "postprocess",
                "threshold out of range",
                got=f"score_threshold {self.score_threshold}, nms_iou {self.nms_iou}",
                want="score_threshold in [0, 1) and nms_iou in (0, 1]",
                fix="the authors' code has 0.05 and 0.3",
            )
        if self.max_detections < 1:
            raise ConfigError(
                "RC350",
                "postprocess.max_detections",
                "nothing would be reported",
                got=str(self.max_detections),
                want="a whole number >= 1",
                fix="the authors' code has 100",
            )


def postprocess(
    probabilities: Tensor,
    deltas: Tensor,
    proposals: Proposals,
    size: Size,
    config: PostprocessConfig,
) -> Detections:
    """Turn the head's answers for one picture into detections.

    1. decode every class's deltas against the proposal, clip to the picture
    2. drop scores that do not pass the threshold, and boxes under `min_side`
    3. NMS within each class
    4. keep the `max_detections` highest scores

    Args:
        probabilities: [P, C + 1] float32, background first; rows sum to one.
        deltas: [P, C, 4] float32, no longer normalised.
        proposals: the P regions the head looked at.
        size: of the resized picture, without padding.
        config: the four numbers.

    Returns:
        Detections in pixels of the resized picture, highest score first; N may be 0.
    """
    scores = probabilities[:, 1:]
    rows, labels = (scores > config.score_threshold).nonzero(as_tuple=True)
    boxes = decode(deltas[rows, labels], proposals.boxes[rows])
    boxes = box_ops.clip(boxes, size)
    w, h = box_ops.sides(boxes)
    # a box without area is no detection, whatever `min_side` allows
    real = ((w > 0) & (h > 0) & (torch.minimum(w, h) >= config.min_side)).nonzero()[:, 0]
    rows, labels, boxes = rows[real], labels[real], boxes[real]
    values = scores[rows, labels]
    kept = nms_by_group(boxes, values, labels, config.nms_iou)[: config.max_detections]
    return Detections(
        boxes=boxes[kept],
        scores=values[kept],
        labels=labels[kept],
        proposals=rows[kept],
        probabilities=scores[rows[kept]],
    )
