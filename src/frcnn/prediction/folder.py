"""A whole folder: results on disk as they come, faults counted, resumable.

For each picture, in this order: read it, look at it, write the picture with its boxes and the
cut-out objects, write its line in the diary. So a line in the diary means a result that is whole,
whenever the process ends. All other forms are made of the diary at the end, and also when the run
is interrupted. Videos come after the pictures, each as `video/run.py` has it.
"""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from frcnn import files
from frcnn.data.problems import Problem
from frcnn.errors import ConfigError, DiskError, PictureError
from frcnn.prediction.counting import Counting, uncounted
from frcnn.prediction.diary import CROPS, PICTURES, Diary
from frcnn.prediction.drawing import drawn
from frcnn.prediction.forms.crops import write_crops
from frcnn.prediction.forms.results import Results, make_folder
from frcnn.prediction.loading import Loaded, load
from frcnn.prediction.order import Order, about
from frcnn.prediction.origins import Origin, named_as
from frcnn.prediction.own_files import require_free
from frcnn.prediction.picture_files import is_writable_name, write_picture
from frcnn.prediction.predictor import Detector
from frcnn.prediction.result import Result, text_of
from frcnn.prediction.sources import Expanded
from frcnn.prediction.summary import Outcome, Summary, VideoOutcome
from frcnn.prediction.tiles import TileConfig
from frcnn.prediction.video import frame_diary
from frcnn.prediction.video.kinds import VideoSource
from frcnn.prediction.video.run import Job, predict_video, require_possible
from frcnn.prediction.video.writing import SUFFIX
from frcnn.prediction.windows import Decoded, Windows, open_windows
from frcnn.prediction.writers import FORMS, NAMES

_Source = TypeVar("_Source", bound=Origin | VideoSource)


def predict_folder(
    detector: Detector,
    sources: Expanded,
    order: Order,
    on_picture: Callable[[Outcome | VideoOutcome], None] = lambda _: None,
    counting: Counting = uncounted,
) -> Summary:
    """Look at many pictures and write the results.

    Args:
        detector: looks.
        sources: the pictures and videos, as `sources.expand` finds them.
        order: what to write, and where.
        on_picture: told of every picture and video as it is finished.
        counting: shows how many tiles of a picture, or frames of a video, are done.

    Returns:
        What it came to. A picture that cannot be read costs one entry in its failures.

    ConfigError when `out` holds results already and this is no resumed run (RC389), was made
    otherwise (RC388), or has files of other origin in the way (RC372), or a video cannot be done so
    (RC308); DiskError when results cannot be written.
    """
    require_possible(sources.videos, len(sources.pictures), order)
    run = _Run(detector, order, counting, [frame_diary.FOLDER] * bool(sources.videos))
    for problem in sources.problems:
        run.note(problem)
    pictures = _without_own(sources.pictures, order)
    videos = _without_own(sources.videos, order)
    todo = [picture for picture in pictures if not run.diary.is_done(picture.path)]
    to_see = [video for video in videos if not run.diary.is_done(video.path)]
    run.resumed, run.resumed_videos = len(pictures) - len(todo), len(videos) - len(to_see)
    try:
        at_once = detector.batch if order.tiles is None else 1
        for start in range(0, len(todo), at_once):
            for outcome in run.step(todo[start : start + at_once]):
                on_picture(outcome)
        for video in to_see:
            on_picture(run.video(video))
    except BaseException:
        with contextlib.suppress(DiskError):  # the first fault is the one to tell
            run.finish()
        raise
    return replace(run.finish(), left_out=sources.left_out)


