"""What every layout's reader gives: pictures that can be used, with boxes, classes still by name.

The picture's header is read, its size compared with the one stated, and the boxes are fitted into
the picture. G boxes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from frcnn.data.box_checks import fit_box
from frcnn.data.problems import Problem, remark
from frcnn.data.records import Record, Stamp, stamp_of
from frcnn.errors import AnnotationError
from frcnn.ops.picture_header import MAX_PIXELS, open_regular, place_of, read_header
from frcnn.ops.picture_kinds import Header
from frcnn.types import Corners, Size, Target

FileId = int | str
"""What a file calls a picture or a class."""


class Places(NamedTuple):
    """How a message names a box: `before`, its number, `after`."""

    before: str
    after: str = ""

    def of(self, number: int) -> str:
        """Name the box of a line or of a position."""
        return f"{self.before}{number}{self.after}"


class Rows(NamedTuple):
    """The boxes of one picture, as a file has them."""

    boxes: NDArray[np.float64]
    """[G, 4] corners, pixels of the upright picture."""
    names: tuple[str, ...]
    """[G] of their classes."""
    difficult: NDArray[np.bool_]
    """[G] difficult, or a crowd."""
    numbers: NDArray[np.int64]
    """[G] their lines or positions in the file."""

    def chosen(self, keep: NDArray[np.bool_]) -> "Rows":
        """Keep some of them."""
        names = tuple(name for name, kept in zip(self.names, keep.tolist(), strict=True) if kept)
        return Rows(self.boxes[keep], names, self.difficult[keep], self.numbers[keep])


@dataclass(frozen=True, eq=False, kw_only=True)
class Seen:
    """A usable picture and its boxes, classes still by name."""

    name: str
    path: Path
    size: Size
    """Of the upright picture."""
    stamp: Stamp
    rows: Rows
    """Boxes inside the picture."""
    places: Places
    sha256: str
    """Empty when there is no list of checksums."""
    file_id: FileId = ""


class Declared(NamedTuple):
    """A class list that stands in a file."""

    names: tuple[str, ...]
    ids: tuple[FileId, ...]
    """What the file calls each of them."""
    place: str


@dataclass
class Folder:
    """A data set, read but for its classes."""

    splits: dict[str, tuple[Seen, ...]] = field(default_factory=dict)
    """Usable pictures by split."""
    problems: list[Problem] = field(default_factory=list)
    """In the order of the files."""
    pictures: int = 0
    """How many there are in all splits together, usable or not."""
    declared: dict[str, Declared] = field(default_factory=dict)
    """The class list of each split, where its layout has one."""
    outlines: int = 0
    """How many boxes have an outline beside them, which is not read."""


class Look(NamedTuple):
    """What a picture's file says without being decoded."""

    header: Header
    stamp: Stamp


def look_at(path: Path, problems: list[Problem]) -> Look:
    """Read a picture's header; PictureError (RC101 ... RC108) when it is unusable.

    Args:
        path: of the picture.
        problems: gets remarks.

    Returns:
        What it says.
    """
    with open_regular(path) as file:
        header = read_header(file, place_of(path), max_pixels=MAX_PIXELS)
        stamp = stamp_of(file)
    problems.extend(remark(path, note) for note in header.notes)
    return Look(header, stamp)


def require_size(stated: Size | None, header: Header, place: str) -> None:
    """Refuse boxes that are in another frame than the upright picture's.

    Args:
        stated: the size that the annotation says; None where it says none.
        header: of the picture.
        place: of the annotation.

    Raises:
        AnnotationError: the sizes differ (RC212).
    """
    if stated is None or stated == header.upright:
        return
    what, fix = "the annotation is of a picture of another size", "pair them anew or annotate again"
    if stated == Size(header.upright.width, header.upright.height):
        what, fix = "the annotation has width and height exchanged", "exchange the two in it"
        if stated == header.stored:
            what = "the annotation is of the picture before its EXIF rotation"
            fix = "annotate the picture as viewers show it, or take the rotation out of its EXIF"
    raise AnnotationError(
        "RC212",
        place,
        what,
        got=f"{stated.width} x {stated.height}",
        want=f"{header.upright.width} x {header.upright.height}",
        fix=fix,
    )


def fit_rows(rows: Rows, size: Size, places: Places, problems: list[Problem]) -> Rows:
    """Clip boxes to their picture, leave out those outside, and report both and repetitions.

    Args:
        rows: finite boxes with positive sides.
        size: of the picture.
        places: of the boxes.
        problems: gets what was wrong.

    Returns:
        The boxes inside.
    """
    boxes, ends = rows.boxes, np.array((size.width, size.height))
    beyond = (boxes[:, :2] < 0).any(axis=1) | (boxes[:, 2:] > ends).any(axis=1)
    keep = np.ones(len(boxes), np.bool_)
    _report_twins(rows, places, problems)
    if not beyond.any():
        return rows
    boxes = boxes.copy()
    for row in np.flatnonzero(beyond).tolist():
        x1, y1, x2, y2 = boxes[row].tolist()
        box, problem = fit_box((x1, y1, x2, y2), size, places.of(int(rows.numbers[row])))
        problems.extend([problem] if problem else [])
        keep[row] = box is not None
        boxes[row] = box or 0.0
    return rows._replace(boxes=boxes).chosen(keep)


def class_mentions(seen: Sequence[Seen]) -> dict[str, str]:
    """List the class names in use, in the order of the files.

    Args:
        seen: pictures.

    Returns:
        Each name with the place of its first box.
    """
    mentions: dict[str, str] = {}
    for picture in seen:
        for name, number in zip(picture.rows.names, picture.rows.numbers, strict=True):
            if name not in mentions:
                mentions[name] = picture.places.of(int(number))
    return mentions


def to_record(seen: Seen, class_ids: Mapping[str, int]) -> Record:
    """Settle the classes of a picture.

    Args:
        seen: the picture.
        class_ids: id of each name; every name of the picture must be in it.

    Returns:
        The record.
    """
    rows = seen.rows
    target = Target(
        boxes=torch.from_numpy(rows.boxes.astype(np.float32)),
        labels=torch.tensor([class_ids[name] for name in rows.names], dtype=torch.int64),
        difficult=torch.from_numpy(rows.difficult.copy()),
    )
    return Record(
        name=seen.name,
        path=seen.path,
        size=seen.size,
        target=target,
        stamp=seen.stamp,
        sha256=seen.sha256,
        file_id=seen.file_id,
    )


def _report_twins(rows: Rows, places: Places, problems: list[Problem]) -> None:
    """Report the same box of the same class twice."""
    known: set[tuple[str, Corners]] = set()
    for name, box, number in zip(rows.names, rows.boxes.tolist(), rows.numbers, strict=True):
        if (name, tuple(box)) in known:
            problems.append(_same_box(places.of(int(number)), name, box))
        known.add((name, tuple(box)))


def no_annotation(path: Path) -> Problem:
    """Report a picture that nothing is said of.

    Args:
        path: of the picture.

    Returns:
        A warning.
    """
    return Problem(
        code="RC217",
        place=place_of(path),
        what="a picture without annotation; taken as one without objects",
        fix="add its annotation, or take it out if nobody has looked for objects in it",
        severity="warning",
    )


def _same_box(place: str, name: str, box: Sequence[float]) -> Problem:
    return Problem(
        code="RC219",
        place=place,
        what="the same box twice; both are kept",
        got="{} ({:g}, {:g}, {:g}, {:g})".format(name, *box),
        fix="delete one of the objects",
        severity="warning",
    )
