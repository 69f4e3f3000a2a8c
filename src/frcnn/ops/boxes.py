"""Boxes: the one box convention, and the plain geometry of it.

A box is (x1, y1, x2, y2) float32 in pixels, continuous: (0, 0) is the top-left corner of the
first pixel, a picture of W x H pixels is the box (0, 0, W, H), and w = x2 - x1 without a `+ 1`.
Faster R-CNN §3.1 and Fast R-CNN §2 need no more than this; the readers in `data/` turn every
other convention into it.

Letters: N, K boxes; W, H a picture's width and height. Functions that look at one box at a time
take any leading dimensions ([N, 4], [N, C, 4], ...). Nothing here looks at values: that would
make a GPU wait.
"""

import torch
from torch import Tensor

from frcnn.errors import ConfigError, ShapeError
from frcnn.types import Corners, Size, name_of

# Pairs whose overlap is computed at once. 2**18 pairs of float32 are 1 MiB for each of the few
# intermediate tensors: they stay in a processor's cache, and memory is bounded by the result.
_PAIRS_AT_ONCE = 1 << 18


def from_voc(edges: Corners) -> Corners:
    """Read a box as VOC counts: the first pixel is 1, and a box holds its last one.

    Args:
        edges: xmin, ymin, xmax, ymax.

    Returns:
        The same in our form, so that x2 - x1 is the number of pixels and plain IoU is the devkit's.
    """
    return (edges[0] - 1, edges[1] - 1, edges[2], edges[3])


def to_voc(box: Corners) -> Corners:
    """Write a box as VOC counts; what `from_voc` undoes.

    Args:
        box: (x1, y1, x2, y2), pixels, continuous.

    Returns:
        xmin, ymin, xmax, ymax.
    """
    return (box[0] + 1, box[1] + 1, box[2], box[3])


