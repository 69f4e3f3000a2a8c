"""Box deltas: a box written relative to a reference box (an anchor or a proposal).

Faster R-CNN §3.1.2, Eq. (2). Variable names below are the equation's own: x, y, w, h for the
box, xa, ya, wa, ha for its reference, tx, ty, tw, th for the deltas.

Shapes: N boxes, K deltas for each reference (one per class). Boxes as `ops/boxes.py` has them.
"""

import math

import torch
from torch import Tensor

from frcnn.errors import ShapeError
from frcnn.ops.boxes import centres_and_sizes, describe, require_rows

# A predicted side may grow at most this much: a 16-pixel box to 1000 pixels.
# Not in the paper; Detectron (2018) added it so that exp() cannot overflow.
MAX_LOG_SCALE = math.log(1000.0 / 16.0)


def encode(boxes: Tensor, references: Tensor) -> Tensor:
    """Write each box as deltas from the reference box in the same row.

    Args:
        boxes: [N, 4] float32, pixels; every side > 0.
        references: [N, 4] float32, pixels; every side > 0.

    Returns:
        [N, 4] float32 (tx, ty, tw, th), without unit: the centre's shift in reference widths
        and heights, then the natural logs of the two size ratios.

    Raises:
        ShapeError: the inputs are not both [N, 4] with one N.

    Positive sides are checked where boxes enter (`data/`), not here: looking at values
    would make the GPU wait.
    """
    require_rows("deltas.encode: references", references)
    if boxes.shape != references.shape:
        raise ShapeError(
            "deltas.encode: boxes",
            got=describe(boxes),
            want=f"one box for each reference, {list(references.shape)}",
        )
    x, y, w, h = centres_and_sizes(boxes)
    xa, ya, wa, ha = centres_and_sizes(references)
    return torch.stack(((x - xa) / wa, (y - ya) / ha, torch.log(w / wa), torch.log(h / ha)), dim=1)


def decode(deltas: Tensor, references: Tensor) -> Tensor:
    """Undo `encode`: `decode(encode(b, r), r)` is `b`, as long as no side grew past the limit.

    Args:
        deltas: [N, 4] float32 (tx, ty, tw, th), as `encode` returns them; or [N, K, 4], K sets
            of deltas for each reference (the head has one for each class).
        references: [N, 4] float32, pixels; every side > 0.

    Returns:
        Boxes of the deltas' shape, float32, in pixels; they may leave the picture (`boxes.clip`
        is the next step).

    Raises:
        ShapeError: the inputs are not [N, 4] or [N, K, 4] and [N, 4] with one N.
    """
    require_rows("deltas.decode: references", references)
    if deltas.ndim not in {2, 3} or deltas.shape[-1] != 4 or len(deltas) != len(references):
        raise ShapeError(
            "deltas.decode: deltas",
            got=describe(deltas),
            want=f"deltas for each reference, [{len(references)}, 4] or [{len(references)}, K, 4]",
        )
    tx, ty, tw, th = deltas.unbind(dim=-1)
    xa, ya, wa, ha = centres_and_sizes(references if deltas.ndim == 2 else references[:, None])
    x, y = xa + tx * wa, ya + ty * ha
    w = wa * torch.exp(tw.clamp(max=MAX_LOG_SCALE))
    h = ha * torch.exp(th.clamp(max=MAX_LOG_SCALE))
    return torch.stack((x - w / 2, y - h / 2, x + w / 2, y + h / 2), dim=-1)
