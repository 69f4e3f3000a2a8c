"""A whole folder: results on disk as they come, faults counted, resumable.

For each picture, in this order: read it, look at it, write the picture with its boxes, write its
line in the diary. So a line in the diary means a result that is whole, whenever the process ends.
JSON and CSV are made of the diary at the end, and also when the run is interrupted.
"""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from frcnn import files
from frcnn.data.problems import Problem
from frcnn.errors import ConfigError, DiskError, PictureError
from frcnn.prediction.choice import Choice
from frcnn.prediction.diary import PICTURES, Diary
from frcnn.prediction.loading import Loaded, load
from frcnn.prediction.own_files import require_free
from frcnn.prediction.picture_files import is_writable_name, write_picture
from frcnn.prediction.predictor import Detector
from frcnn.prediction.result import Result, text_of
from frcnn.prediction.sources import Expanded, PictureFile
from frcnn.prediction.summary import Outcome, Summary
from frcnn.prediction.writers import write_csv, write_json
from frcnn.types import name_of

Kind = Literal["images", "json", "csv"]
_NAMES: Mapping[Kind, str] = {
    "images": PICTURES,
    "json": "predictions.json",
    "csv": "predictions.csv",
}


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a folder's run is asked to do."""

    out: Path
    """Folder of the results; made when it is not there."""
    save: Sequence[Kind] = ("images", "json")
    """What to write."""
    choice: Choice = field(default_factory=Choice)
    """Which detections to report."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What identifies the model, plain values; a resumed run must have the same."""
    resume: bool = False
    """Go on in `out`; pictures that have their result are skipped."""

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.save if kind not in ("images", "json", "csv")]
        if unknown or not self.save:
            raise ConfigError(
                "RC381",
                "predict: save",
                "nothing that can be written",
                got=", ".join(map(repr, unknown)) or "nothing",
                want="images, json, csv",
                fix="name one or more of them",
            )


def predict_folder(
    detector: Detector,
    sources: Expanded,
    order: Order,
    on_picture: Callable[[Outcome], None] = lambda _: None,
) -> Summary:
    """Look at many pictures and write the results.

    Args:
        detector: looks.
        sources: the pictures, as `sources.expand` finds them.
        order: what to write, and where.
        on_picture: told of every picture as it is finished.

    Returns:
        What it came to. A picture that cannot be read costs one entry in its failures.

    ConfigError when `out` holds results already and this is no resumed run (RC389), was made
    otherwise (RC388), or has files of other origin in the way (RC372); DiskError when results
    cannot be written.
    """
    run = _Run(detector, order)
    for problem in sources.problems:
        run.note(problem)
    pictures = _without_own(sources.pictures, order)
    todo = [picture for picture in pictures if not run.diary.is_done(picture.path)]
    run.resumed = len(pictures) - len(todo)
    try:
        for start in range(0, len(todo), detector.batch):
            for outcome in run.step(todo[start : start + detector.batch]):
                on_picture(outcome)
    except BaseException:
        with contextlib.suppress(DiskError):  # the first fault is the one to tell
            run.finish()
        raise
    return replace(run.finish(), left_out=sources.left_out)


