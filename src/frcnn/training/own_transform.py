"""A function of the user's, between the picture on disk and the training.

Any transform of `torchvision.transforms.v2` is one, a Compose of them, too.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torchvision import tv_tensors

from frcnn.errors import ConfigError
from frcnn.training.shown import Shown, seen_in
from frcnn.types import Size, Target

Transform = Callable[[tv_tensors.Image, dict[str, Any]], tuple[Tensor, Mapping[str, Any]]]
"""From a picture and its `boxes` (tv_tensors.BoundingBoxes, XYXY, pixels), `labels` (int64, 0 ...
C-1) and `difficult` (bool) to the same, changed."""


def through(transform: Transform, shown: Shown, classes: int, place: str) -> Shown:
    """Lead a picture through a function of the user's.

    Args:
        transform: what draws at random in it draws from the global generators of torch, NumPy and
            Python's `random`, which the caller sets.
        shown: the picture, decoded whole; it gets copies. Without stored proposals: they are of
            the picture as it was.
        classes: C.
        place: the picture's file, for errors.

    Returns:
        What it made of the picture. Boxes are clipped to it, and those of which nothing is left
        are left out, as `v2.SanitizeBoundingBoxes` does it.

    Raises:
        ConfigError: it gave something else than a picture with its boxes (RC311).
    """
    target = shown.target
    given = {
        "boxes": as_torchvision_has_them(target.boxes.clone(), shown.size),
        "labels": target.labels.clone(),
        "difficult": target.difficult.clone(),
    }
    answer = transform(tv_tensors.Image(shown.picture.clone()), given)
    try:
        picture, changed = answer
        boxes, labels, difficult = (changed[name] for name in given)
        pixels = _plain(picture, torch.uint8, (3, -1, -1))
        found = _target(boxes, labels, difficult, classes)
    except (TypeError, ValueError, KeyError) as error:
        raise _unusable(transform, place, error) from error
    size = Size(pixels.shape[1], pixels.shape[2])
    moved, rows = seen_in(found.boxes, 0, 0, size)
    kept = Target(boxes=moved, labels=found.labels[rows], difficult=found.difficult[rows])
    return Shown(picture=pixels, size=size, target=kept)


def name_of(transform: Transform) -> str:
    """Name a function so that a run can ask for it again.

    Args:
        transform: a function, or an object that can be called.

    Returns:
        `module.name` of a function; of an object what it says of itself, in one line.
    """
    name = getattr(transform, "__qualname__", None)
    return f"{transform.__module__}.{name}" if name else " ".join(repr(transform).split())


def as_torchvision_has_them(boxes: Tensor, size: Size) -> tv_tensors.BoundingBoxes:
    """Give boxes the type that torchvision's transforms know them by.

    Args:
        boxes: [G, 4] float32, pixels.
        size: of their picture.

    Returns:
        The same numbers, in the same memory.
    """
    form = tv_tensors.BoundingBoxFormat.XYXY
    return tv_tensors.BoundingBoxes(boxes, format=form, canvas_size=tuple(size))


def _target(boxes: object, labels: object, difficult: object, classes: int) -> Target:
    plain = _plain(boxes, torch.float32, (-1, 4))
    count = len(plain)
    ids = _plain(labels, torch.int64, (count,))
    if ids.numel() and not 0 <= int(ids.min()) <= int(ids.max()) < classes:
        raise ValueError(f"labels {int(ids.min())} ... {int(ids.max())} of {classes} classes")
    return Target(boxes=plain, labels=ids, difficult=_plain(difficult, torch.bool, (count,)))


def _plain(value: object, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    """Refuse what is no finite tensor of this form and type; give one without a type of its own."""
    if not isinstance(value, Tensor):
        raise ValueError(f"{type(value).__name__} instead of a tensor")
    fits = value.dtype == dtype and value.ndim == len(shape)
    if not fits or any(want not in (-1, n) for want, n in zip(shape, value.shape, strict=True)):
        raise ValueError(
            f"{list(value.shape)} {value.dtype} instead of "
            f"[{', '.join('any' if n < 0 else str(n) for n in shape)}] {dtype}"
        )
    if not bool(torch.isfinite(value).all()):
        raise ValueError("numbers that are not finite")
    return value.as_subclass(Tensor)


def _unusable(transform: Transform, place: str, error: Exception) -> ConfigError:
    missing = f"no {error}" if isinstance(error, KeyError) else str(error)
    return ConfigError(
        "RC311",
        place,
        f"{name_of(transform)} did not give a picture with its boxes",
        got=missing,
        want="(picture [3, H, W] uint8, {boxes [G, 4] float32, labels [G] int64, difficult [G] "
        "bool})",
        fix="return these; a box without area may stay, it is left out here, so "
        "SanitizeBoundingBoxes is not needed",
    )
