"""RoI pooling: the features under each region, brought to one size.

Fast R-CNN §2.1 (max pooling over whole cells) and Mask R-CNN §3 (RoIAlign: averages of points
read between the cells) send gradients to the features, none to the boxes. RoI warping (MNC, Dai et
al. 2015, §3.2: points read between the cells, then their maximum) sends them to both.

Letters: B pictures, D channels, an h x w feature map, R regions, oh x ow cells of the result,
S sampling points per bin and direction. Boxes are in pixels of the resized picture; `scale` is
feature cells per pixel (1/16 for VGG-16).

RoI max pooling is torchvision's kernel. RoIAlign is not: every value of its result is a weighted
sum of 4 S x S feature cells, and `embedding_bag` is PyTorch's operator for weighted sums of rows;
its gradient with respect to the weights is what RoI warping needs for the boxes.
Measured on one core, forward and backward, 7 x 7 from a [1, 512, 37, 50] map: 7 times as fast as
torchvision's for 128 regions, 8 times for 300. Its backward sorts before it adds, so the result
does not depend on the number of threads, nor (where torchvision's adds atomically) on the run.
"""

import torch
import torchvision
from torch import Tensor
from torch.nn import functional

from frcnn.errors import ConfigError, ShapeError
from frcnn.ops.boxes import describe, require_rows
from frcnn.types import Size

# Corners farther away are refused, in pixels and in cells. float32 knows whole numbers up to here;
# sides of far larger boxes overflow: finite corners alone would not keep the kernel in its memory.
_FARTHEST = 1e7


def roi_pool(
    features: Tensor, boxes: Tensor, pictures: Tensor, *, output: Size, scale: float
) -> Tensor:
    """Take the largest value of each of oh x ow bins of a region. Fast R-CNN §2.1.

    Corners are rounded to whole cells, halves upwards, and the last cell belongs to the region;
    bins of a small region share cells; a bin outside the map is 0 (authors' code, and
    torchvision's kernel, which does the work).

    Args:
        features: [B, D, h, w] floating point; 16-bit ones are computed in float32.
        boxes: [R, 4] float32, pixels of the resized picture; R may be 0.
        pictures: [R] int64, whose row of `features` each region looks at.
        output: oh x ow.
        scale: feature cells per pixel.

    Returns:
        [R, D, oh, ow] in the features' type. The gradient goes to each bin's maximum, the first
        of equals.

    Refused on CPU tensors, where the kernel would read foreign memory: corners that are not
    finite or farther than 1e7 pixels away, inverted boxes, rows outside [0, B).
    """
    _require(features, boxes, pictures, output, scale)
    exact = _kernel_type(features)
    pooled: Tensor = torchvision.ops.roi_pool(
        exact, _regions(boxes, pictures, exact), tuple(output), scale
    )
    return pooled.to(features.dtype)


def roi_align(  # noqa: PLR0913  what Mask R-CNN and its two descendants leave open, by keyword
    features: Tensor,
    boxes: Tensor,
    pictures: Tensor,
    *,
    output: Size,
    scale: float,
    sampling: int,
    aligned: bool,
) -> Tensor:
    """Average S x S points of each of oh x ow bins of a region, read between cells. Mask R-CNN §3.

    The points are spread evenly; each is read bilinearly between
    the four cells around it. Points up to one cell outside the map read its border, points
    farther away read 0 (torchvision, detectron2).

    Args:
        features: [B, D, h, w] floating point; 16-bit ones are computed in float32.
        boxes: [R, 4] float32, pixels of the resized picture; R may be 0.
        pictures: [R] int64, whose row of `features` each region looks at.
        output: oh x ow.
        scale: feature cells per pixel.
        sampling: points per bin and direction, >= 1.
        aligned: True counts a cell's value at its middle, half a cell from its corner
            (detectron2's `aligned`); False counts it at its corner and makes regions at least one
            cell wide and high (torchvision's detectors).

    Returns:
        [R, D, oh, ow] in the features' type.

    Refused on CPU tensors: corners that are not finite or farther than 1e7 pixels away, inverted
    boxes, rows outside [0, B).
    """
    _require(features, boxes, pictures, output, scale)
    _require_positive("roi_align: sampling", sampling)
    exact = _kernel_type(features)
    scaled = boxes.detach().to(exact.dtype) * scale
    pooled = _read(exact, scaled, pictures, output, sampling, aligned=aligned)
    return pooled.to(features.dtype)


def roi_warp(  # noqa: PLR0913  as `roi_align`
    features: Tensor,
    boxes: Tensor,
    pictures: Tensor,
    *,
    output: Size,
    scale: float,
    sampling: int,
    aligned: bool,
) -> Tensor:
    """Take the largest of S x S points of each of oh x ow bins, read between cells. MNC §3.2.

    1. crop: S oh x S ow points, spread evenly over the region, each read as `roi_align` reads
    2. the maximum of each S x S of them

    So a box that moves moves its points and what they read: the pooling of exact joint training
    (Faster R-CNN §3.2, iii).

    Args:
        features: [B, D, h, w] floating point; 16-bit ones are computed in float32.
        boxes: [R, 4] floating point, pixels of the resized picture; R may be 0.
        pictures: [R] int64, whose row of `features` each region looks at.
        output: oh x ow.
        scale: feature cells per pixel.
        sampling: points per bin and direction, >= 1.
        aligned: whose reading of a cell's place, as in `roi_align`.

    Returns:
        [R, D, oh, ow] in the features' type. The gradient goes to the features and to the boxes,
        through each bin's maximum; none reaches a corner through points that lie outside the map.

    Refused on CPU tensors: as in `roi_align`.
    """
    _require(features, boxes, pictures, output, scale)
    _require_positive("roi_warp: sampling", sampling)
    exact = _kernel_type(features)
    finer = Size(output.height * sampling, output.width * sampling)
    scaled = boxes.to(exact.dtype) * scale
    cropped = _read(exact, scaled, pictures, finer, 1, aligned=aligned)
    return functional.max_pool2d(cropped, sampling).to(features.dtype)


