"""Frames into results, one after the other: each result knows its frame, and none is kept."""

import contextlib
import itertools
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from frcnn.errors import ConfigError
from frcnn.ops.pictures import to_tensor
from frcnn.prediction.choice import Choice
from frcnn.prediction.loading import Loaded
from frcnn.prediction.tiles import TileConfig
from frcnn.prediction.video.frame import Frame
from frcnn.prediction.video.kinds import VideoSource, video_of_file, video_typed
from frcnn.prediction.video.reading import open_video
from frcnn.prediction.windows import Decoded

if TYPE_CHECKING:
    from frcnn.prediction.predictor import Detector
    from frcnn.prediction.result import Result


@dataclass(frozen=True, kw_only=True)
class FrameConfig:
    """Which frames of a video are looked at."""

    stride: int = 1
    """Every so many; 1 is each."""
    most: int | None = None
    """So many at most; None: to the end."""

    def __post_init__(self) -> None:
        named = (("vid_stride", self.stride), ("max_frames", self.most))
        for name, value in named:
            if value is not None and value < 1:
                raise ConfigError(
                    "RC381",
                    f"predict: {name}",
                    "not a number of frames",
                    got=str(value),
                    want=">= 1",
                    fix=f"leave {name} out, or make it 1 or more",
                )


@dataclass(frozen=True, kw_only=True)
class Look:
    """How each frame is looked at."""

    choice: Choice
    """Which detections to report."""
    tiles: TileConfig | None = None
    """How large frames are cut; None looks at each as a whole."""


def results_of_frames(
    detector: "Detector", source: VideoSource, frames: Iterable[Frame], look: Look
) -> Iterator[tuple[Frame, "Result"]]:
    """Look at frames.

    Args:
        detector: looks.
        source: what they are of.
        frames: one after the other; endless ones too.
        look: how.

    Yields:
        Each frame and what was found in it, in order. Errors as `Detector.look`.
    """
    at_once = 1 if source.is_live or look.tiles is not None else detector.batch
    path = source.path if isinstance(source.path, Path) else None
    coming = iter(frames)
    while batch := list(itertools.islice(coming, at_once)):
        loaded = [Loaded(picture=to_tensor(frame.pixels)) for frame in batch]
        if look.tiles is None:
            found = detector.look(loaded, look.choice)
        else:
            windows = map(Decoded, loaded)
            found = [detector.look_in_tiles(each, look.tiles, look.choice) for each in windows]
        for frame, result in zip(batch, found, strict=True):
            yield frame, replace(result, path=path, frame=frame.number, time=frame.time)


def look_at_video(  # noqa: PLR0913  # the words of `Detector.predict`, by keyword
    detector: "Detector",
    video: str | os.PathLike[str] | int,
    *,
    conf: float | None = None,
    iou: float | None = None,
    max_det: int | None = None,
    classes: Collection[str | int] | None = None,
    probabilities: bool = False,
    tile: int | TileConfig | None = None,
    vid_stride: int = 1,
    max_frames: int | None = None,
) -> Iterator["Result"]:
    """Find objects in one frame after the other; `Detector.frames`.

    Args:
        detector: looks.
        video: a file, an address, the number of a camera.
        conf: as `predict`.
        iou: as `predict`.
        max_det: as `predict`.
        classes: as `predict`.
        probabilities: as `predict`.
        tile: as `predict`.
        vid_stride: every so many frames one is looked at.
        max_frames: so many at most; a camera has no end.

    Returns:
        The results, one by one. Arguments are judged at once, the video is opened with the first.
    """
    config = FrameConfig(stride=vid_stride, most=max_frames)
    choice = Choice(
        conf=conf, iou=iou, max_det=max_det, classes=classes, probabilities=probabilities
    )
    tiles = TileConfig(side=tile) if isinstance(tile, int) else tile
    return _each(detector, _source_of(video), config, Look(choice=choice, tiles=tiles))


def _each(
    detector: "Detector", source: VideoSource, config: FrameConfig, look: Look
) -> Iterator["Result"]:
    # the frames are left before the video is closed: a camera's thread is still reading
    with open_video(source) as video, contextlib.closing(video.frames(config.stride)) as coming:
        frames = itertools.islice(coming, config.most)
        for _, result in results_of_frames(detector, source, frames, look):
            yield result
        lost = video.lost()
        if lost is not None:
            raise lost


def _source_of(video: str | os.PathLike[str] | int) -> VideoSource:
    if isinstance(video, int):
        video = f"webcam:{video}"
    path = Path(video)
    typed = None if os.path.lexists(path) else video_typed(os.fspath(video))
    return typed or video_of_file(path, path.name)
