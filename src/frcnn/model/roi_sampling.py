"""RoI sampling: which proposals the head learns from, and what each is to become.

Fast R-CNN §2.3 (Mini-batch sampling). Shapes: P proposals, G true boxes, R <= count regions.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.ops import boxes as box_ops
from frcnn.ops.matching import match, sample_balanced
from frcnn.types import Target


@dataclass(frozen=True, kw_only=True)
class RegionSamplingConfig:
    """How many regions, and which overlaps make objects and background of them."""

    count: int = 128
    """Regions of one picture; Fast R-CNN §2.3 has 64 from each of two, the authors' joint
    training 128 from one. torchvision, detectron2: 512."""
    positive_share: float = 0.25
    """At most this share are objects; background fills the rest; Fast R-CNN §2.3."""
    positive_iou: float = 0.5
    """At least this overlap with a true box makes an object; Fast R-CNN §2.3."""
    negative_iou: tuple[float, float] = (0.0, 0.5)
    """Background has a best overlap in [low, high): low 0.1 in Fast R-CNN §2.3, 0 in the
    authors' joint training and for COCO (§4.2)."""
    candidates: Literal["proposals_and_true_boxes", "proposals"] = "proposals_and_true_boxes"
    """Whether the true boxes stand among the candidates; authors' code: yes."""

    def __post_init__(self) -> None:
        low, high = self.negative_iou
        if not 0 <= low < high <= self.positive_iou <= 1:
            raise ConfigError(
                "RC350",
                "roi_sampling",
                "the overlaps contradict each other",
                got=f"negative_iou {self.negative_iou}, positive_iou {self.positive_iou}",
                want="0 <= low < high <= positive_iou <= 1",
                fix="the authors' are (0.0, 0.5) and 0.5",
            )
        if self.count < 1 or not 0 < self.positive_share <= 1:
            raise ConfigError(
                "RC350",
                "roi_sampling.count",
                "nothing could be drawn",
                got=f"count {self.count}, positive_share {self.positive_share}",
                want="count >= 1 and positive_share in (0, 1]",
                fix="the authors' are 128 and 0.25",
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class SampledRegions:
    """The regions of one picture that the head learns from, objects first."""

    boxes: Tensor
    """[R, 4] float32, pixels of the resized picture."""
    labels: Tensor
    """[R] int64, the head's own classes: 0 background, 1 + class id for objects."""
    targets: Tensor
    """[R, 4] float32, the true box of each object; of background, its own box."""
    kept: Tensor
    """[R] int64, rows of the candidates: proposals first, then the true boxes that are not
    difficult."""

    @property
    def objects(self) -> Tensor:
        """[at most R] int64, rows of the regions that are objects."""
        return (self.labels > 0).nonzero()[:, 0]


def object_regions(
    proposals: Tensor, target: Target, config: RegionSamplingConfig
) -> tuple[Tensor, Tensor, Tensor]:
    """Give all regions of one picture that are objects, before any is drawn.

    What `delta_scale.measure_scale` measures the scale of box targets on.

    Args:
        proposals: [P, 4] float32, pixels.
        target: true boxes in the same pixels; difficult ones are no objects here.
        config: the rules.

    Returns:
        Boxes of the regions [N, 4], the true box of each [N, 4], and the class id of each [N]
        int64, 0 ... C-1.
    """
    certain = ~target.difficult
    true_boxes = target.boxes[certain]
    candidates = _candidates(proposals, true_boxes, config)
    matches = match(box_ops.iou(candidates, true_boxes))
    rows = ((matches.best_iou >= config.positive_iou) & (len(true_boxes) > 0)).nonzero()[:, 0]
    own = matches.best_target[rows]
    return candidates[rows], true_boxes[own], target.labels[certain][own]


def sample_regions(
    proposals: Tensor, target: Target, config: RegionSamplingConfig, generator: torch.Generator
) -> SampledRegions:
    """Draw the regions of one picture.

    1. the true boxes join the proposals
    2. overlap of at least `positive_iou` with a true box: object, of that box's class
    3. best overlap in [low, high): background, unless it overlaps a difficult object as much as
       an object would
    4. draw `count`: objects up to their share, background for the rest, without replacement;
       fewer where there are not enough

    Args:
        proposals: [P, 4] float32, pixels of the resized picture.
        target: true boxes, pixels of the resized picture; difficult ones are neither object nor
            background.
        config: the rules.
        generator: the draw comes from it.

    Returns:
        R <= count regions. R may be 0 (no object, and no background in the range). Their boxes
        hand gradients on to the proposals; which are drawn is a choice without a gradient.
    """
    certain = ~target.difficult
    true_boxes, true_labels = target.boxes[certain], target.labels[certain]
    candidates = _candidates(proposals, true_boxes, config)
    chosen_by = candidates.detach()
    matches = match(box_ops.iou(chosen_by, true_boxes))
    positive = matches.best_iou >= config.positive_iou
    low, high = config.negative_iou
    negative = (matches.best_iou >= low) & (matches.best_iou < high)
    doubtful = match(box_ops.iou(chosen_by, target.boxes[target.difficult])).best_iou
    negative &= doubtful < config.positive_iou
    positives, negatives = sample_balanced(
        positive, negative, config.count, config.positive_share, generator
    )
    kept = torch.cat((positives, negatives))
    objects = matches.best_target[positives]
    boxes = candidates[kept]
    return SampledRegions(
        boxes=boxes,
        labels=torch.cat((true_labels[objects] + 1, torch.zeros_like(negatives))),
        targets=torch.cat((true_boxes[objects], boxes[len(positives) :])),
        kept=kept,
    )


def _candidates(proposals: Tensor, true_boxes: Tensor, config: RegionSamplingConfig) -> Tensor:
    joined = config.candidates == "proposals_and_true_boxes"
    return torch.cat((proposals, true_boxes)) if joined else proposals
