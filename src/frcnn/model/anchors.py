"""Anchors: the reference boxes the RPN starts from. Faster R-CNN §3.1.1 and §3.3.

Shapes: A anchors per cell, an H x W grid of cells, M = H * W * A anchors per picture.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from frcnn.errors import ConfigError
from frcnn.types import Size

# The authors' code rounds its ratios at a 16 x 16 window and then scales the window up.
_CAFFE_WINDOW = 16


@dataclass(frozen=True, kw_only=True)
class AnchorConfig:
    """Which anchors stand on every cell. The defaults are the paper's nine."""

    sides: tuple[float, ...] = (128.0, 256.0, 512.0)
    """Square roots of the anchor areas, in pixels of the resized picture; §3.3."""
    height_over_width: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Aspect ratios; 2.0 is a tall box; §3.3."""
    stride: int = 16
    """Pixels of the resized picture between two neighbouring cells."""
    centre: Literal["cell_centre", "cell_corner"] = "cell_centre"
    """Where a cell's anchors stand: its middle (authors' code) or its corner (torchvision)."""
    rounding: Literal["none", "caffe", "torchvision"] = "none"
    """Whole pixels: of the 16-pixel window before scaling (authors' code: ratio 0.5 becomes
    0.52), or of the corners (torchvision)."""
    order: Literal["ratio_major", "size_major"] = "ratio_major"
    """What changes slowest from row to row: the ratio (authors' code, torchvision) or the side
    (detectron2). Matters for weights trained elsewhere only."""

    def __post_init__(self) -> None:
        for name in ("sides", "height_over_width"):
            values = getattr(self, name)
            if not values or min(values) <= 0:
                raise ConfigError(
                    "RC350",
                    f"anchors.{name}",
                    "no usable anchors",
                    got=str(values),
                    want="one or more numbers > 0",
                    fix="the paper's are sides 128, 256, 512 and ratios 0.5, 1, 2",
                )
        if self.stride < 1:
            raise ConfigError(
                "RC350",
                "anchors.stride",
                "not a count of pixels",
                got=str(self.stride),
                want="a whole number >= 1",
                fix="use the backbone's stride",
            )

    @property
    def per_cell(self) -> int:
        """A, the number of anchors on one cell."""
        return len(self.sides) * len(self.height_over_width)


def cell_anchors(config: AnchorConfig) -> Tensor:
    """Make the anchors of one cell, centred on (0, 0).

    Returns:
        [A, 4] float32 (x1, y1, x2, y2), pixels; rows in the order that `config.order` names.
    """
    sides, ratios = torch.tensor(config.sides), torch.tensor(config.height_over_width)
    if config.order == "ratio_major":
        side, ratio = sides.repeat(len(ratios)), ratios.repeat_interleave(len(sides))
    else:
        side, ratio = sides.repeat_interleave(len(ratios)), ratios.repeat(len(sides))
    w, h = _caffe_sides(side, ratio) if config.rounding == "caffe" else _sides(side, ratio)
    corners = torch.stack((-w, -h, w, h), dim=1) / 2
    return corners.round() if config.rounding == "torchvision" else corners


def anchor_grid(config: AnchorConfig, grid: Size) -> Tensor:
    """Stand the cell anchors on every cell.

    Args:
        config: which anchors.
        grid: H and W of the feature map, in cells.

    Returns:
        [M, 4] float32, pixels; rows run over row, then column, then anchor, which is how
        the RPN head flattens its output. Anchors may cross the picture's border (§3.3).
    """
    shift = 0.5 if config.centre == "cell_centre" else 0.0
    y = (torch.arange(grid.height) + shift) * config.stride
    x = (torch.arange(grid.width) + shift) * config.stride
    y, x = torch.meshgrid(y, x, indexing="ij")  # both [H, W]
    centres = torch.stack((x, y, x, y), dim=2)  # [H, W, 4]
    return (centres[:, :, None, :] + cell_anchors(config)).reshape(-1, 4)


def _sides(side: Tensor, ratio: Tensor) -> tuple[Tensor, Tensor]:
    return side / ratio.sqrt(), side * ratio.sqrt()  # w * h = side ** 2 and h / w = ratio


def _caffe_sides(side: Tensor, ratio: Tensor) -> tuple[Tensor, Tensor]:
    w = (_CAFFE_WINDOW**2 / ratio).sqrt().round()
    h = (w * ratio).round()
    return w * side / _CAFFE_WINDOW, h * side / _CAFFE_WINDOW
