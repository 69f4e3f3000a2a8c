"""Pictures into a batch, as the backbone was trained to see them, and boxes back. §3.3.

One scale: the shorter side becomes 600 pixels unless the longer one would pass 1000. Batches are
padded at right and bottom with zeros, which is the mean colour because the mean was subtracted.

Shapes: B pictures; a picture is [3, H, W]. What resizes pixels is in `ops/pictures.py`; here
stands how much, in which order, and by what the values are normalised.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, TypeVar

import torch
from torch import Tensor

from frcnn.errors import ConfigError, ShapeError
from frcnn.ops import boxes as box_ops
from frcnn.ops import pictures
from frcnn.ops.picture_parts import Enough, whole
from frcnn.types import Detections, ImageBatch, Proposals, Size

Boxed = TypeVar("Boxed", Detections, Proposals)


@dataclass(frozen=True, kw_only=True)
class Normalisation:
    """What a backbone's weights expect of pixel values: `(value * scale - mean) / std`."""

    order: Literal["rgb", "bgr"] = "bgr"
    """Order of the colour channels; the Caffe nets of the paper want blue first."""
    scale: float = 1.0
    """Factor on values 0 ... 255: 1 for Caffe's weights, 1/255 for torchvision's."""
    mean: tuple[float, float, float] = (102.9801, 115.9465, 122.7717)
    """Subtracted after scaling, in the network's channel order; authors' code, all nets."""
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Divided by last, in the network's channel order."""

    def __post_init__(self) -> None:
        if self.scale <= 0 or min(self.std) <= 0:
            raise ConfigError(
                "RC350",
                "pictures.normalisation",
                "scale and std must be positive",
                got=f"scale {self.scale}, std {self.std}",
                want="numbers > 0",
                fix="take the values that the backbone was trained with",
            )


CAFFE = Normalisation()
TORCHVISION = Normalisation(
    order="rgb", scale=1 / 255, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
)