class _Run:
    """One run through a folder: its diary and its counts."""

    def __init__(self, detector: Detector, order: Order) -> None:
        self.detector, self.order = detector, order
        if not Diary.is_in(order.out):
            require_free(order.out, [_NAMES[kind] for kind in order.save])
        elif not order.resume:
            raise ConfigError(
                "RC389",
                str(order.out),
                "the folder holds results already",
                want="a new folder, or a run to go on with",
                fix="add --resume to go on with it, or choose another --out",
            )
        files.require_writable(order.out)
        if order.resume:
            _remove_leftovers(order.out)
        self.about = _about(detector, order)
        self.diary = Diary(order.out, self.about)
        self.counts: Counter[str] = Counter()
        self.done = self.resumed = 0
        self.failures: list[Problem] = []

    def step(self, pictures: Sequence[PictureFile]) -> list[Outcome]:
        """Read, look at, and write some pictures."""
        began = time.monotonic()
        loaded: list[tuple[PictureFile, Loaded]] = []
        outcomes: list[Outcome] = []
        for picture in pictures:
            try:
                loaded.append((picture, load(picture.path)))
            except PictureError as error:
                outcomes.append(self._failed(picture, error, time.monotonic() - began))
        results = self.detector.look([one for _, one in loaded], self.order.choice)
        seconds = (time.monotonic() - began) / max(len(pictures), 1)
        for (picture, one), result in zip(loaded, results, strict=True):
            self._write(picture, one, result)
            outcomes.append(Outcome(path=picture.path, seconds=seconds, result=result))
        return outcomes

    def finish(self) -> Summary:
        """Make the files that hold all results."""
        out, save = self.order.out, self.order.save
        written = [out / PICTURES] if "images" in save and (out / PICTURES).is_dir() else []
        if "json" in save:
            diary = self.diary
            written.append(out / _NAMES["json"])
            write_json(written[-1], self.about, diary.pictures(), diary.problems())
        if "csv" in save:
            written.append(out / _NAMES["csv"])
            write_csv(written[-1], self.diary.pictures())
        return Summary(
            out=out,
            done=self.done,
            resumed=self.resumed,
            objects=dict(self.counts.most_common()),
            failures=tuple(self.failures),
            files=tuple(written),
        )

    def note(self, problem: Problem) -> None:
        """Count a source that gave no picture, and write its line."""
        self.failures.append(problem)
        self.diary.add(Path(problem.place), {"problem": problem.error().to_json()})

    def _failed(self, picture: PictureFile, error: PictureError, seconds: float) -> Outcome:
        problem = Problem.of(error, effect="picture skipped")
        self.failures.append(problem)
        self.diary.add(picture.path, {"problem": error.to_json()})
        return Outcome(path=picture.path, seconds=seconds, problem=problem)

    def _write(self, picture: PictureFile, loaded: Loaded, result: Result) -> None:
        row = result.to_json()
        if "images" in self.order.save:
            image = self._image_of(picture)
            target = self.order.out / image
            _make_folder(target.parent)
            write_picture(target, replace(result, pixels=loaded.pixels).plotted())
            row["image"] = text_of(image)
        self.diary.add(picture.path, row)
        self.done += 1
        self.counts.update(result.names)

    def _image_of(self, picture: PictureFile) -> Path:
        """Number a name that another picture has, of this run or an earlier one: `1-2.jpg`."""
        name = picture.name if is_writable_name(picture.name) else f"{picture.name}.png"
        first = image = Path(PICTURES, name)
        number = 1
        while not self.diary.is_free(text_of(image), picture.path):
            number += 1
            image = first.with_stem(f"{first.stem}-{number}")
        return image


def _about(detector: Detector, order: Order) -> dict[str, Any]:
    choice = order.choice
    classes = choice.classes
    return {
        **order.about,
        "classes": list(detector.classes),
        "precision": name_of(detector.precision),
        "conf": choice.conf,
        "iou": choice.iou,
        "max_det": choice.max_det,
        "only": None if classes is None else sorted(map(str, classes)),
        "probabilities": choice.probabilities,
        "images": "images" in order.save,
    }


def _remove_leftovers(out: Path) -> None:
    """Remove what a killed run left half-written."""
    for place in (out, *(path for path in (out / PICTURES).rglob("*") if path.is_dir())):
        files.remove_leftovers(place)
    files.remove_leftovers(out / PICTURES)


def _without_own(pictures: Sequence[PictureFile], order: Order) -> list[PictureFile]:
    """Leave out what we wrote: `frcnn predict RUN . --resume` finds its own pictures."""
    if "images" not in order.save:  # then a folder of that name is the user's
        return list(pictures)
    own = os.path.realpath(order.out / PICTURES) + os.sep
    return [p for p in pictures if not os.path.realpath(p.path).startswith(own)]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.disk_error(error, folder) from error