class _Run:
    """One run through a folder: its diary and its counts."""

    def __init__(
        self, detector: Detector, order: Order, counting: Counting, more: Sequence[str]
    ) -> None:
        self.detector, self.order, self.counting = detector, order, counting
        if not Diary.is_in(order.out):
            require_free(order.out, [*(NAMES[kind] for kind in order.save), *more])
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
        self.about = about(detector, order)
        self.diary = Diary(order.out, self.about)
        self.counts: Counter[str] = Counter()
        self.done = self.resumed = 0
        self.videos = self.frames = self.resumed_videos = 0
        self.failures: list[Problem] = []

    def step(self, pictures: Sequence[Origin]) -> list[Outcome]:
        """Read, look at, and write some pictures."""
        if self.order.tiles is not None:
            return [self._in_tiles(picture, self.order.tiles) for picture in pictures]
        began = time.monotonic()
        loaded: list[tuple[Origin, Loaded]] = []
        outcomes: list[Outcome] = []
        for picture in pictures:
            try:
                with named_as(picture):
                    one = load(picture.content(), enough=self.detector.enough)
                loaded.append((picture, one))
            except PictureError as error:
                outcomes.append(self._failed(picture, error, time.monotonic() - began))
        results = self.detector.look([one for _, one in loaded], self.order.choice)
        seconds = (time.monotonic() - began) / max(len(pictures), 1)
        for (picture, one), result in zip(loaded, results, strict=True):
            self._write(picture, Decoded(one), result)
            outcomes.append(Outcome(path=picture.path, seconds=seconds, result=result))
        return outcomes

    def _in_tiles(self, picture: Origin, tiles: TileConfig) -> Outcome:
        """Read a picture of any size part by part, and look at its parts."""
        began = time.monotonic()
        try:
            with named_as(picture), open_windows(picture.content()) as windows:
                result = self.detector.look_in_tiles(
                    windows, tiles, self.order.choice, self.counting
                )
                seconds = time.monotonic() - began
                self._write(picture, windows, result)
        except PictureError as error:
            return self._failed(picture, error, time.monotonic() - began)
        return Outcome(path=picture.path, seconds=seconds, result=result)

    def video(self, source: VideoSource) -> Outcome | VideoOutcome:
        """Look at a video, and write its results and its line."""
        began = time.monotonic()
        stem = self._free(source, Path(source.name))
        row: dict[str, object] = {
            "inside": text_of(source.name),
            "stem": text_of(stem),
            "frames": text_of(Path(frame_diary.FOLDER, f"{stem}.jsonl")),
        }
        image = None
        if "images" in self.order.save:
            image = self._free(source, Path(PICTURES, _drawn_name(source.name)))
            row["image"] = text_of(image)
        job = Job(
            source=source,
            stem=str(stem),
            lines=Path(frame_diary.FOLDER, f"{stem}.jsonl"),
            image=image,
            goes_on=self.diary.has_frames(source.path),
        )

        def begun() -> None:
            self.diary.add(source.path, {**row, "begun": True})

        try:
            outcome = predict_video(self.detector, job, self.order, self.counting, begun)
        except PictureError as error:
            return self._failed(source, error, time.monotonic() - began)
        self.diary.add(source.path, {**row, **outcome.to_json()})
        self.failures += [outcome.problem] if outcome.problem else []
        self.videos += 1
        self.frames += outcome.looked_at
        self.counts.update(outcome.objects)
        return outcome

    def finish(self) -> Summary:
        """Make the files that hold all results."""
        order, classes = self.order, self.detector.classes
        results = Results(
            run=self.about,
            classes=classes,
            category_ids=tuple(order.category_ids or range(1, len(classes) + 1)),
            pictures=self.diary.pictures,
            videos=self.diary.videos,
            problems=self.diary.problems,
            image_url=order.image_url,
        )
        written: list[Path] = []
        lost: list[Problem] = []
        for kind in NAMES:
            path = order.out / NAMES[kind]
            if kind in order.save and kind in FORMS:
                lost += FORMS[kind](path, results)
            if kind in order.save and path.exists():
                written.append(path)
        return Summary(
            out=order.out,
            done=self.done,
            videos=self.videos,
            frames=self.frames,
            resumed=self.resumed,
            resumed_videos=self.resumed_videos,
            objects=dict(self.counts.most_common()),
            failures=tuple(self.failures),
            lost=tuple(lost),
            files=tuple(written),
        )

    def note(self, problem: Problem) -> None:
        """Count a source that gave no picture, and write its line."""
        self.failures.append(problem)
        self.diary.add(Path(problem.place), {"problem": problem.error().to_json()})

    def _failed(
        self, picture: Origin | VideoSource, error: PictureError, seconds: float
    ) -> Outcome:
        problem = Problem.of(error, effect="picture skipped")
        self.failures.append(problem)
        self.diary.add(picture.path, {"problem": error.to_json()})
        return Outcome(path=picture.path, seconds=seconds, problem=problem)

    def _write(self, picture: Origin, windows: Windows, result: Result) -> None:
        save, out = self.order.save, self.order.out
        stem = self._free(picture, Path(picture.name).with_suffix(""))
        row = {**result.to_json(), "path": text_of(picture.path)}
        row |= {"inside": text_of(picture.name), "stem": text_of(stem)}
        if "images" in save:
            image = self._free(picture, Path(PICTURES, _picture_name(picture.name)))
            make_folder((out / image).parent)
            write_picture(out / image, drawn(result, windows))
            row["image"] = text_of(image)
        if "crops" in save:
            crops = write_crops(out / CROPS, result, windows, str(stem))
            for item, crop in zip(row["objects"], crops, strict=True):
                item["crop"] = text_of(Path(CROPS, crop))
        self.diary.add(picture.path, row)
        self.done += 1
        self.counts.update(result.names)

    def _free(self, picture: Origin | VideoSource, name: Path) -> Path:
        """Number a name that another picture has, of this run or an earlier one: `1-2.jpg`."""
        first, number = name, 1
        while not self.diary.is_free(text_of(name), picture.path):
            number += 1
            name = first.with_stem(f"{first.stem}-{number}")
        return name


def _picture_name(name: str) -> str:
    return name if is_writable_name(name) else f"{name}.png"


def _drawn_name(name: str) -> str:
    return name if name.lower().endswith(SUFFIX) else f"{name}{SUFFIX}"


def _remove_leftovers(out: Path) -> None:
    """Remove what a killed run left half-written."""
    files.remove_leftovers(out)
    for name in (*NAMES.values(), frame_diary.FOLDER):
        for place in (out / name, *(path for path in (out / name).rglob("*") if path.is_dir())):
            files.remove_leftovers(place)


def _without_own(pictures: Sequence[_Source], order: Order) -> list[_Source]:
    """Leave out what we wrote: `frcnn predict RUN . --resume` finds its own pictures."""
    folders = [
        NAMES[kind] for kind in ("images", "crops") if kind in order.save
    ]  # others: the user's
    own = tuple(os.path.realpath(order.out / name) + os.sep for name in folders)
    return [p for p in pictures if not os.path.realpath(p.path).startswith(own)]
