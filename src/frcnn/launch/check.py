"""A data set looked over for a person, and mended in a copy: `frcnn data check`.

1. read it and search it, however much is wrong (`data.examine`)
2. decode every picture, unless that is not wanted
3. ask which boxes are left once pictures are resized
4. write the report, and the repaired copy, where they were asked for
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from frcnn import files
from frcnn.data.convert import require_apart, require_choices
from frcnn.data.dataset import MAX_BAD, Dataset, too_many, training_split
from frcnn.data.examine import Examined, examine, unlearnable
from frcnn.data.looking import opened, trusted
from frcnn.data.new_folder import require_new
from frcnn.data.picture_paths import home_of
from frcnn.data.pixel_check import check_all
from frcnn.data.problems import Problem, Report
from frcnn.data.repair import write_repaired
from frcnn.data.slip_choice import reading_named
from frcnn.errors import ConfigError, DataError
from frcnn.launch.checked import Checked, Quarantine, Repaired
from frcnn.launch.small_boxes import drop_small_boxes, many_small
from frcnn.model.batch import PictureConfig
from frcnn.ops.picture_header import place_of
from frcnn.ops.pictures import SUFFIXES
from frcnn.prediction.counting import Counting, counting, uncounted
from frcnn.presets import DEFAULT, named


class CheckOptions(TypedDict, total=False):
    """What can be asked of a check, in the words of the command line."""

    layout: str
    """One of `layouts.LAYOUTS`; found by looking."""
    no_pictures: bool
    """Believe the sizes that annotations state, and open no picture but those without."""
    shorter_side: int
    """Pixels of the shorter side after resizing; the default preset's."""
    longer_side: int
    """Pixels that the longer side may have at most; the default preset's."""
    report: str | Path
    """A file to be written, with every finding."""
    quarantine: str | Path
    """A file to be written, with the path of every picture that cannot be used, one on a line."""
    fix: str | Path
    """A new folder, for a repaired copy."""
    to: str
    """The copy's layout, `voc`, `coco`, `yolo` or `csv`; as the data has it. Exports of labelling
    tools are not written: of them it must be said."""
    read_as: str
    """The form that the copy's boxes are read in, where several explain them (RC260)."""
    quiet: bool


