"""Training pictures varied beyond the flip, their boxes with them: drawn anew in every visit.

what         what it does                                                            source
own          a function of the user's (`own_transform.py`)
photometric  other brightness, contrast, saturation, hue, order of the colours       SSD §2.2
crop         a part of the picture that has objects in it                            SSD §2.2
scale        another size to look at the picture in                                  SPP-net §3.2

Nothing of it is the paper's, so all of it is off unless it is asked for. What draws in
`torchvision.transforms.v2` draws from global generators: for the time of a draw they are set from
the run's seed and the visit, and then put back.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import v2

from frcnn.errors import ConfigError
from frcnn.model.batch import PictureConfig
from frcnn.training.own_transform import Transform, as_torchvision_has_them, through
from frcnn.training.shown import Shown, seen_in
from frcnn.types import Size, Target


@dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """How training pictures are varied beyond the flip; not at all unless it is asked for."""

    scale: tuple[float, float] = (1.0, 1.0)
    """Both sides of `model.pictures` are multiplied by a factor drawn from this range;
    torchvision's and detectron2's usual training: 640 to 800 pixels of the shorter side."""
    crop: float = 0.0
    """Chance that a picture is cropped around objects; SSD §2.2: 1, one of whose choices is the
    whole picture."""
    photometric: float = 0.0
    """Chance that the colours are distorted; SSD §2.2: 1. Of brightness, contrast, saturation,
    hue and the order of the colours each changes with probability 1/2 then."""
    own: str = ""
    """Name of the function that pictures go through first: what `augment` was given in Python. A
    name alone does nothing, so a run that has one goes on with that function alone."""

    def __post_init__(self) -> None:
        low, high = self.scale
        if not 0 < low <= high or not all(0 <= p <= 1 for p in (self.crop, self.photometric)):
            raise ConfigError(
                "RC350",
                "augmentation",
                "pictures cannot be varied like that",
                got=f"scale {low:g} to {high:g}, crop {self.crop:g}, "
                f"photometric {self.photometric:g}",
                want="0 < lowest scale <= highest; chances from 0 to 1",
                fix="scale [0.8, 1.25], crop 0.5 and photometric 0.5 are a start",
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class Augmentation:
    """What is done to a training picture beyond the flip."""

    config: AugmentationConfig = field(default_factory=AugmentationConfig)
    transform: Transform | None = None
    """A function of the user's that it goes through first."""

    @property
    def needs_all_pixels(self) -> bool:
        """Whether a picture has to be decoded whole: a crop is looked at larger than that."""
        return self.transform is not None or self.config.crop > 0


def transformed(
    shown: Shown, augmentation: Augmentation, seed: int, classes: int, place: str
) -> Shown:
    """Lead a picture through the user's function, if there is one.

    Args:
        shown: the picture as it is on disk.
        augmentation: the function.
        seed: of this visit.
        classes: C.
        place: the picture's file, for errors.

    Returns:
        What the function made of it; the same object where there is none.

    Raises:
        ConfigError: it gave something else than a picture with its boxes (RC311).
    """
    if augmentation.transform is None:
        return shown
    with drawing_from(seed, "own"):
        return through(augmentation.transform, shown, classes, place)


def distorted(picture: Tensor, config: AugmentationConfig, seed: int) -> Tensor:
    """Change a picture's colours, or leave it alone.

    Args:
        picture: [3, H, W] uint8, RGB.
        config: the chance.
        seed: of this visit.

    Returns:
        [3, H, W] uint8; the same tensor where nothing was drawn.
    """
    if not config.photometric:
        return picture
    with drawing_from(seed, "photometric"):
        if float(torch.rand(())) >= config.photometric:
            return picture
        changed: Tensor = v2.RandomPhotometricDistort()(picture)
        return changed


def cropped(shown: Shown, config: AugmentationConfig, seed: int) -> Shown:
    """Cut a part out of a picture, or leave it alone.

    The part overlaps an object by 0, 0.1, 0.3, 0.5, 0.7 or 0.9 at least, or it is the whole
    picture (SSD §2.2). What is left of an object whose centre is cut off counts as difficult: SSD
    takes it for background.

    Args:
        shown: the picture, decoded whole.
        config: the chance.
        seed: of this visit.

    Returns:
        The part, with what lies in it; the same object where nothing was drawn, and where the
        picture has no objects.
    """
    certain = shown.target.boxes[~shown.target.difficult]
    if not config.crop or not len(certain):
        return shown
    with drawing_from(seed, "crop"):
        if float(torch.rand(())) >= config.crop:
            return shown
        window = v2.RandomIoUCrop().make_params([as_torchvision_has_them(certain, shown.size)])
    if not window:
        return shown
    size = Size(window["height"], window["width"])
    return _through_window(shown, window["left"], window["top"], size)


def jittered(pictures: PictureConfig, config: AugmentationConfig, seed: int) -> PictureConfig:
    """Draw the size in which a visit looks at its picture.

    Args:
        pictures: the run's.
        config: the range of the factor.
        seed: of this visit.

    Returns:
        The same with both sides multiplied; the same object where the range is 1 to 1.
    """
    low, high = config.scale
    if low == high == 1:
        return pictures
    with drawing_from(seed, "scale"):
        factor = low + (high - low) * float(torch.rand(()))
    shorter = max(round(pictures.shorter_side * factor), 1)
    longer = max(round(pictures.longer_side * factor), shorter)
    return replace(pictures, shorter_side=shorter, longer_side=longer)


@contextmanager
def drawing_from(seed: int, what: str) -> Iterator[None]:
    """Let the global generators of torch, NumPy and Python draw from a seed, then put them back.

    Args:
        seed: of a visit.
        what: is drawn; other words, other draws.

    Yields:
        Nothing.
    """
    own = seed ^ int.from_bytes(what.encode()[:7], "little")
    python, numpy = random.getstate(), np.random.get_state()  # the user's draw there
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(own)
        random.seed(own)
        np.random.seed(own % 2**32)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


def _through_window(shown: Shown, left: int, top: int, size: Size) -> Shown:
    target = shown.target
    boxes, rows = seen_in(target.boxes, left, top, size)
    centres = (target.boxes[:, :2] + target.boxes[:, 2:]) / 2 - torch.tensor([left, top])
    inside = ((centres > 0) & (centres < torch.tensor([size.width, size.height]))).all(dim=1)
    proposals = shown.proposals
    return Shown(
        picture=shown.picture[:, top : top + size.height, left : left + size.width],
        size=size,
        target=Target(
            boxes=boxes,
            labels=target.labels[rows],
            difficult=(target.difficult | ~inside)[rows],
        ),
        proposals=None if proposals is None else seen_in(proposals, left, top, size)[0],
    )
