"""A whole video: results on disk frame by frame, resumable.

For each frame, in this order: look at it, write the cut-out objects, draw it into the video with
boxes, write its line. When the run was killed and goes on, frames that have their line are not
looked at again: their boxes are drawn from the line, for the drawn video itself begins anew.

A camera or a stream has no second time: Ctrl-C is its usual end, and whatever ends it, the video
drawn so far is kept.
"""

import contextlib
import itertools
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from frcnn.data.problems import Problem
from frcnn.errors import ConfigError, DiskError, PictureError
from frcnn.ops.pictures import to_tensor
from frcnn.prediction.counting import Counting
from frcnn.prediction.diary import CROPS
from frcnn.prediction.forms.crops import write_crops
from frcnn.prediction.forms.results import make_folder
from frcnn.prediction.loading import Loaded
from frcnn.prediction.order import Order
from frcnn.prediction.predictor import Detector
from frcnn.prediction.result import Result, text_of
from frcnn.prediction.summary import VideoOutcome
from frcnn.prediction.video.frame import Frame
from frcnn.prediction.video.frame_diary import FrameDiary
from frcnn.prediction.video.kinds import VideoSource
from frcnn.prediction.video.looking import Look, results_of_frames
from frcnn.prediction.video.reading import Video, open_video
from frcnn.prediction.video.writing import DrawnVideo
from frcnn.prediction.windows import Decoded
from frcnn.types import Detections, Size


@dataclass(frozen=True, kw_only=True)
class Job:
    """One video, and where its results go."""

    source: VideoSource
    stem: str
    """What its frames are named by."""
    lines: Path
    """The file of its frames, inside the folder of results."""
    image: Path | None
    """The video with boxes, inside the folder of results; None: not asked for."""
    goes_on: bool
    """Its file of frames holds what an earlier run found."""


def require_possible(videos: Sequence[VideoSource], others: int, order: Order) -> None:
    """Refuse what cannot be done with videos, before anything is.

    Args:
        videos: what was named.
        others: how many pictures were named beside.
        order: what is asked for.

    Raises:
        ConfigError: Label Studio's tasks need a picture each; a camera or stream never comes to
            its end, so nothing can follow it, and cannot be gone on with (RC308).
    """
    if videos and "label-studio" in order.save:
        raise ConfigError(
            "RC308",
            "--save label-studio",
            "a frame of a video is no picture that Label Studio could show",
            got=videos[0].place,
            want="pictures",
            fix="leave label-studio out, or cut the video into pictures: "
            "ffmpeg -i VIDEO -fps_mode passthrough -start_number 0 VIDEO_%06d.jpg",
        )
    live = next((video for video in videos if video.is_live), None)
    if live is None:
        return
    if order.resume:
        raise ConfigError(
            "RC308",
            "--resume",
            "a camera or stream cannot be gone on with: what it showed is gone",
            got=live.place,
            want="files",
            fix="leave --resume out and choose another --out",
        )
    if len(videos) + others > 1:
        raise ConfigError(
            "RC308",
            live.place,
            "a camera or stream has no end, so nothing can come after it",
            got=f"{len(videos) + others} sources",
            want="the camera or stream alone",
            fix="run frcnn predict once for each",
        )


def predict_video(
    detector: Detector, job: Job, order: Order, counting: Counting, begun: Callable[[], None]
) -> VideoOutcome:
    """Look at a video and write its results.

    Args:
        detector: looks.
        job: the video.
        order: what to write, and where.
        counting: shows how many frames are done.
        begun: called when the video is open and its file of frames fits it.

    Returns:
        What it came to. PictureError when it cannot be read at all (RC108, RC118, RC119, RC122) or
        drawn (RC125), DiskError when results cannot be written.
    """
    with open_video(job.source) as video:
        run = _Run(detector, job, order, video)
        begun()
        with counting(f"frames of {job.source.name}", run.total) as tell:
            return run.to_the_end(tell)