@dataclass(frozen=True, kw_only=True)
class PictureConfig:
    """How a picture is resized, normalised and padded. The defaults are the authors' code's."""

    shorter_side: int = 600
    """Pixels of the shorter side after resizing; §3.3. torchvision: 800."""
    longer_side: int = 1000
    """Pixels that the longer side may not pass; authors' code. torchvision: 1333."""
    rounding: Literal["round", "floor"] = "round"
    """Of the resized sides: authors' code rounds, torchvision takes the floor."""
    antialias: bool = False
    """Smooth before shrinking; neither the authors' code (OpenCV) nor torchvision does. Floating
    values only: 8-bit ones (`resize_then_subtract`) are always smoothed, as Pillow does."""
    order: Literal["subtract_then_resize", "resize_then_subtract"] = "subtract_then_resize"
    """Resize floating values (authors' code, torchvision) or 8-bit ones (detectron2, Pillow)."""
    padding_multiple: int = 1
    """Sides of the padded batch are multiples of this; torchvision: 32."""
    normalisation: Normalisation = field(default=CAFFE)
    """What the backbone's weights expect of the values."""

    def __post_init__(self) -> None:
        if self.shorter_side < 1:
            raise ConfigError(
                "RC350",
                "pictures.shorter_side",
                "not a count of pixels",
                got=str(self.shorter_side),
                want="a whole number >= 1",
                fix="the paper's is 600",
            )
        if self.longer_side < self.shorter_side:
            raise ConfigError(
                "RC350",
                "pictures.shorter_side",
                "is more than pictures.longer_side",
                got=f"shorter {self.shorter_side}, longer {self.longer_side}",
                want="the shorter side at most as long as the longer one",
                fix="raise pictures.longer_side or lower pictures.shorter_side",
            )
        if self.padding_multiple < 1:
            raise ConfigError(
                "RC350",
                "pictures.padding_multiple",
                "not a count of pixels",
                got=str(self.padding_multiple),
                want="a whole number >= 1",
                fix="use 1 for the paper's padding, 32 for torchvision's",
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class Prepared:
    """One picture, ready for a batch."""

    pixels: Tensor
    """[3, h, w] float32, resized and normalised."""
    original: Size
    """Of the picture before resizing."""
    room: Size | None = None
    """At least so large its batch is padded: to the size of a batch that it is a share of."""


def enough(config: PictureConfig) -> Enough:
    """Say which size of a picture suffices to look at it: that after resizing, or all of it.

    Where pictures are smoothed before shrinking, a JPEG may be shrunk by its decoder first. The
    authors' code and torchvision do not smooth, and what they read between has to be there.

    Args:
        config: how pictures are resized.

    Returns:
        What `pictures.decode` takes.
    """
    smoothed = config.antialias or config.order == "resize_then_subtract"
    return partial(resized, config=config) if smoothed else whole


def prepare(picture: Tensor, config: PictureConfig, original: Size | None = None) -> Prepared:
    """Resize and normalise one picture.

    Args:
        picture: [3, H, W] uint8, RGB.
        config: how.
        original: the size of the whole picture, where it was decoded in a part of that; its boxes
            are in these pixels. None: the picture is whole.

    Returns:
        The picture as the backbone wants it.

    Raises:
        ShapeError: the picture is not [3, H, W] uint8.
    """
    pictures.require_uint8("prepare: picture", picture)
    original = original or Size(picture.shape[1], picture.shape[2])
    size = resized(original, config)
    if config.order == "resize_then_subtract":
        pixels = _normalise(pictures.resize_uint8(picture, size), config.normalisation)
    else:  # floating values: subtracting first or last is the same, bilinear weights sum to one
        pixels = _normalise(
            pictures.resize(picture, size, antialias=config.antialias), config.normalisation
        )
    return Prepared(pixels=pixels, original=original)


def resized(original: Size, config: PictureConfig) -> Size:
    """Give the size of a picture after resizing, without padding."""
    return pictures.resized_size(
        original,
        shorter=config.shorter_side,
        longer=config.longer_side,
        rounding=config.rounding,
    )


def to_batch(prepared: Sequence[Prepared], config: PictureConfig) -> ImageBatch:
    """Pad pictures at right and bottom to one size.

    Args:
        prepared: B >= 1 pictures as `prepare` gives them.
        config: the padding multiple is read from it.

    Returns:
        The batch; its padding is zero.

    Raises:
        ShapeError: there is no picture.
    """
    if not prepared:
        raise ShapeError("to_batch: prepared", got="no picture", want="one picture or more")
    sizes = tuple(Size(p.pixels.shape[1], p.pixels.shape[2]) for p in prepared)
    least = (*sizes, *(p.room for p in prepared if p.room is not None))
    height = _round_up(max(size.height for size in least), config.padding_multiple)
    width = _round_up(max(size.width for size in least), config.padding_multiple)
    pixels = prepared[0].pixels.new_zeros((len(prepared), 3, height, width))
    for row, (picture, size) in enumerate(zip(prepared, sizes, strict=True)):
        pixels[row, :, : size.height, : size.width] = picture.pixels
    originals = tuple(picture.original for picture in prepared)
    return ImageBatch(pixels=pixels, sizes=sizes, originals=originals)


def to_original_pixels(found: Sequence[Boxed], batch: ImageBatch) -> list[Boxed]:
    """Bring boxes from pixels of the resized pictures to those of the original ones.

    Args:
        found: for each picture of the batch its detections or proposals.
        batch: its sizes are read.

    Returns:
        The same with their boxes in pixels of the original pictures, inside them.
    """
    return [
        replace(each, boxes=box_ops.clip(box_ops.scale(each.boxes, size, original), original))
        for each, size, original in zip(found, batch.sizes, batch.originals, strict=True)
    ]  # clipped, because rounding may cross the border


def visible(pixels: Tensor, norm: Normalisation) -> Tensor:
    """Undo the normalisation, so that people can look at what a network is given.

    Args:
        pixels: [3, h, w] float32, as `prepare` gives them.
        norm: what they were normalised by.

    Returns:
        [3, h, w] uint8, RGB; values between two whole ones are rounded.
    """
    mean = torch.tensor(norm.mean)[:, None, None] / norm.scale
    std = torch.tensor(norm.std)[:, None, None] / norm.scale
    values = (pixels * std + mean).round().clamp(0, 255).to(torch.uint8)
    return values.flip(0) if norm.order == "bgr" else values


def _normalise(picture: Tensor, norm: Normalisation) -> Tensor:
    values = picture.flip(0) if norm.order == "bgr" else picture
    mean = torch.tensor(norm.mean)[:, None, None] / norm.scale
    std = torch.tensor(norm.std)[:, None, None] / norm.scale
    return (values.float() - mean) / std


def _round_up(pixels: int, multiple: int) -> int:
    return -(-pixels // multiple) * multiple
