"""Non-maximum suppression: of boxes that overlap much, the one with the highest score stays.

Faster R-CNN §3.3, Fast R-CNN §3. Greedy, with torchvision's kernel underneath, which is the only
place of the library that calls it. Letters: N boxes.
"""

import torch
import torchvision
from torch import Tensor

from frcnn.errors import ConfigError, ShapeError
from frcnn.ops.boxes import describe, require_rows

# With a limit, boxes are fed to the kernel in portions of at least this many.
_PORTION = 1024


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, limit: int | None = None) -> Tensor:
    """Choose boxes greedily, highest score first; each drops those that overlap it too much.

    Args:
        boxes: [N, 4] float32, pixels. N may be 0.
        scores: [N] float32, any increasing measure.
        iou_threshold: a box goes when its overlap with a chosen one is higher; in [0, 1].
        limit: stop after that many chosen; None: go on to the end. The result is the same as
            cutting the full result, only sooner there.

    Returns:
        [K] int64, rows of the chosen boxes, highest score first; of equal scores the lower row
        first. Boxes without area overlap nothing and stay. No gradient flows.

    On CPU tensors values that are not finite are refused (a NaN score would win over all).
    """
    _require(boxes, scores, iou_threshold)
    if limit is not None and limit < 0:
        raise ConfigError(
            "RC392",
            "nms: limit",
            "cannot keep a negative number of boxes",
            got=str(limit),
            want="None or a number >= 0",
            fix="pass None to keep all that survive",
        )
    order = scores.detach().argsort(descending=True, stable=True)
    ranked = _kernel_type(boxes)[order]
    if limit is None or limit >= len(boxes):
        return order[_greedy(ranked, iou_threshold)]
    return order[_greedy_up_to(ranked, iou_threshold, limit)]


def nms_by_group(boxes: Tensor, scores: Tensor, groups: Tensor, iou_threshold: float) -> Tensor:
    """Do NMS within each group alone (each class, each level of a pyramid).

    Groups are really separated, not moved apart by an offset on the coordinates, which rounds
    large boxes differently from small ones.

    Args:
        boxes: [N, 4] float32, pixels. N may be 0.
        scores: [N] float32, any increasing measure.
        groups: [N] int64, any ids.
        iou_threshold: a box goes when its overlap with a chosen one is higher; in [0, 1].

    Returns:
        [K] int64, rows of the chosen boxes of all groups, highest score first; of equal scores
        the lower row first.
    """
    _require(boxes, scores, iou_threshold)
    if groups.shape != scores.shape or groups.dtype != torch.int64:
        raise ShapeError(
            "nms_by_group: groups", got=describe(groups), want=f"a [{len(boxes)}] int64 tensor"
        )
    order = scores.detach().argsort(descending=True, stable=True)
    ranked = _kernel_type(boxes)[order]
    kept = torch.zeros(len(boxes), dtype=torch.bool, device=boxes.device)
    # rows of one group next to each other, still highest score first
    ids, by_group = groups[order].sort(stable=True)
    counts = torch.unique_consecutive(ids, return_counts=True)[1]
    for rows in torch.split(by_group, counts.tolist()):
        kept[rows[_greedy(ranked[rows], iou_threshold)]] = True
    return order[kept]


def _greedy(ranked: Tensor, iou_threshold: float) -> Tensor:
    """Run torchvision's kernel on boxes that are already sorted, best first."""
    # ranks in place of scores: strictly falling, so that its own sort changes nothing
    ranks = torch.arange(len(ranked), 0, -1, dtype=ranked.dtype, device=ranked.device)
    kept: Tensor = torchvision.ops.nms(ranked, ranks, iou_threshold)
    return kept


def _greedy_up_to(ranked: Tensor, iou_threshold: float, limit: int) -> Tensor:
    """Choose the first `limit` boxes without looking at more of the list than they need.

    Whether a box stays depends only on the chosen ones before it. So the list is taken in
    portions, each run together with those chosen so far: these never drop each other.
    """
    kept = torch.zeros(0, dtype=torch.int64, device=ranked.device)
    portion = max(2 * limit, _PORTION)
    for start in range(0, len(ranked), portion):
        fresh = torch.arange(start, min(start + portion, len(ranked)), device=ranked.device)
        rows = torch.cat((kept, fresh))
        kept = rows[_greedy(ranked[rows], iou_threshold)]
        if len(kept) >= limit:
            break
    return kept[:limit]


def _kernel_type(boxes: Tensor) -> Tensor:
    """Give boxes in a type that the kernel knows: it has none of 16 bits on the CPU."""
    boxes = boxes.detach()
    return boxes.float() if boxes.dtype in {torch.float16, torch.bfloat16} else boxes


def _require(boxes: Tensor, scores: Tensor, iou_threshold: float) -> None:
    require_rows("nms: boxes", boxes)
    if scores.shape != (len(boxes),) or not scores.is_floating_point():
        raise ShapeError("nms: scores", got=describe(scores), want=f"a [{len(boxes)}] float tensor")
    if not 0 <= iou_threshold <= 1:
        raise ConfigError(
            "RC392",
            "nms: iou_threshold",
            "not an overlap",
            got=str(iou_threshold),
            want="a number in [0, 1]",
            fix="the paper has 0.7 for proposals, the authors' code 0.3 for detections",
        )
    if boxes.device.type == "cpu" and not (boxes.isfinite().all() and scores.isfinite().all()):
        raise ConfigError(
            "RC391",
            "nms: boxes" if scores.isfinite().all() else "nms: scores",
            "values that are not numbers",
            got="NaN or infinity",
            want="finite values",
            fix="look for a diverged training or a damaged model file",
        )