class _Run:
    """One run through a video."""

    def __init__(self, detector: Detector, job: Job, order: Order, video: Video) -> None:
        self.detector, self.job, self.order, self.video = detector, job, order, video
        self.stride, self.most = order.frames.stride, order.frames.most
        make_folder((order.out / job.lines).parent)
        self.diary = FrameDiary(order.out / job.lines)
        if not job.goes_on:
            self.diary.begin()
        self.known = self.diary.count()
        self.drawn: DrawnVideo | None = None
        if job.image is not None:
            self.drawn = DrawnVideo(order.out / job.image, video.rate / self.stride)
        self.done, self.began = self.known, time.monotonic()
        self.objects: Counter[str] = Counter()
        self.size = Size(0, 0)

    @property
    def total(self) -> int | None:
        """How many frames there are to look at; None where nobody knows."""
        whole = None if self.video.count is None else -(-self.video.count // self.stride)
        known = [number for number in (whole, self.most) if number is not None]
        return min(known) if known else None

    def to_the_end(self, tell: Callable[[int], None]) -> VideoOutcome:
        """Go through all frames; put the drawn video in its place."""
        lost: PictureError | None = None
        is_live, stopped = self.job.source.is_live, False
        try:
            self._go(tell)
        except PictureError as error:
            if self.done == self.known:
                self._discard()
                raise
            lost = error
        except KeyboardInterrupt:
            if not is_live:
                self._discard()
                raise
            stopped = True
        except BaseException:
            self._keep_drawn() if is_live else self._discard()
            raise
        is_drawn = self.drawn is not None and self.drawn.finish()
        return self._outcome(lost or self.video.lost(), is_drawn=is_drawn, stopped=stopped)

    def _go(self, tell: Callable[[int], None]) -> None:
        passed = 0 if self.drawn is not None else self.known
        coming = self.video.frames(self.stride, passed)
        with contextlib.closing(coming):
            frames = itertools.islice(coming, None if self.most is None else self.most - passed)
            if self.drawn is not None:
                self._draw_known(frames, tell)
            look = Look(choice=self.order.choice, tiles=self.order.tiles)
            for frame, result in results_of_frames(self.detector, self.job.source, frames, look):
                self._write(frame, result)
                tell(self.done)

    def _draw_known(self, frames: Iterator[Frame], tell: Callable[[int], None]) -> None:
        """Draw the boxes of frames that have their line already."""
        rows = itertools.islice(self.diary.rows(), self.known)
        for number, row in enumerate(rows, 1):
            frame = next(frames, None)
            if frame is None or frame.number != row["frame"]:
                raise ConfigError(
                    "RC388",
                    str(self.diary.path),
                    "the lines there are of other frames",
                    got=f"frame {row['frame']}",
                    want="no frame" if frame is None else f"frame {frame.number}",
                    fix="choose another folder, and begin anew",
                )
            result = _result_of(row, frame, self.detector.classes)
            self._draw(frame, result)
            self.size = result.size
            tell(number)

    def _write(self, frame: Frame, result: Result) -> None:
        row = {**result.to_json(), "path": text_of(self.job.source.path)}
        if "crops" in self.order.save:
            windows = Decoded(Loaded(picture=to_tensor(frame.pixels)))
            stem = f"{self.job.stem}_{frame.number:06}"
            crops = write_crops(self.order.out / CROPS, result, windows, stem)
            for item, crop in zip(row["objects"], crops, strict=True):
                item["crop"] = text_of(Path(CROPS, crop))
        if self.drawn is not None:
            self._draw(frame, result)
        self.diary.add(row)
        self.size = result.size
        self.objects.update(result.names)
        self.done += 1

    def _draw(self, frame: Frame, result: Result) -> None:
        if self.drawn is None:
            return
        pixels = result.plotted()
        if self.job.source.is_live:
            self.drawn.fill(pixels, frame.time or 0.0)
        else:
            self.drawn.write(pixels)

    def _discard(self) -> None:
        if self.drawn is not None:
            self.drawn.discard()

    def _keep_drawn(self) -> None:
        """Save what can be: the first fault is the one to tell."""
        with contextlib.suppress(DiskError, PictureError):
            if self.drawn is not None:
                self.drawn.finish()

    def _outcome(self, lost: PictureError | None, *, is_drawn: bool, stopped: bool) -> VideoOutcome:
        return VideoOutcome(
            path=self.job.source.path,
            seconds=time.monotonic() - self.began,
            frames=self.done,
            looked_at=self.done - self.known,
            size=self._size(),
            rate=self.video.rate,
            objects=dict(self.objects.most_common()),
            problem=None if lost is None else Problem.of(lost, effect="rest skipped"),
            is_drawn=is_drawn,
            notes=(*self._notes(), *["stopped by Ctrl-C"] * stopped),
        )

    def _size(self) -> Size:
        """Give the size of the frames; of the last line where none was read in this run."""
        if self.size != Size(0, 0):
            return self.size
        last = deque(self.diary.rows(), maxlen=1)
        return Size(last[0]["height"], last[0]["width"]) if last else self.size

    def _notes(self) -> Iterator[str]:
        if self.drawn is None or self.job.source.is_live:
            return
        if not self.video.rate:
            yield f"it does not say how fast it is: drawn at {self.drawn.rate:g} frames a second"
        elif self.video.unsteady * self.video.rate > 2:
            yield (
                f"its rate varies: drawn at {self.drawn.rate:g} frames a second, so that times "
                f"differ by up to {self.video.unsteady:.1f} s"
            )


def _result_of(row: Mapping[str, Any], frame: Frame, classes: tuple[str, ...]) -> Result:
    """Make of a frame's line what is drawn."""
    objects = row["objects"]
    boxes = torch.tensor([item["box"] for item in objects]).reshape(-1, 4)
    found = Detections(
        boxes=boxes,
        scores=torch.tensor([item["score"] for item in objects], dtype=torch.float32),
        labels=torch.tensor([item["label"] for item in objects], dtype=torch.int64),
    )
    size = Size(*frame.pixels.shape[:2])
    return Result(detections=found, classes=classes, size=size, pixels=frame.pixels)
