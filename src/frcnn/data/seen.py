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
from frcnn.data.box_notes import BoxNotes
from frcnn.data.problems import Problem, Spot
from frcnn.data.records import Record, Stamp
from frcnn.ops import exif
from frcnn.ops.picture_header import place_of
from frcnn.types import Corners, Size, Target

SAME_BOX = "RC219"
"""One class, one place, twice in a picture."""
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
    is_box: NDArray[np.bool_] | None = None
    """[G] False where the four numbers make no box in this layout, which is reported already; they
    are kept for `slips`. None: all are boxes."""
    notes: BoxNotes | None = None
    """[G] areas and ids, where the layout has them."""

    def chosen(self, keep: NDArray[np.bool_]) -> "Rows":
        """Keep some of them."""
        names = tuple(name for name, kept in zip(self.names, keep.tolist(), strict=True) if kept)
        return Rows(
            boxes=self.boxes[keep],
            names=names,
            difficult=self.difficult[keep],
            numbers=self.numbers[keep],
            notes=self.notes and self.notes.chosen(keep),
        )

    def usable(self) -> "Rows":
        """Keep those that are boxes."""
        if self.is_box is None or self.is_box.all():
            return self._replace(is_box=None) if self.is_box is not None else self
        return self.chosen(self.is_box)


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
    written: Rows
    """What the file says, before anything was clipped or left out."""
    stated: Size | None
    """What the file says of the picture's size; None where it says nothing."""
    orientation: int
    """EXIF orientation, 1 ... 8."""
    places: Places
    sha256: str
    """Empty when there is no list of checksums."""
    file_id: FileId = ""

    @property
    def is_on_its_side(self) -> bool:
        """Whether EXIF turns the picture by a quarter, so that width and height change places."""
        return self.orientation >= exif.ON_ITS_SIDE


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


def fit_rows(rows: Rows, size: Size, places: Places, problems: list[Problem]) -> Rows:
    """Clip boxes to their picture, leave out those outside, and report both and repetitions.

    Args:
        rows: finite; those that are boxes have positive sides.
        size: of the picture.
        places: of the boxes.
        problems: gets what was wrong.

    Returns:
        The boxes inside.
    """
    rows = rows.usable()
    boxes, ends = rows.boxes, np.array((size.width, size.height))
    beyond = np.any(boxes[:, :2] < 0, axis=1) | np.any(boxes[:, 2:] > ends, axis=1)
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
    return rows._replace(boxes=boxes, notes=rows.notes and rows.notes.cut(boxes, beyond)).chosen(
        keep
    )


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


def to_records(split: Sequence[Seen], class_ids: Mapping[str, int]) -> tuple[Record, ...]:
    """Settle the classes of pictures.

    Args:
        split: the pictures.
        class_ids: id of each name; every name in use must be in it.

    Returns:
        A record of each; their boxes are parts of one tensor, which a hundred thousand small ones
        would cost more than to read them from the disk.
    """
    rows = [seen.rows for seen in split]
    counts = [len(each.names) for each in rows]
    boxes = np.concatenate([np.zeros((0, 4)), *(each.boxes for each in rows)], dtype=np.float32)
    labels = np.array([class_ids[name] for each in rows for name in each.names], np.int64)
    difficult = np.concatenate([np.zeros(0, np.bool_), *(each.difficult for each in rows)])
    parts = (torch.split(torch.from_numpy(v), counts) for v in (boxes, labels, difficult))
    return tuple(
        Record(
            name=seen.name,
            path=seen.path,
            size=seen.size,
            target=Target(boxes=own_boxes, labels=own_labels, difficult=own_difficult),
            stamp=seen.stamp,
            sha256=seen.sha256,
            file_id=seen.file_id,
            notes=seen.rows.notes,
        )
        for seen, own_boxes, own_labels, own_difficult in zip(split, *parts, strict=True)
    )


def _report_twins(rows: Rows, places: Places, problems: list[Problem]) -> None:
    """Report the same box of the same class twice."""
    if len(set(rows.boxes[:, 0].tolist())) == len(rows.names):  # no two begin at one place
        return
    known: set[tuple[str, Corners]] = set()
    for name, edges, number in zip(rows.names, rows.boxes.tolist(), rows.numbers, strict=True):
        x1, y1, x2, y2 = edges
        box = (x1, y1, x2, y2)
        if (name, box) in known:
            problems.append(_same_box(places.of(int(number)), name, box))
        known.add((name, box))


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


def unknown_class(place: str, own: object, known: Declared) -> Problem:
    """Report a box whose class id has no name.

    Args:
        place: of the box.
        own: the id.
        known: the class list.

    Returns:
        A box dropped.
    """
    rows = [f"{i} {name}" for i, name in zip(known.ids, known.names, strict=True)]
    return Problem(
        code="RC214",
        place=place,
        what="the class id has no name in the class list",
        got=repr(own)[:80],
        want=", ".join(rows[:20]) + (", ..." if len(rows) > 20 else ""),
        fix=f"mend the id, or add the class to {known.place}",
        effect="box dropped",
    )


def _same_box(place: str, name: str, box: Corners) -> Problem:
    return Problem(
        code=SAME_BOX,
        place=place,
        what="the same box twice; both are kept",
        got="{} ({:g}, {:g}, {:g}, {:g})".format(name, *box),
        fix="delete one of the objects",
        severity="warning",
        spot=Spot(box=box),
    )
