"""Matching: which true box a box overlaps most, and a balanced draw of the matched ones.

Faster R-CNN §3.1.2 (the rules of who is positive are the stages'; the counting is here) and
§3.1.3 (the draw), Fast R-CNN §2.3 (the same draw with other numbers).

Letters: N boxes (anchors or proposals), G true boxes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from frcnn.errors import ConfigError, ShapeError
from frcnn.ops.boxes import describe


@dataclass(frozen=True, eq=False, kw_only=True)
class Matches:
    """For each of N boxes the true box that it overlaps most."""

    best_iou: Tensor
    """[N] float32, in [0, 1]; 0 where there is no true box."""
    best_target: Tensor
    """[N] int64, row of the true box, the first of those that tie; 0 where there is none."""


def match(ious: Tensor) -> Matches:
    """Find each box's best true box.

    Args:
        ious: [N, G] float32, as `boxes.iou(boxes, true_boxes)` returns them. N and G may be 0.

    Returns:
        The best overlap and whose it is. Without true boxes every overlap is 0.
    """
    _require_table("matching.match: ious", ious)
    if ious.shape[1] == 0:
        best_iou = ious.new_zeros(len(ious))
        return Matches(best_iou=best_iou, best_target=best_iou.long())
    best_iou, best_target = ious.max(dim=1)  # the first of equals, as torch promises
    return Matches(best_iou=best_iou, best_target=best_target)


def best_for_each(ious: Tensor, floor: float) -> Tensor:
    """Find the boxes that some true box overlaps most (§3.1.2, rule i).

    Args:
        ious: [N, G] float32, as `boxes.iou(boxes, true_boxes)` returns them. N and G may be 0.
        floor: a true box whose best overlap does not pass it chooses nobody. With 0 that is a
            true box which no box touches: it ties with everyone, and must not make all positive.

    Returns:
        [N] bool, True for all boxes that tie exactly for a true box.
    """
    _require_table("matching.best_for_each: ious", ious)
    if ious.numel() == 0:
        return torch.zeros(len(ious), dtype=torch.bool, device=ious.device)
    best = ious.amax(dim=0)
    return ((ious == best) & (best > floor)).any(dim=1)


def sample_balanced(
    positive: Tensor,
    negative: Tensor,
    count: int,
    positive_share: float,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Draw boxes to learn from, without replacement: positives first, negatives fill up.

    Args:
        positive: [N] bool, who may be drawn as positive.
        negative: [N] bool, who may be drawn as negative.
        count: how many boxes to draw; fewer where there are not enough.
        positive_share: at most this share of `count` is positive, rounded down; in [0, 1].
        generator: on the CPU; the draw comes from it alone.

    Returns:
        Rows of the positives [P] and of the negatives [Q], int64, in the order drawn;
        P + Q <= count. Missing positives are replaced by negatives, missing negatives by nothing
        (§3.1.3, authors' code).
    """
    for name, mask in (("positive", positive), ("negative", negative)):
        if mask.ndim != 1 or mask.dtype != torch.bool or len(mask) != len(positive):
            raise ShapeError(
                f"matching.sample_balanced: {name}",
                got=describe(mask),
                want="a [N] bool tensor, one N for positive and negative",
            )
    if count < 0 or not 0 <= positive_share <= 1:
        raise ConfigError(
            "RC392",
            "matching.sample_balanced",
            "nothing can be drawn",
            got=f"count {count}, positive_share {positive_share}",
            want="count >= 0 and positive_share in [0, 1]",
            fix="the paper draws 256 with a share of 0.5",
        )
    most = int(count * positive_share + 1e-9)  # 100 * 0.29 is 28.999999999999996
    positives = _draw(positive, most, generator)
    return positives, _draw(negative, count - len(positives), generator)


def _draw(mask: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Draw up to `count` rows of the mask.

    The permutation is drawn even when all rows are taken: how far the generator moves depends
    on how many rows there are, never on `count`.
    """
    rows = mask.nonzero()[:, 0]
    order = torch.randperm(len(rows), generator=generator)[:count]
    return rows[order.to(rows.device)]


def _require_table(place: str, ious: Tensor) -> None:
    if ious.ndim != 2 or not ious.is_floating_point():
        raise ShapeError(place, got=describe(ious), want="a [N, G] float tensor of overlaps")
