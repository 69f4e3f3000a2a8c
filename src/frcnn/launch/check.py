"""A data set looked over for a person, and mended in a copy: `frcnn data check`.

1. read it and search it, however much is wrong (`data.examine`)
2. decode every picture, unless that is not wanted
3. ask which boxes are left once pictures are resized
4. write the report, and the repaired copy, where they were asked for
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

from frcnn import files
from frcnn.data.convert import Conversion, require_apart, require_choices
from frcnn.data.dataset import Dataset, training_split
from frcnn.data.examine import Examined, examine
from frcnn.data.looking import opened, trusted
from frcnn.data.new_folder import require_new
from frcnn.data.picture_paths import home_of
from frcnn.data.pixel_check import check_all
from frcnn.data.problems import Problem, Report
from frcnn.data.repair import is_repairable, write_repaired
from frcnn.errors import ConfigError
from frcnn.launch.small_boxes import drop_small_boxes, many_small
from frcnn.model.batch import PictureConfig
from frcnn.ops.picture_header import place_of
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
    fix: str | Path
    """A new folder, for a repaired copy."""
    to: str
    """The copy's layout, `voc`, `coco`, `yolo` or `csv`; as the data has it. Exports of labelling
    tools are not written: of them it must be said."""
    quiet: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Checked:
    """What was found."""

    root: Path
    layout: str
    dataset: Dataset | None
    """None where the data cannot be used."""
    report: Report
    written: Path | None = None
    """The report's file."""
    repaired: "Repaired | None" = None
    is_beyond_repair: bool = False
    """A copy was asked for, and none could be written."""

    @property
    def fatal(self) -> Problem | None:
        """Why the data cannot be used."""
        ends = (p for p in self.report.problems if p.effect == "data unusable")
        return next(ends, None)

    def __str__(self) -> str:
        lines = [*self._counts(), self.report.table()]
        if self.dataset is None:
            lines.append("the data cannot be used; pictures were not looked at")
        if self.is_beyond_repair:
            lines.append("it cannot be repaired either: no copy was written")
        if self.written is not None:
            lines.append(f"all of it: {self.written}")
        if self.repaired is not None:
            lines.append(str(self.repaired))
        return "\n".join(lines)

    def _counts(self) -> list[str]:
        head = f"{self.layout or 'data'} in {place_of(self.root)}"
        if self.dataset is None:
            return [head]
        splits = [
            f"  {name}: {len(split)} pictures ({split.without_objects} without objects), "
            f"{sum(split.boxes_per_class.values())} boxes"
            for name, split in self.dataset.splits.items()
        ]
        boxes = ", ".join(f"{name} {count}" for name, count in self._boxes().items())
        table = self.dataset.class_table
        return [head, *splits, f"  classes: {boxes}", *([table] if table else [])]

    def _boxes(self) -> dict[str, int]:
        """Count the boxes of each class, in all splits together."""
        counts: Counter[str] = Counter()
        for split in self.dataset.splits.values() if self.dataset else ():
            counts.update(split.boxes_per_class)
        return dict(counts)

    def to_json(self) -> Mapping[str, object]:
        """Give all of it as plain values; strict JSON."""
        splits = self.dataset.splits if self.dataset else {}
        return {
            "data": str(self.root),
            "layout": self.layout,
            "usable": self.dataset is not None,
            "splits": {
                name: {
                    "pictures": len(split),
                    "without_objects": split.without_objects,
                    "boxes": sum(split.boxes_per_class.values()),
                }
                for name, split in splits.items()
            },
            "classes": self._boxes(),
            **self.report.to_json(),
            "repaired": None if self.repaired is None else self.repaired.to_json(),
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Repaired:
    """A mended copy, and what is still to be said of it."""

    conversion: Conversion
    left: Report

    def __str__(self) -> str:
        left = self.left
        still = f"{len(left.errors)} errors and {len(left.warnings)} warnings are left in it"
        return f"repaired copy: {self.conversion}\n  {still}"

    def to_json(self) -> Mapping[str, object]:
        """Give all of it as plain values."""
        left = {"errors": len(self.left.errors), "warnings": len(self.left.warnings)}
        return {**self.conversion.to_json(), "left": {**left, "counts": self.left.counts()}}


def look_over(data: str | Path, options: CheckOptions, count: Counting | None = None) -> Checked:
    """Look a data set over.

    Args:
        data: its folder, or its annotation file.
        options: what was asked for.
        count: shows how far decoding has come; None: as `quiet` has it.

    Returns:
        What was found, however much it is.

    Raises:
        DataError: there is no data set there, or it cannot be mended.
        ConfigError: the sides contradict each other (RC350), or the copy has no place, or no
            layout in which it can be written (RC325).
        DiskError: the report or the copy cannot be written.
    """
    count = count or (uncounted if options.get("quiet", False) else counting)
    pictures = _resizing(options)
    _require_places(Path(data), options)
    look = trusted if options.get("no_pictures", False) else opened
    examined = examine(Path(data), options.get("layout", ""), look=look)
    _require_layout(examined, options)
    checked = _whole(examined, options, count)
    if checked.dataset is not None:
        checked = replace(checked, report=with_sizes(checked.dataset, checked.report, pictures))
    if "report" in options:
        path = Path(options["report"])
        text = json.dumps(checked.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
        files.write_text(path, text + "\n")
        checked = replace(checked, written=path)
    if "fix" not in options:
        return checked
    if not is_repairable(examined):
        return replace(checked, is_beyond_repair=True)
    return replace(checked, repaired=_repaired(examined, checked, options))


def _require_places(root: Path, options: CheckOptions) -> None:
    """Refuse places that cannot be written to before an hour of decoding."""
    if "fix" in options:
        require_apart(root, Path(options["fix"]))
        require_new(Path(options["fix"]))
    report = options.get("report")
    if report is not None and Path(report).resolve().is_relative_to(home_of(root).resolve()):
        raise ConfigError(
            "RC327",
            str(report),
            "the report would lie in the data",
            want="a file outside the data's folder",
            fix="name another place: nothing in the folder of the data is ever changed",
        )
    if report is not None:
        files.require_writable(Path(report).absolute().parent)


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
    if dataset is not None and not options.get("no_pictures", False):
        dataset = _decoded(dataset, count)
    return Checked(
        root=examined.root,
        layout=examined.layout,
        dataset=dataset,
        report=examined.report if dataset is None else dataset.report,
    )


def _decoded(dataset: Dataset, count: Counting) -> Dataset:
    every = {record.path for split in dataset.splits.values() for record in split.records}
    with count("pictures decoded", len(every)) as tell:
        return check_all(dataset, on_picture=tell)


def _resizing(options: CheckOptions) -> PictureConfig:
    usual = named(DEFAULT).model.pictures
    shorter = options.get("shorter_side", usual.shorter_side)
    longer = options.get("longer_side", max(usual.longer_side, shorter))
    return replace(usual, shorter_side=shorter, longer_side=longer)


def _repaired(examined: Examined, checked: Checked, options: CheckOptions) -> Repaired:
    before = len(examined.report.problems)
    unreadable = [p for p in checked.report.problems[before:] if p.effect == "picture skipped"]
    out = Path(options["fix"])
    conversion = write_repaired(examined, unreadable, out, options.get("to", ""))
    return Repaired(conversion=conversion, left=examine(out, conversion.layout).report)
