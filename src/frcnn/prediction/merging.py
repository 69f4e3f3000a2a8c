"""Merging: what several overlapping tiles found, as one list in which each object stands once.

An object in the overlap of two tiles is found twice, and one that a seam cuts is found in pieces.
Boxes of one class match when they overlap enough, by one of two measures:

    iou    intersection over union: the same box, found twice
    ios    intersection over the smaller of the two: a piece inside the whole, too

The best box takes all that match it, then the best of the rest, and so on, and what it took is
dropped (`nms`) or makes it grow to the box around all of them (`greedy`). These are the rules, the
words and the defaults of SAHI (Akyon, Altinuc, Temizel 2022, arXiv 2202.06934), whose GREEDYNMM is
`greedy`.

Letters: N detections, K pairs of them.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from frcnn.ops import boxes as box_ops
from frcnn.types import Detections

Rule = Literal["greedy", "nms"]
Match = Literal["ios", "iou"]

_PAIRS_AT_ONCE = 1 << 20


def merge(found: Detections, rule: Rule, match: Match, threshold: float) -> Detections:
    """Keep one detection of each object.

    Args:
        found: of all views of one picture, in its pixels, in any order; boxes have an area.
        rule: what becomes of boxes that match a better one.
        match: how overlap is measured.
        threshold: boxes match from this overlap on, in (0, 1].

    Returns:
        One detection of each group, highest score first; of equal scores the earlier first.
        Score, label and probabilities are those of the best of the group.
    """
    ranked = found.take(found.scores.argsort(descending=True, stable=True))
    best = best_of_each(ranked.boxes, ranked.labels, match, threshold)
    if rule == "greedy":
        ranked = replace(ranked, boxes=_around_groups(ranked.boxes, best))
    return ranked.take((best == torch.arange(len(best))).nonzero()[:, 0])


def best_of_each(boxes: Tensor, labels: Tensor, match: Match, threshold: float) -> Tensor:
    """Put every box under the best one that it matches.

    Args:
        boxes: [N, 4] float32, pixels, best first.
        labels: [N] int64; only boxes of one class match.
        match: how overlap is measured.
        threshold: boxes match from this overlap on.

    Returns:
        [N] int64, the row of each box's group: its best box; its own row where it is that.
    """
    followers: dict[int, list[int]] = {}
    for pairs in _matching(boxes.double(), labels, match, threshold):
        for one, other in pairs.sort(dim=1).values.tolist():
            followers.setdefault(one, []).append(other)
    best = [-1] * len(boxes)
    for row in range(len(boxes)):
        if best[row] >= 0:  # taken by a better one
            continue
        best[row] = row
        for other in followers.get(row, ()):
            if best[other] < 0:
                best[other] = row
    return torch.tensor(best, dtype=torch.int64)


def _matching(boxes: Tensor, labels: Tensor, match: Match, threshold: float) -> Iterator[Tensor]:
    """Find boxes that match; only those that lie side by side are compared.

    Yields:
        [K, 2] int64 rows of pairs, some at a time.
    """
    order = boxes[:, 0].argsort()
    left, right = boxes[order, 0].contiguous(), boxes[order, 2].contiguous()
    places = torch.arange(len(order))
    ends = torch.searchsorted(left, right)  # boxes from here on begin behind this one's end
    counts = (ends - places - 1).clamp(min=0)
    portion = counts.cumsum(0) // _PAIRS_AT_ONCE
    sizes = torch.unique_consecutive(portion, return_counts=True)[1]
    for some in torch.split(places, sizes.tolist()):
        own = counts[some]
        first = some.repeat_interleave(own)
        behind = torch.arange(len(first)) - (own.cumsum(0) - own).repeat_interleave(own)
        pairs = order[torch.stack((first, first + 1 + behind), dim=1)]
        one, other = pairs.unbind(dim=1)
        overlaps = _overlap(boxes[one], boxes[other], match)
        yield pairs[(overlaps >= threshold) & (labels[one] == labels[other])]


def _overlap(a: Tensor, b: Tensor, match: Match) -> Tensor:
    """Give the overlap of [K, 4] boxes with as many others, row by row: [K]."""
    across = torch.minimum(a[:, 2], b[:, 2]) - torch.maximum(a[:, 0], b[:, 0])
    down = torch.minimum(a[:, 3], b[:, 3]) - torch.maximum(a[:, 1], b[:, 1])
    common = across.clamp(min=0) * down.clamp(min=0)
    areas = box_ops.area(a), box_ops.area(b)
    whole = torch.minimum(*areas) if match == "ios" else areas[0] + areas[1] - common
    return common / whole.clamp(min=torch.finfo(common.dtype).tiny)


def _around_groups(boxes: Tensor, best: Tensor) -> Tensor:
    """Give [N, 4] boxes, each best one grown around its group."""
    rows = best[:, None].expand(-1, 2)
    low = boxes[:, :2].scatter_reduce(0, rows, boxes[:, :2], "amin")
    high = boxes[:, 2:].scatter_reduce(0, rows, boxes[:, 2:], "amax")
    return torch.cat((low, high), dim=1)