def look_over(data: str | Path, options: CheckOptions, count: Counting | None = None) -> Checked:
    """Look a data set over.

    Args:
        data: its folder, or its annotation file.
        options: what was asked for.
        count: shows how far decoding has come; None: as `quiet` has it.

    Returns:
        What was found, however much it is.

    Raises:
        DataError: there is no data set there.
        ConfigError: the sides contradict each other (RC350), or the copy has no place, no layout
            in which it can be written (RC325), or no form for its boxes (RC329).
        DiskError: the report or the copy cannot be written.
    """
    count = count or (uncounted if options.get("quiet", False) else counting)
    pictures = _resizing(options)
    _require_places(Path(data), options)
    # a copy needs the sizes that pictures have, whatever is stated
    look = trusted if options.get("no_pictures", False) and "fix" not in options else opened
    examined = examine(Path(data), options.get("layout", ""), look=look)
    _require_layout(examined, options)
    checked = _whole(examined, options, count)
    if checked.dataset is not None and checked.fatal is None:
        checked = replace(
            checked,
            report=with_sizes(checked.dataset, checked.report, pictures),
            refused=_refused(examined, checked.report),
        )
    if "report" in options:
        path = Path(options["report"])
        text = json.dumps(checked.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
        files.write_text(path, text + "\n")
        checked = replace(checked, written=path)
    if "quarantine" in options:
        checked = replace(checked, quarantine=_quarantine(checked.report, options["quarantine"]))
    return _with_copy(examined, checked, options) if "fix" in options else checked


def _require_places(root: Path, options: CheckOptions) -> None:
    """Refuse places that cannot be written to before an hour of decoding."""
    if "fix" in options:
        require_apart(root, Path(options["fix"]))
        require_new(Path(options["fix"]))
    if "read_as" in options:
        reading_named(options["read_as"])
    for file in (options.get("report"), options.get("quarantine")):
        if file is not None:
            _require_outside(Path(file), root)


def _require_outside(file: Path, root: Path) -> None:
    """Refuse a file in the folder of the data, or where none can be written."""
    if file.resolve().is_relative_to(home_of(root).resolve()):
        raise ConfigError(
            "RC327",
            str(file),
            "the report would lie in the data",
            want="a file outside the data's folder",
            fix="name another place: nothing in the folder of the data is ever changed",
        )
    files.require_writable(file.absolute().parent)


def _require_layout(examined: Examined, options: CheckOptions) -> None:
    """Refuse a copy in a layout that is not written, before an hour of decoding."""
    to = options.get("to", examined.layout)
    if "fix" in options and to:  # where nobody knows the layout, nothing can be repaired
        require_choices(to, "copy")


def check_report(data: str | Path | Dataset, count: Counting = uncounted) -> Report:
    """Look a data set over and give the report alone.

    Args:
        data: its folder, or the data set opened from it.
        count: shows how far decoding has come.

    Returns:
        All that is wrong.

    Raises:
        DataError: the data cannot be used at all.
    """
    if not isinstance(data, Dataset):
        checked = look_over(data, {}, count)
        if checked.fatal is not None:
            raise checked.fatal.error()
        return checked.report
    whole = _decoded(data, count)
    return with_sizes(whole, whole.report, _resizing({}))


def with_sizes(dataset: Dataset, report: Report, pictures: PictureConfig) -> Report:
    """Add what resizing leaves of the boxes to learn from.

    Args:
        dataset: looked over.
        report: of it.
        pictures: how they are resized.

    Returns:
        The report with more at its end.
    """
    train = dataset.splits.get(training_split(dataset.splits) or "")
    if train is None:
        return report
    kept, dropped = drop_small_boxes(train, pictures)
    return report.plus((*dropped.problems, *many_small(kept, pictures).problems))


def _whole(examined: Examined, options: CheckOptions, count: Counting) -> Checked:
    dataset = examined.dataset
    report = examined.report
    if dataset is not None and not options.get("no_pictures", False):
        dataset = _decoded(dataset, count)
        end = unlearnable(dataset, dataset.report.problems)
        report = dataset.report.plus([end] if end else [])
    return Checked(root=examined.root, layout=examined.layout, dataset=dataset, report=report)


def _refused(examined: Examined, report: Report) -> Problem | None:
    """Ask whether training would leave out more pictures than it may: when it opens, or decodes."""
    before = examined.report.problems
    bad = [problem for problem in before if problem.effect == "picture skipped"]
    pictures = examined.folder.pictures
    if len(bad) <= MAX_BAD * pictures and examined.dataset is not None:
        splits = examined.dataset.splits
        names = {training_split(splits) or "", "val"} & set(splits) or set(splits)
        learnt = {place_of(r.path) for name in names for r in splits[name].records}
        after = report.problems[len(before) :]
        bad = [p for p in after if p.effect == "picture skipped" and p.place in learnt]
        pictures = len(learnt)
    if len(bad) <= MAX_BAD * pictures:
        return None
    return Problem.of(too_many(bad, pictures, MAX_BAD), effect="none")


def _decoded(dataset: Dataset, count: Counting) -> Dataset:
    every = {record.path for split in dataset.splits.values() for record in split.records}
    with count("pictures decoded", len(every)) as tell:
        return check_all(dataset, on_picture=tell)


def _resizing(options: CheckOptions) -> PictureConfig:
    usual = named(DEFAULT).model.pictures
    shorter = options.get("shorter_side", usual.shorter_side)
    longer = options.get("longer_side", max(usual.longer_side, shorter))
    return replace(usual, shorter_side=shorter, longer_side=longer)


def _quarantine(report: Report, file: str | Path) -> Quarantine:
    """List the pictures that cannot be used; they stay where they are."""
    bad = (problem for problem in report.problems if problem.effect == "picture skipped")
    places = [place for p in bad for place in (p.spot.picture, p.place) if _is_picture(place)]
    paths = tuple(dict.fromkeys(places))
    files.write_text(Path(file), "".join(f"{path}\n" for path in paths))
    return Quarantine(Path(file), len(paths))


def _is_picture(place: str) -> bool:
    path = Path(place)
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _with_copy(examined: Examined, checked: Checked, options: CheckOptions) -> Checked:
    """Write the copy, or keep why there can be none."""
    after = checked.report.problems[len(examined.report.problems) :]
    unreadable = [problem for problem in after if problem.effect == "picture skipped"]
    out = Path(options["fix"])
    try:
        conversion = write_repaired(
            examined, unreadable, out, options.get("to", ""), options.get("read_as", "")
        )
    except DataError as error:
        return replace(checked, unrepaired=Problem.of(error, effect="none"))
    left = examine(out, conversion.layout).report
    return replace(checked, repaired=Repaired(conversion=conversion, left=left))
