"""A data set with its faults mended, as a copy: `frcnn data check --fix`.

1. boxes stored in another form, where only one form explains them, are read in that one (`slips`)
2. boxes are clipped to their pictures; what is no box, or of no known class, is left out
3. of the same box twice, the second is left out
4. pictures that cannot be used are left out
5. the rest is written anew by a layout's writer, its own as a rule, and every step above listed in
   repairs.jsonl; exports of labelling tools have no writer, so their copy is in another layout

What only a person can decide stays as it is: pictures in two splits, boxes on one object, a count
from another first pixel, pictures without annotation.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frcnn.data.convert import Conversion, convert
from frcnn.data.dataset import Dataset
from frcnn.data.examine import Examined, settle
from frcnn.data.problems import Problem, Report, Spot
from frcnn.data.seen import (
    SAME_BOX,
    Folder,
    Rows,
    Seen,
    fit_rows,
)
from frcnn.data.slips import OWN, Slip, find_slip, read_as
from frcnn.data.written import Numbers, written_boxes
from frcnn.errors import counted
from frcnn.ops.picture_header import place_of

LISTING = "repairs.jsonl"
"""The file of all repairs, in the new folder."""
_OF_BOXES = ("box dropped", "box clipped")


def write_repaired(
    examined: Examined, unreadable: Sequence[Problem], out: Path, to: str = ""
) -> Conversion:
    """Write the copy; the data itself is not touched.

    Args:
        examined: the data set as it is.
        unreadable: pictures that cannot be decoded, as `check_all` reports them.
        out: a new or empty folder, outside the data's own.
        to: voc, coco, yolo or csv; empty: the layout that the data has.

    Returns:
        What was written; its report has the repairs alone. Errors are those of `convert`; where
        the data cannot be used even so, that is raised.
    """
    better = mended(examined)
    if better.dataset is None:
        raise better.report.problems[-1].error()
    dataset = _without(better.dataset, {problem.place for problem in unreadable})
    repairs = [p for p in (*better.report.problems, *unreadable) if p.effect != "none"]
    dataset = replace(dataset, report=Report(tuple(repairs)))
    return convert(dataset, out, to or examined.layout, listing=LISTING)


def is_repairable(examined: Examined) -> bool:
    """Say whether a copy can be written: what no file says cannot be mended.

    Args:
        examined: the data set as it is.

    Returns:
        Whether it can be used, as it is or mended.
    """
    return examined.dataset is not None or mended(examined).dataset is not None


def mended(examined: Examined) -> Examined:
    """Give the data set with its boxes mended, in memory alone.

    Args:
        examined: the data set as it is.

    Returns:
        Another one, which may be usable where the first is not.
    """
    folder = mend(examined.folder, examined.layout, examined.root)
    return settle(folder, examined.root, examined.layout)


def mend(folder: Folder, layout: str, root: Path) -> Folder:
    """Read boxes in the form that explains them, and take out repetitions.

    Args:
        folder: a data set, read; it stays as it is.
        layout: its name.
        root: its place.

    Returns:
        Another one, whose problems tell what was done.
    """
    problems = list(folder.problems)
    known: dict[int, Seen] = {}
    splits: dict[str, tuple[Seen, ...]] = {}
    for name, split in folder.splits.items():
        new = [seen for seen in split if id(seen) not in known]
        slip = find_slip(written_boxes(layout, new))
        better = new
        if slip is not None and len(slip.readings) == 1:
            problems = _without_boxes_of(new, problems)
            problems.append(_reread(slip, layout, f"{place_of(root)}: {name}"))
            better = _read_anew(new, layout, slip.readings[0], problems)
        for seen, other in zip(new, better, strict=True):
            known[id(seen)] = _once_each(other, problems)
        splits[name] = tuple(known[id(seen)] for seen in split)
    return replace(folder, splits=splits, problems=problems)


def _read_anew(
    split: Sequence[Seen], layout: str, reading: tuple[str, str], problems: list[Problem]
) -> list[Seen]:
    written = written_boxes(layout, split)
    corners = read_as(written.numbers, written.sides, reading)
    first = np.searchsorted(written.picture, np.arange(len(split) + 1))
    return [
        _with_corners(seen, corners[first[at] : first[at + 1]], problems)
        for at, seen in enumerate(split)
    ]


def _with_corners(seen: Seen, corners: Numbers, problems: list[Problem]) -> Seen:
    is_box = np.all(corners[:, 2:] > corners[:, :2], axis=1)
    found = [
        _no_area(seen.places.of(int(seen.written.numbers[row])), corners[row])
        for row in np.flatnonzero(~is_box).tolist()
    ]
    notes = seen.written.notes and seen.written.notes.without_areas()
    written = seen.written._replace(boxes=corners, is_box=is_box, notes=notes)
    rows = fit_rows(written, seen.size, seen.places, found)
    problems += [problem.on(seen.path) for problem in found]
    return replace(seen, rows=rows, written=written)


def _no_area(place: str, corners: Numbers) -> Problem:
    x1, y1, x2, y2 = corners.tolist()
    return Problem(
        code="RC207",
        place=place,
        what="a box without area",
        fix="mend or delete it; the box is left out",
        effect="box dropped",
        spot=Spot(box=(x1, y1, x2, y2)),
    )


def _without_boxes_of(split: Sequence[Seen], problems: Sequence[Problem]) -> list[Problem]:
    """Forget what was wrong with boxes in the form in which they are not read any more."""
    places = {s.places.of(n) for s in split for n in s.written.numbers.tolist()}
    return [p for p in problems if p.effect not in _OF_BOXES or not _is_of(p.place, places)]


def _is_of(place: str, places: Collection[str]) -> bool:
    """Say whether a place is one of some, or a column in one of them."""
    return place in places or place.rpartition(":")[0] in places


def _reread(slip: Slip, layout: str, place: str) -> Problem:
    new, unit = slip.readings[0]
    return Problem(
        code="RC260",
        place=place,
        what="boxes look as if they were stored in another form",
        got=f"{counted(slip.count, 'box')} read as {new} in {unit}",
        want=" in ".join(OWN[layout]),
        fix="look at some pictures with their boxes before the copy is used",
        severity="warning",
        effect="boxes read anew",
    )


def _once_each(seen: Seen, problems: list[Problem]) -> Seen:
    """Leave out a box that is there already."""
    keep = _first_of_each(seen.rows)
    if keep.all():
        return seen
    places = {seen.places.of(number) for number in seen.rows.numbers[~keep].tolist()}
    for at, problem in enumerate(problems):
        if problem.code == SAME_BOX and problem.place in places:
            problems[at] = replace(problem, effect="box dropped")
    return replace(seen, rows=seen.rows.chosen(keep))


def _first_of_each(rows: Rows) -> NDArray[np.bool_]:
    known: set[tuple[object, ...]] = set()
    keep = np.ones(len(rows.names), np.bool_)
    for row, (name, box) in enumerate(zip(rows.names, rows.boxes.tolist(), strict=True)):
        keep[row] = (name, *box) not in known
        known.add((name, *box))
    return keep


def _without(dataset: Dataset, places: Collection[str]) -> Dataset:
    splits = {
        name: split.subset(i for i, r in enumerate(split.records) if place_of(r.path) not in places)
        for name, split in dataset.splits.items()
    }
    return replace(dataset, splits=splits)
