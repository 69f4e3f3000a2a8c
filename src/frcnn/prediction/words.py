"""What `Detector.predict` and `Detector.frames` can be told, by keyword; they say what each is."""

from collections.abc import Collection
from typing import TypedDict

from frcnn.prediction.tiles import TileConfig


class Words(TypedDict, total=False):
    """What both can be told."""

    conf: float | None
    iou: float | None
    max_det: int | None
    classes: Collection[str | int] | None
    probabilities: bool
    tile: int | TileConfig | None


class PictureWords(Words, total=False):
    """What `predict` can be told."""

    bgr: bool


class FrameWords(Words, total=False):
    """What `frames` can be told."""

    vid_stride: int
    max_frames: int | None