def _read(
    features: Tensor, boxes: Tensor, pictures: Tensor, output: Size, sampling: int, *, aligned: bool
) -> Tensor:
    """Average S x S points of each of oh x ow bins, read between cells; boxes are in cells."""
    count, channels, height, width = features.shape
    corners = boxes - (0.5 if aligned else 0.0)
    lengths = (corners[:, 2:] - corners[:, :2]).clamp(min=0.0 if aligned else 1.0)
    x, x_shares = _taps(corners[:, 0], lengths[:, 0], output.width, sampling, width)
    y, y_shares = _taps(corners[:, 1], lengths[:, 1], output.height, sampling, height)
    # a bin's cells and their shares: every pair of its rows and columns, [R, oh, ow, 2S, 2S]
    rows = y[:, :, None, :, None] + pictures[:, None, None, None, None] * height
    cells = rows * width + x[:, None, :, None, :]
    shares = y_shares[:, :, None, :, None] * x_shares[:, None, :, None, :]
    read = functional.embedding_bag(
        cells.reshape(-1, 4 * sampling**2),
        features.permute(0, 2, 3, 1).reshape(count * height * width, channels).contiguous(),
        per_sample_weights=shares.reshape(-1, 4 * sampling**2),
        mode="sum",
    )
    shape = (len(corners), output.height, output.width, channels)
    return read.reshape(shape).permute(0, 3, 1, 2)


def _taps(
    start: Tensor, length: Tensor, bins: int, sampling: int, cells: int
) -> tuple[Tensor, Tensor]:
    """Find the cells that the points of each bin read, in one direction.

    Args:
        start: [R] where each region begins, in feature cells.
        length: [R] how long it is, in feature cells.
        bins: how many bins it is cut into.
        sampling: points per bin.
        cells: how many cells the map has in this direction.

    Returns:
        [R, bins, 2S] int64 cells, and what each adds to the bin's average. The order of
        computation is torchvision's, so that points near a border fall on its side.
    """
    bin_length = (length / bins)[:, None, None]
    bin_number = torch.arange(bins, device=start.device)[:, None]
    halves = torch.arange(sampling, device=start.device) + 0.5
    points = start[:, None, None] + bin_number * bin_length + halves * bin_length / sampling
    seen = ((points >= -1) & (points <= cells)).to(points.dtype)
    points = points.clamp(0, cells - 1)  # what is up to a cell outside reads the border
    low = points.floor()
    above = points - low
    shares = torch.cat(((1 - above) * seen, above * seen), dim=-1) / sampling
    # clamped as whole numbers: a NaN box on a GPU gives NaN, and no read outside the map
    return torch.cat((low, low + 1), dim=-1).long().clamp(0, cells - 1), shares


def _kernel_type(features: Tensor) -> Tensor:
    return features.float() if features.dtype in {torch.float16, torch.bfloat16} else features


def _regions(boxes: Tensor, pictures: Tensor, features: Tensor) -> Tensor:
    """Write regions as the kernel wants them: [R, 5], the picture's row first."""
    return torch.cat((pictures[:, None].to(features.dtype), boxes.detach().to(features.dtype)), 1)


def _require(features: Tensor, boxes: Tensor, pictures: Tensor, output: Size, scale: float) -> None:
    if features.ndim != 4 or not features.is_floating_point():
        raise ShapeError(
            "roi: features", got=describe(features), want="a [B, D, h, w] float tensor"
        )
    require_rows("roi: boxes", boxes)
    if pictures.shape != (len(boxes),) or pictures.dtype != torch.int64:
        raise ShapeError(
            "roi: pictures", got=describe(pictures), want=f"a [{len(boxes)}] int64 tensor"
        )
    _require_positive("roi: output", min(output))
    _require_positive("roi: scale", scale)
    if boxes.device.type == "cpu" and len(boxes):
        _require_values(boxes.detach() * max(scale, 1.0), pictures, len(features))


def _require_values(boxes: Tensor, pictures: Tensor, count: int) -> None:
    """Refuse what the native kernels answer with foreign memory or the end of the process."""
    if not boxes.abs().amax() <= _FARTHEST:  # false for NaN as well
        what, got = "corners that no picture has", "NaN, infinity or more than 1e7 pixels"
    elif not (boxes[:, 2:] >= boxes[:, :2]).all():
        what, got = "inverted boxes", "x2 < x1 or y2 < y1"
    elif pictures.amin() < 0 or pictures.amax() >= count:
        what, got = "regions of pictures that are not there", f"rows outside [0, {count})"
    else:
        return
    raise ConfigError(
        "RC391",
        "roi: regions",
        what,
        got=got,
        want=f"finite boxes, x1 <= x2, y1 <= y2, rows in [0, {count})",
        fix="clip the boxes to the picture; if they are not finite, look for a diverged training",
    )


def _require_positive(place: str, value: float) -> None:
    if not 0 < value < float("inf"):
        raise ConfigError(
            "RC392",
            place,
            "nothing would come out",
            got=str(value),
            want="a number > 0",
            fix="the paper has 7 x 7 cells and 1/16 cells per pixel for VGG-16",
        )
