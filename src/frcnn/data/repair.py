"""A data set with its faults mended, as a copy: `frcnn data check --fix`.

1. boxes drawn before the EXIF rotation are rotated with their pictures (`turning`)
2. boxes stored in another form are read in the only one that explains them (`slips`), or in the
   one of several that somebody chose
3. boxes are clipped to their pictures; what is no box, or of no known class, is left out
4. of the same box twice, the second is left out
5. pictures that cannot be used are left out
6. the rest is written anew by a layout's writer, its own as a rule, and every step above listed in
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
from frcnn.data.examine import Examined, settle, unlearnable
from frcnn.data.problems import Problem, Report
from frcnn.data.rereading import with_corners, without_boxes_of
from frcnn.data.rotations import is_unknown
from frcnn.data.seen import SAME_BOX, Folder, Rows, Seen
from frcnn.data.slip_choice import chosen_reading, nothing_to_choose, reading_named
from frcnn.data.slips import OWN, RARE, Reading, Slip, find_slip
from frcnn.data.slips import read_as as read_in
from frcnn.data.turning import turned, with_exchanged
from frcnn.data.written import written_boxes
from frcnn.errors import counted
from frcnn.ops.picture_header import place_of

LISTING = "repairs.jsonl"
"""The file of all repairs, in the new folder."""


def write_repaired(
    examined: Examined, unreadable: Sequence[Problem], out: Path, to: str = "", read_as: str = ""
) -> Conversion:
    """Write the copy; the data itself is not touched.

    Args:
        examined: the data set as it is.
        unreadable: pictures that cannot be decoded, as `check_all` reports them.
        out: a new or empty folder, outside the data's own.
        to: voc, coco, yolo or csv; empty: the layout that the data has.
        read_as: the form of the boxes, where several explain them.

    Returns:
        What was written; its report has the repairs alone. Errors are those of `convert` and of
        `repaired`.
    """
    dataset = repaired(examined, unreadable, read_as)
    return convert(dataset, out, to or examined.layout, listing=LISTING)


def repaired(examined: Examined, unreadable: Sequence[Problem] = (), read_as: str = "") -> Dataset:
    """Give the data set mended, in memory alone.

    Args:
        examined: the data set as it is.
        unreadable: pictures that cannot be decoded.
        read_as: as `write_repaired` has it.

    Returns:
        Another one, whose report has the repairs alone. What makes it unusable even so is raised:
        DataError, with RC260 where nobody knows which of several forms the boxes have; ConfigError
        where `read_as` is none (RC329).
    """
    folder = mend(examined.folder, examined.layout, examined.root, read_as)
    better = settle(folder, examined.root, examined.layout)
    if better.dataset is None:
        raise better.report.problems[-1].error()
    dataset = _without(better.dataset, {problem.place for problem in unreadable})
    repairs = [p for p in (*better.report.problems, *unreadable) if p.effect != "none"]
    if end := unlearnable(dataset, repairs):
        raise end.error()
    return replace(dataset, report=Report(tuple(repairs)))


def mend(folder: Folder, layout: str, root: Path, read_as: str = "") -> Folder:
    """Rotate boxes with their pictures, read them in their form, and take out repetitions.

    Args:
        folder: a data set, read; it stays as it is.
        layout: its name.
        root: its place.
        read_as: the form of the boxes, where several explain them; empty: none is chosen.

    Returns:
        Another one, whose problems tell what was done. Errors are those of `repaired`.
    """
    wanted = reading_named(read_as) if read_as else None
    folder = with_exchanged(folder, layout, root)
    problems = list(folder.problems)
    known: dict[int, Seen] = {}
    splits: dict[str, tuple[Seen, ...]] = {}
    slips: list[Slip] = []
    for name, split in folder.splits.items():
        new = [seen for seen in split if id(seen) not in known]
        place = f"{place_of(root)}: {name}"
        better = turned(new, layout, place, problems)
        rest = [seen for seen, other in zip(better, new, strict=True) if seen is other]
        slip = find_slip(written_boxes(layout, rest))
        if slip is not None:
            slips.append(slip)
            reading = chosen_reading(slip, wanted, layout, place)
            anew = _read_anew(rest, layout, reading, problems)
            better = [anew.get(id(seen), seen) for seen in better]
            problems.append(_reread(slip, reading, layout, place))
        for seen, other in zip(new, better, strict=True):
            known[id(seen)] = _once_each(other, problems)
        splits[name] = tuple(known[id(seen)] for seen in split)
    if wanted is not None and not slips:
        raise nothing_to_choose(wanted, layout, place_of(root))
    return replace(folder, splits=splits, problems=problems)


def _read_anew(
    split: Sequence[Seen], layout: str, reading: Reading, problems: list[Problem]
) -> dict[int, Seen]:
    """Read a split's boxes in a form; a rare one is not known of pictures on their side."""
    chosen = [seen for seen in split if reading[0] not in RARE or not is_unknown(seen)]
    problems[:] = without_boxes_of(chosen, problems)
    written = written_boxes(layout, chosen)
    corners = read_in(written.numbers, written.sides, reading)
    first = np.searchsorted(written.picture, np.arange(len(chosen) + 1))
    return {
        id(seen): with_corners(_of_no_area(seen), corners[first[at] : first[at + 1]], problems)
        for at, seen in enumerate(chosen)
    }


def _of_no_area(seen: Seen) -> Seen:
    """Forget the areas that are stated of boxes which mean something else than the file says."""
    notes = seen.written.notes and seen.written.notes.without_areas()
    return replace(seen, written=seen.written._replace(notes=notes))


def _reread(slip: Slip, reading: Reading, layout: str, place: str) -> Problem:
    new, unit = reading
    return Problem(
        code="RC260",
        place=place,
        what="boxes were stored in another form; they are read in it",
        got=f"{counted(slip.count, 'box')} read as {new} in {unit}",
        want=" in ".join(OWN[layout]),
        fix="look at some pictures with their boxes before the copy is used",
        severity="warning",
        effect="box read anew",
        count=slip.count,
    )


def _once_each(seen: Seen, problems: list[Problem]) -> Seen:
    """Leave out a box that is there already."""
    keep = _first_of_each(seen.rows)
    if keep.all():
        return seen
    places = {seen.places.of(number) for number in seen.rows.numbers[~keep].tolist()}
    for at, problem in enumerate(problems):
        if problem.code == SAME_BOX and problem.place in places:
            what = "the same box twice; the second is left out"
            problems[at] = replace(problem, what=what, effect="box dropped")
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