def sides(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Measure the boxes.

    Args:
        boxes: [..., 4] float32, pixels.

    Returns:
        Widths [...] and heights [...], float32, pixels; negative for an inverted box.
    """
    x1, y1, x2, y2 = _corners("boxes.sides", boxes)
    return x2 - x1, y2 - y1


def area(boxes: Tensor) -> Tensor:
    """Measure the boxes' areas.

    Args:
        boxes: [..., 4] float32, pixels.

    Returns:
        [...] float32, square pixels; 0 for an inverted box, which covers nothing.
    """
    w, h = sides(boxes)
    return w.clamp(min=0) * h.clamp(min=0)


def centres_and_sizes(boxes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Write the boxes as centres and sides, the form of the paper's Eq. (2).

    Args:
        boxes: [..., 4] float32, pixels.

    Returns:
        x, y of the centres, then w, h, each [...] float32, pixels.
    """
    x1, y1, x2, y2 = _corners("boxes.centres_and_sizes", boxes)
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1


def clip(boxes: Tensor, size: Size) -> Tensor:
    """Cut off what leaves the picture (§3.3); gradients flow where nothing was cut.

    Args:
        boxes: [..., 4] float32, pixels.
        size: of the picture, in the same pixels.

    Returns:
        [..., 4] float32, every x in [0, W], every y in [0, H]. A box outside the picture becomes
        one without area on the border.
    """
    x1, y1, x2, y2 = _corners("boxes.clip", boxes)
    w, h = size.width, size.height
    return torch.stack((x1.clamp(0, w), y1.clamp(0, h), x2.clamp(0, w), y2.clamp(0, h)), dim=-1)


def inside(boxes: Tensor, size: Size, border: float = 0.0) -> Tensor:
    """Tell which boxes stay in the picture; touching its border is inside (§3.3).

    Args:
        boxes: [..., 4] float32, pixels.
        size: of the picture, in the same pixels.
        border: pixels by which a box may leave the picture.

    Returns:
        [...] bool.
    """
    x1, y1, x2, y2 = _corners("boxes.inside", boxes)
    fits_low = (x1 >= -border) & (y1 >= -border)
    return fits_low & (x2 <= size.width + border) & (y2 <= size.height + border)


def mirror(boxes: Tensor, size: Size) -> Tensor:
    """Swap left and right, as `pictures.mirror` does with the picture.

    Args:
        boxes: [..., 4] float32, pixels.
        size: of the picture, in the same pixels.

    Returns:
        [..., 4] float32, pixels: x1' = W - x2, x2' = W - x1.
    """
    x1, y1, x2, y2 = _corners("boxes.mirror", boxes)
    return torch.stack((size.width - x2, y1, size.width - x1, y2), dim=-1)


def mirror_vertical(boxes: Tensor, size: Size) -> Tensor:
    """Swap top and bottom, as `pictures.mirror_vertical` does with the picture.

    Args:
        boxes: [..., 4] float32, pixels.
        size: of the picture, in the same pixels.

    Returns:
        [..., 4] float32, pixels: y1' = H - y2, y2' = H - y1.
    """
    x1, y1, x2, y2 = _corners("boxes.mirror_vertical", boxes)
    return torch.stack((x1, size.height - y2, x2, size.height - y1), dim=-1)


def scale(boxes: Tensor, from_size: Size, to_size: Size) -> Tensor:
    """Carry boxes along when a picture is resized.

    Args:
        boxes: [..., 4] float32, pixels of the picture of `from_size`.
        from_size: the picture's size before; both sides >= 1.
        to_size: its size afterwards.

    Returns:
        [..., 4] float32, pixels of the picture of `to_size`: x times W'/W, y times H'/H. The two
        factors differ a little where the resized sides were rounded to whole pixels.
    """
    x1, y1, x2, y2 = _corners("boxes.scale", boxes)
    if min(from_size) < 1:
        raise ConfigError(
            "RC392",
            "boxes.scale: from_size",
            "a picture without pixels",
            got=f"{from_size.width} x {from_size.height}",
            want="both sides >= 1",
            fix="pass the size of the picture that the boxes belong to",
        )
    across, down = to_size.width / from_size.width, to_size.height / from_size.height
    return torch.stack((x1 * across, y1 * down, x2 * across, y2 * down), dim=-1)


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Overlap of every box with every other: intersection over union.

    Args:
        a: [N, 4] float32, pixels.
        b: [K, 4] float32, pixels.

    Returns:
        [N, K] float32, in [0, 1]; 0 where neither box has an area. N and K may be 0.
    """
    require_rows("boxes.iou: a", a)
    require_rows("boxes.iou: b", b)
    if a.numel() == 0 or b.numel() == 0:
        return torch.zeros(len(a), len(b), dtype=a.dtype, device=a.device)
    rows = max(1, _PAIRS_AT_ONCE // len(b))
    return torch.cat([_iou(part, b) for part in torch.split(a, rows)])


def _iou(a: Tensor, b: Tensor) -> Tensor:
    ax1, ay1, ax2, ay2 = a[:, None].unbind(dim=-1)  # [N, 1] each
    bx1, by1, bx2, by2 = b.unbind(dim=-1)  # [K] each
    across = (torch.minimum(ax2, bx2) - torch.maximum(ax1, bx1)).clamp(min=0)
    down = (torch.minimum(ay2, by2) - torch.maximum(ay1, by1)).clamp(min=0)
    common = across * down
    union = area(a)[:, None] + area(b) - common
    # 0 / tiny is 0: two boxes without area have nothing in common
    return common / union.clamp(min=torch.finfo(union.dtype).tiny)


def require_rows(place: str, boxes: Tensor) -> None:
    """Refuse what is not a list of boxes, by shape and type alone.

    Args:
        place: the argument, as `function: argument`.
        boxes: should be [N, 4] of floating point.

    Raises:
        ShapeError: it is not.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not boxes.is_floating_point():
        raise ShapeError(place, got=describe(boxes), want="a [N, 4] float tensor of boxes")


def describe(tensor: Tensor) -> str:
    """Say a tensor's shape and type in the words of our errors: `[3, 4] int64`."""
    return f"{list(tensor.shape)} {name_of(tensor.dtype)}"


def _corners(place: str, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    if boxes.ndim < 1 or boxes.shape[-1] != 4 or not boxes.is_floating_point():
        raise ShapeError(place, got=describe(boxes), want="a [..., 4] float tensor of boxes")
    x1, y1, x2, y2 = boxes.unbind(dim=-1)
    return x1, y1, x2, y2
