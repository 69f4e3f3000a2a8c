"""What became of one picture, and of all of them: a line and a few lines for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from frcnn.data.problems import Problem
from frcnn.errors import counted
from frcnn.prediction.result import Result, text_of

_SHOWN = 10  # faults printed


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """What became of one picture."""

    path: Path
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


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a folder's run came to."""

    out: Path
    """Folder of the results."""
    done: int = 0
    """Pictures looked at in this run."""
    resumed: int = 0
    """Pictures that had their result from an earlier run."""
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
        return not self.done and not self.resumed

    def __str__(self) -> str:
        """Say it in a few lines for a person: counts, the faults by kind, the files."""
        found = ", ".join(f"{name} {count}" for name, count in self.objects.items())
        head = f"{counted(self.done, 'picture')}, {counted(sum(self.objects.values()), 'object')}"
        lines = [head + (f": {found}" if found else "")]
        if self.resumed:
            lines.append(f"{counted(self.resumed, 'picture')} done before")
        if self.failures:
            lines.append(f"{len(self.failures)} skipped:")
            lines += [f"  {p.code} {p.place}: {p.what}" for p in self.failures[:_SHOWN]]
            rest = len(self.failures) - _SHOWN
            lines += [f"  and {rest} more, all in predictions.jsonl"] * (rest > 0)
        if self.lost:
            first = self.lost[0]
            lines.append(f"{len(self.lost)} left out: {first.code} {first.place}: {first.what}")
        lines += [f"left out: {path}, drawn by an earlier prediction" for path in self.left_out]
        lines += [f"saved {path}" for path in self.files]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Give the same as plain values."""
        return {
            "out": text_of(self.out),
            "pictures": self.done,
            "resumed": self.resumed,
            "objects": dict(self.objects),
            "left_out": [text_of(path) for path in self.left_out],
            "failures": [problem.to_json() for problem in self.failures],
            "lost": [problem.to_json() for problem in self.lost],
            "files": [text_of(path) for path in self.files],
        }
