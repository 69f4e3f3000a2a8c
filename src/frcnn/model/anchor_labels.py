"""Anchor labels: which anchors are object, background or neither, and which are learnt from.

Faster R-CNN §3.1.2 (labels) and §3.1.3 (sampling). Shapes: M anchors, G true boxes.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.ops import boxes as box_ops
from frcnn.ops.matching import best_for_each, match, sample_balanced
from frcnn.types import Size, Target


@dataclass(frozen=True, kw_only=True)
class AnchorLabelConfig:
    """When an anchor is an object, when background, and how many are drawn."""

    positive_iou: float = 0.7
    """At least this overlap with a true box makes an object; §3.1.2."""
    negative_iou: float = 0.3
    """Less than this overlap with every true box makes background; §3.1.2."""
    inside: Literal["picture", "anywhere"] = "picture"
    """Which anchors are used: those inside the picture (§3.3) or all (torchvision)."""
    border: float = 0.0
    """Pixels that an anchor may cross the picture's border when only inside ones are used."""
    best_of_object: Literal["all_ties", "first", "none"] = "all_ties"
    """Every true box also gets its best anchors (§3.1.2, i): all that tie for it (authors' code,
    torchvision), the first of them, or none."""
    low_overlap: Literal["positive_wins", "negative_wins"] = "positive_wins"
    """What an object's best anchor is when its overlap is under `negative_iou`: object (the
    paper), or background (authors' option RPN_CLOBBER_POSITIVES)."""
    count: int = 256
    """Anchors drawn from each picture; §3.1.3."""
    positive_share: float = 0.5
    """At most this share of them are objects; background fills the rest; §3.1.3."""

    def __post_init__(self) -> None:
        in_order = 0 <= self.negative_iou <= self.positive_iou <= 1
        if not in_order or self.positive_iou == 0:  # 0: an anchor that touches nothing, an object
            raise ConfigError(
                "RC350",
                "anchor_labels",
                "the overlaps contradict each other",
                got=f"negative_iou {self.negative_iou}, positive_iou {self.positive_iou}",
                want="0 <= negative_iou <= positive_iou <= 1 and positive_iou > 0",
                fix="the paper's are 0.3 and 0.7",
            )
        if self.count < 1 or not 0 < self.positive_share <= 1:
            raise ConfigError(
                "RC350",
                "anchor_labels.count",
                "nothing could be drawn",
                got=f"count {self.count}, positive_share {self.positive_share}",
                want="count >= 1 and positive_share in (0, 1]",
                fix="the paper's are 256 and 0.5",
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class AnchorLabels:
    """What the RPN is to learn from one picture. Every field speaks of the same M anchors."""

    labels: Tensor
    """[M] int64: 1 object, 0 background, -1 ignored; before sampling."""
    matched: Tensor
    """[M] int64, the row of the true box each anchor overlaps most; 0 where there is none."""
    positives: Tensor
    """[at most count * positive_share] int64, rows drawn among the objects."""
    negatives: Tensor
    """[at most count] int64, rows drawn among the background."""

    @property
    def sampled(self) -> Tensor:
        """[at most count] int64, rows of all anchors drawn, objects first."""
        return torch.cat((self.positives, self.negatives))


def used_rows(anchors: Tensor, size: Size, config: AnchorLabelConfig) -> Tensor:
    """Find the anchors that can get a label: those inside the picture, or all.

    Args:
        anchors: [M, 4] float32, pixels of the resized picture.
        size: of the resized picture, without padding.
        config: `inside` and `border` are read.

    Returns:
        [U] int64, rows of the anchors in rising order.
    """
    rows = torch.arange(len(anchors), device=anchors.device)
    if config.inside == "picture":
        rows = rows[box_ops.inside(anchors, size, config.border)]
    return rows


def label_anchors(
    anchors: Tensor,
    target: Target,
    size: Size,
    config: AnchorLabelConfig,
    generator: torch.Generator,
) -> AnchorLabels:
    """Label the anchors of one picture and draw those that are learnt from.

    1. anchors that cross the picture's border are ignored
    2. overlap under `negative_iou` with every object: background
    3. an object's best anchors: object
    4. overlap of at least `positive_iou`: object
    5. what would be background but overlaps a difficult object is ignored
    6. draw `count`: objects up to their share, background for the rest, without replacement

    Args:
        anchors: [M, 4] float32, pixels of the resized picture.
        target: true boxes, pixels of the resized picture; difficult ones are neither object nor
            background.
        size: of the resized picture, without padding.
        config: the rules.
        generator: the draw comes from it.

    Returns:
        The labels and the draw. An anchor's true box is the one that it overlaps most, even when
        another one chose it in step 3 (authors' code, torchvision).
    """
    certain = target.boxes[~target.difficult]
    rows = used_rows(anchors, size, config)
    used = anchors[rows]
    ious = box_ops.iou(used, certain)
    matches = match(ious)
    labels = _labels(ious, matches.best_iou, config)
    doubtful = match(box_ops.iou(used, target.boxes[target.difficult])).best_iou
    labels[(labels == 0) & (doubtful >= config.negative_iou) & (doubtful > 0)] = -1
    positives, negatives = sample_balanced(
        labels == 1, labels == 0, config.count, config.positive_share, generator
    )
    # `matched` counts rows of the whole target, difficult boxes included
    certain_rows = (~target.difficult).nonzero()[:, 0]
    own = certain_rows[matches.best_target] if len(certain) else matches.best_target
    return AnchorLabels(
        labels=labels.new_full((len(anchors),), -1).index_copy_(0, rows, labels),
        matched=own.new_zeros(len(anchors)).index_copy_(0, rows, own),
        positives=rows[positives],
        negatives=rows[negatives],
    )


def _labels(ious: Tensor, best_iou: Tensor, config: AnchorLabelConfig) -> Tensor:
    labels = torch.full((len(ious),), -1, dtype=torch.int64, device=ious.device)
    background = best_iou < config.negative_iou
    if config.low_overlap == "positive_wins":
        labels[background] = 0
    labels[_chosen(ious, config)] = 1
    labels[best_iou >= config.positive_iou] = 1
    if config.low_overlap == "negative_wins":
        labels[background] = 0
    return labels


def _chosen(ious: Tensor, config: AnchorLabelConfig) -> Tensor:
    """Find every object's best anchors; an object that no anchor touches chooses none."""
    chosen = torch.zeros(len(ious), dtype=torch.bool, device=ious.device)
    if config.best_of_object == "none" or ious.numel() == 0:
        return chosen
    if config.best_of_object == "all_ties":
        return best_for_each(ious, floor=0.0)
    best, first = ious.max(dim=0)
    chosen[first[best > 0]] = True
    return chosen
