"""Proposals: the RPN's output for one picture, reduced to the boxes worth a second look.

Faster R-CNN §3.3. Shapes: M anchors in, P <= after_nms proposals out.
"""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.ops import boxes as box_ops
from frcnn.ops.deltas import decode
from frcnn.ops.nms import nms
from frcnn.types import Proposals, Size


@dataclass(frozen=True, kw_only=True)
class ProposalConfig:
    """How many boxes survive. Training and testing are two values, never a flag.

    The last three switch parts of the RPN off, as the rows of Table 2 do (§4.1).
    """

    min_side: float = 16.0
    """Smaller boxes are dropped, pixels of the original picture; authors' code (there: 16 times
    the picture's scale, in resized pixels). torchvision: 0.001."""
    before_nms: int | None = 6000
    """The highest scores that enter NMS; authors' code: 6000 at test time, 12000 in joint training,
    all (null) when alternating training stores proposals."""
    nms_iou: float | None = 0.7
    """A box that overlaps a better one by more goes; §3.3. Null: no NMS (at test time Table 2,
    "RPN+ZF (no NMS)": 6000 boxes stay)."""
    after_nms: int = 300
    """The highest scores that leave NMS; 2000 in training (§3.3), 300 at test time (§4.1,
    Table 2)."""
    boxes: Literal["decoded", "anchors"] = "decoded"
    """Whether anchors are moved by their deltas, or are the proposals themselves (at test time
    Table 2, "RPN+ZF (no reg)")."""
    rank_by: Literal["objectness", "chance"] = "objectness"
    """What ranks: the RPN's score, or a draw (at test time Table 2, "RPN+ZF (no cls)", there
    without NMS)."""
    chance_seed: int = 0
    """Where the draw of `rank_by: chance` starts; the same for all pictures, so results repeat."""

    def __post_init__(self) -> None:
        counts = [n for n in (self.before_nms, self.after_nms) if n is not None]
        if self.min_side < 0 or min(counts) < 1:
            raise ConfigError(
                "RC350",
                "proposals",
                "no proposal could survive",
                got=f"min_side {self.min_side}, before_nms {self.before_nms}, "
                f"after_nms {self.after_nms}",
                want="min_side >= 0 and both counts >= 1",
                fix="the authors' code has 16, 6000 and 300 at test time",
            )
        if self.nms_iou is not None and not 0 < self.nms_iou <= 1:
            raise ConfigError(
                "RC350",
                "proposals.nms_iou",
                "not an overlap",
                got=str(self.nms_iou),
                want="a number in (0, 1], or null for no NMS",
                fix="the paper's is 0.7",
            )

    def in_resized_pixels(self, size: Size, original: Size) -> "ProposalConfig":
        """Give the same with `min_side` in pixels of the resized picture, as `propose` wants it.

        Args:
            size: of the resized picture, without padding.
            original: of the original picture.
        """
        return replace(self, min_side=self.min_side * min(size) / min(original))


TRAIN = ProposalConfig(before_nms=12000, after_nms=2000)  # 2000: §3.3; 12000: authors' code
TEST = ProposalConfig()


def propose(
    objectness: Tensor, deltas: Tensor, anchors: Tensor, size: Size, config: ProposalConfig
) -> Proposals:
    """Choose the proposals of one picture.

    1. decode the deltas against the anchors; with `boxes: anchors` these stay where they are
    2. clip to the picture
    3. drop boxes with a side under `min_side`
    4. keep the `before_nms` highest objectness scores; with `rank_by: chance` a draw stands in
       for the objectness, here and in the result
    5. NMS at IoU `nms_iou`, unless it is None
    6. keep the `after_nms` highest that are left

    Args:
        objectness: [M] float32, any increasing function of P(object).
        deltas: [M, 4] float32.
        anchors: [M, 4] float32, pixels of the resized picture.
        size: of the resized picture, without padding.
        config: the numbers and switches; `min_side` already in pixels of the resized picture.

    Returns:
        Boxes [P, 4] in pixels of the resized picture, their objectness [P], highest first, and the
        row of the anchor behind each. P may be 0.

    Boxes scored as background stay in: the RPN ranks, it does not decide (§3.3). Gradients
    flow into the deltas; a scheme that treats proposals as fixed detaches them (§3.2, ii).
    """
    decoded = decode(deltas, anchors) if config.boxes == "decoded" else anchors
    boxes = box_ops.clip(decoded, size)
    scores = objectness if config.rank_by == "objectness" else _drawn(objectness, config)
    w, h = box_ops.sides(boxes)
    large = ((w >= config.min_side) & (h >= config.min_side)).nonzero()[:, 0]
    top = scores[large].argsort(descending=True, stable=True)[: config.before_nms]
    ranked = large[top]
    if config.nms_iou is None:
        rows = ranked[: config.after_nms]
    else:
        limit = config.after_nms
        rows = ranked[
            nms(boxes[ranked].detach(), scores[ranked].detach(), config.nms_iou, limit=limit)
        ]
    return Proposals(boxes=boxes[rows], objectness=scores[rows], anchors=rows)


def _drawn(objectness: Tensor, config: ProposalConfig) -> Tensor:
    """Give each anchor a place in a shuffled order, as a score in [0, 1)."""
    generator = torch.Generator().manual_seed(config.chance_seed)
    places = torch.randperm(len(objectness), generator=generator)
    return (places / max(len(places), 1)).to(objectness.device)
