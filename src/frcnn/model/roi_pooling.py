"""RoI pooling: the features of each region, the same size for all. Fast R-CNN §2.1.

Shapes: B pictures, D channels, an h x w feature map, R regions in all pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.ops.roi import roi_align, roi_pool, roi_warp
from frcnn.types import Size


@dataclass(frozen=True, kw_only=True)
class RoIPoolingConfig:
    """Which pooling, and how many cells come out."""

    method: Literal["max", "align", "warp"] = "max"
    """`max` is the paper's RoI max pooling on whole cells; `align` reads between them (Mask
    R-CNN §3, torchvision, detectron2); `warp` reads between them and takes the maximum, with a
    gradient for the box as exact joint training needs it (MNC §3.2; Faster R-CNN §3.2, iii)."""
    corners: Literal["inclusive", "continuous"] = "inclusive"
    """What `max` takes x2 and y2 for: the box's last pixels, x2 - 1 and y2 - 1 of ours (authors'
    code, whose boxes end so), or the box's edges (torchvision's operator, given our boxes)."""
    cells: int = 7
    """Cells per side of the result; authors' networks: 7 for VGG-16, 6 for ZF."""
    sampling: int = 2
    """Points per cell and direction, not for `max`; torchvision: 2."""
    half_pixel: Literal["ignored", "shifted"] = "ignored"
    """Whether `align` and `warp` shift boxes by half a cell (detectron2's `aligned`);
    torchvision: not."""

    def __post_init__(self) -> None:
        if min(self.cells, self.sampling) < 1:
            raise ConfigError(
                "RC350",
                "roi_pooling",
                "nothing would come out",
                got=f"cells {self.cells}, sampling {self.sampling}",
                want="whole numbers >= 1",
                fix="the paper's 7 cells for VGG-16, 2 sampling points as torchvision has them",
            )


def require_movable_boxes(config: RoIPoolingConfig) -> None:
    """Refuse a pooling that has no gradient for the boxes, where one is to be learnt from.

    Raises:
        ConfigError: it is not `warp` (RC366).
    """
    if config.method != "warp":
        raise ConfigError(
            "RC366",
            "roi_pooling.method",
            "exact joint training learns through the boxes, and this pooling has no gradient there",
            got=config.method,
            want="warp",
            fix="add --set model.roi_pooling.method=warp",
        )


def pool_regions(
    features: Tensor, boxes: Sequence[Tensor], stride: int, config: RoIPoolingConfig
) -> Tensor:
    """Pool the features under every region.

    Args:
        features: [B, D, h, w].
        boxes: for each of the B pictures [R_b, 4] float32, pixels of the resized picture.
        stride: pixels of the resized picture per feature cell.
        config: which pooling.

    Returns:
        [R, D, cells, cells], the pictures' regions one after the other. R may be 0. Gradients
        flow to the features; to the boxes with `warp` alone.
    """
    pictures = torch.cat(
        [torch.full((len(b),), row, dtype=torch.int64) for row, b in enumerate(boxes)]
    ).to(features.device)
    regions = torch.cat(list(boxes))
    output = Size(config.cells, config.cells)
    if config.method == "max":
        regions = _to_last_pixels(regions) if config.corners == "inclusive" else regions
        return roi_pool(features, regions, pictures, output=output, scale=1 / stride)
    read = roi_warp if config.method == "warp" else roi_align
    return read(
        features,
        regions,
        pictures,
        output=output,
        scale=1 / stride,
        sampling=config.sampling,
        aligned=config.half_pixel == "shifted",
    )


def _to_last_pixels(boxes: Tensor) -> Tensor:
    """Let boxes end at their last pixel; one narrower than a pixel ends where it begins."""
    x1, y1, x2, y2 = boxes.unbind(dim=1)
    return torch.stack((x1, y1, torch.maximum(x1, x2 - 1), torch.maximum(y1, y2 - 1)), dim=1)
