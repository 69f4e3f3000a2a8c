"""What became of one picture, and of all of them: a line and a few lines for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from frcnn.data.problems import Problem
from frcnn.errors import counted
from frcnn.prediction.diary import PICTURES
from frcnn.prediction.result import Result, text_of
from frcnn.types import Size

_SHOWN = 10  # faults printed


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """What became of one picture."""

    path: Path | str
    seconds: float
    """Reading and looking; of pictures computed together, each its share."""
    result: Result | None = None
    """What was found; None when the picture could not be read."""
    problem: Problem | None = None
    """Why it could not."""

    def __str__(self) -> str:
        """Say it in one line, as `street.jpg  1280x853  412 ms  7 objects: person 3, car 2`."""
        if self.result is None or self.problem is not None:
            fault = self.problem
            return f"{text_of(self.path)}  skipped: {fault.what if fault else ''}"
        width, height = self.result.size.width, self.result.size.height
        where = f"{text_of(self.path)}  {width}x{height}"
        return f"{where}  {self.seconds * 1000:.0f} ms  {self.result!r}"


@dataclass(frozen=True, eq=False, kw_only=True)
class VideoOutcome:
    """What became of one video."""

    path: Path | str
    seconds: float
    """Reading, looking and drawing."""
    frames: int
    """Frames that have their result."""
    looked_at: int
    """Frames looked at in this run."""
    size: Size
    """Of the last frame looked at; 0 x 0 where there was none."""
    rate: float
    """Frames a second, before any are passed over; 0 where it is unknown."""
    objects: Mapping[str, int]
    """How many of each class were found in this run, most frequent first."""
    problem: Problem | None = None
    """Why frames are missing."""
    is_drawn: bool = False
    notes: tuple[str, ...] = ()
    """Remarks about the video."""

    def __str__(self) -> str:
        """Say it in one line, as `film.mp4  640x360  90 frames  35 ms each  7 objects: nut 7`."""
        width, height = self.size.width, self.size.height
        each = self.seconds * 1000 / max(self.looked_at, 1)
        found = ", ".join(f"{name} {count}" for name, count in self.objects.items())
        parts = [
            text_of(self.path),
            f"{width}x{height}",
            counted(self.frames, "frame"),
            f"{each:.0f} ms each",
            counted(sum(self.objects.values()), "object") + (f": {found}" if found else ""),
            *self.notes,
            *([self.problem.what] if self.problem else []),
        ]
        return "  ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Give what the results say of a video as a whole, as plain values."""
        return {
            "width": self.size.width,
            "height": self.size.height,
            "rate": self.rate or None,
            "looked_at": self.frames,
            "notes": list(self.notes),
            **({"problem": self.problem.error().to_json()} if self.problem else {}),
        }


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a folder's run came to."""

    out: Path
    """Folder of the results."""
    done: int = 0
    """Pictures looked at in this run."""
    videos: int = 0
    """Videos looked at in this run."""
    frames: int = 0
    """Their frames that were looked at in this run."""
    resumed: int = 0
    """Pictures that had their result from an earlier run."""
    resumed_videos: int = 0
    """Videos that had theirs."""
    objects: Mapping[str, int] = field(default_factory=dict)
    """How many of each class were found in this run, most frequent first."""
    failures: tuple[Problem, ...] = ()
    """A problem for each picture or source that gave no result."""
    lost: tuple[Problem, ...] = ()
    """What a form could not hold: a box that is too small for VOC."""
    left_out: tuple[Path, ...] = ()
    """Folders of pictures that an earlier prediction drew."""
    files: tuple[Path, ...] = ()
    """What was written."""

    @property
    def is_empty(self) -> bool:
        """Whether not one picture could be used."""
        return not (self.done or self.resumed or self.videos or self.resumed_videos)

    def __str__(self) -> str:
        """Say it in a few lines for a person: counts, the faults by kind, the files."""
        found = ", ".join(f"{name} {count}" for name, count in self.objects.items())
        head = f"{self._seen()}, {counted(sum(self.objects.values()), 'object')}"
        lines = [head + (f": {found}" if found else "")]
        before = ((self.resumed, "picture"), (self.resumed_videos, "video"))
        lines += [f"{counted(count, what)} done before" for count, what in before if count]
        if self.failures:
            in_part = any(problem.effect == "rest skipped" for problem in self.failures)
            lines.append(f"{len(self.failures)} skipped{' or cut short' * in_part}:")
            lines += [f"  {p.code} {p.place}: {p.what}" for p in self.failures[:_SHOWN]]
            rest = len(self.failures) - _SHOWN
            lines += [f"  and {rest} more, all in predictions.jsonl"] * (rest > 0)
        if self.lost:
            first = self.lost[0]
            lines.append(f"{len(self.lost)} left out: {first.code} {first.place}: {first.what}")
        lines += [f"left out: {path}, drawn by an earlier prediction" for path in self.left_out]
        lines += [f"saved {path}" for path in self.files]
        if self.videos and any(path.name == PICTURES for path in self.files):
            lines.append("videos are saved without their sound")
        return "\n".join(lines)

    def _seen(self) -> str:
        pictures = counted(self.done, "picture")
        if not self.videos:
            return pictures
        videos = f"{counted(self.videos, 'video')} of {counted(self.frames, 'frame')}"
        return f"{pictures}, {videos}" if self.done else videos

    def to_json(self) -> dict[str, Any]:
        """Give the same as plain values."""
        return {
            "out": text_of(self.out),
            "pictures": self.done,
            "videos": self.videos,
            "frames": self.frames,
            "resumed": self.resumed,
            "resumed_videos": self.resumed_videos,
            "objects": dict(self.objects),
            "left_out": [text_of(path) for path in self.left_out],
            "failures": [problem.to_json() for problem in self.failures],
            "lost": [problem.to_json() for problem in self.lost],
            "files": [text_of(path) for path in self.files],
        }
