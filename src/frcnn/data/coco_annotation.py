"""One COCO file: its pictures, its boxes in arrays, its categories; bad entries left out, reported.

Corner and sides (x, y, width, height) become our corners here. Ids may be anything: numbers from 0
or with gaps, or texts. P pictures, N boxes.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from frcnn.data.box_checks import MOST
from frcnn.data.box_notes import BoxNotes, to_notes
from frcnn.data.coco_columns import are_ids, is_id, positions, to_corners_and_sides, to_sizes
from frcnn.data.coco_text import Box, COCOText, Picture, read_coco_text
from frcnn.data.problems import Effect, Problem, Spot
from frcnn.data.seen import Declared, FileId, unknown_class
from frcnn.errors import AnnotationError
from frcnn.ops.picture_header import place_of
from frcnn.types import Size


@dataclass(frozen=True, eq=False, kw_only=True)
class COCOAnnotation:
    """A file, without what was wrong in it. Boxes of one picture stand together."""

    path: Path
    categories: Declared
    """In the order of their ids; of the file where ids are texts."""
    names: tuple[str, ...]
    """[P] of the pictures' files."""
    ids: tuple[FileId, ...]
    """[P] of the pictures."""
    sizes: NDArray[np.int32]
    """[P, 2] height and width; 0 where the file does not say."""
    numbers: NDArray[np.int32]
    """[P] positions of the pictures in `images`."""
    first: NDArray[np.int64]
    """[P + 1] where each picture's boxes begin."""
    boxes: NDArray[np.float64]
    """[N, 4] corners, pixels."""
    labels: NDArray[np.int32]
    """[N] positions in `categories`."""
    is_crowd: NDArray[np.bool_]
    """[N]."""
    box_numbers: NDArray[np.int32]
    """[N] positions in `annotations`."""
    notes: BoxNotes
    """[N] areas and ids."""
    outlines: int
    """How many annotations have an outline beside their box."""
    problems: tuple[Problem, ...]

    def size(self, picture: int) -> Size | None:
        """Give the size that the file states for a picture."""
        height, width = self.sizes[picture].tolist()
        return Size(height, width) if height > 0 and width > 0 else None


def read_coco(path: Path) -> COCOAnnotation:
    """Read a file; entries that cannot be used are left out and reported.

    Args:
        path: of a JSON file.

    Returns:
        What it says.

    Raises:
        AnnotationError: it is no JSON (RC271) or no COCO file (RC272), or its categories are no
            list of names (RC277).
    """
    return _Reader(path).read(read_coco_text(path))


class _Reader:
    """Gathers the problems of one file."""

    def __init__(self, path: Path) -> None:
        self.path, self.place = path, f"{place_of(path)}#"
        self.problems: list[Problem] = []

    def read(self, text: COCOText) -> COCOAnnotation:
        categories = self._categories(text.categories)
        images, numbers = self._images(text.images)
        box_numbers, boxes = self._with_kind(text.annotations)
        self._repeated_ids(box_numbers, boxes)
        corners, fits = self._corners(box_numbers, boxes)
        ids = [image.id for image in images]
        of_picture = positions(ids, [box.image_id for box in boxes])
        labels = positions(categories.ids, [box.category_id for box in boxes])
        fits &= self._known(of_picture, box_numbers, boxes)
        fits &= self._labelled(labels, box_numbers, boxes, categories)
        order = np.argsort(of_picture[fits], kind="stable")
        kept = np.flatnonzero(fits)[order]
        self._put_on_pictures(images, of_picture, corners, box_numbers)
        crowds = (_is_set(box.iscrowd) or _is_set(box.ignore) for box in boxes)
        return COCOAnnotation(
            path=self.path,
            categories=categories,
            names=tuple(image.file_name for image in images),
            ids=tuple(ids),
            sizes=to_sizes(images),
            numbers=np.array(numbers, np.int32),
            first=np.searchsorted(of_picture[kept], np.arange(len(images) + 1)),
            boxes=corners[kept],
            labels=labels[kept].astype(np.int32),
            is_crowd=np.fromiter(crowds, np.bool_, len(boxes))[kept],
            box_numbers=box_numbers[kept].astype(np.int32),
            notes=to_notes([box.area for box in boxes], [box.id for box in boxes]).chosen(kept),
            outlines=text.outlines,
            problems=tuple(self.problems),
        )

    def _categories(self, entries: list[Any]) -> Declared:
        names, ids = [], []
        for number, entry in enumerate(entries):
            known = entry if isinstance(entry, dict) else {}
            name, own = known.get("name"), known.get("id")
            if not (isinstance(name, str) and name.strip()) or not is_id(own):
                raise self._no_class_list(number, repr(entry)[:60], "a name and an id")
            if name in names or own in ids:
                raise self._no_class_list(number, f"{own} {name!r} again", "each once")
            names.append(name)
            ids.append(own)
        if not names:
            raise self._no_class_list(0, "none", "one category or more")
        if all(isinstance(own, int) for own in ids):
            ids, names = map(list, zip(*sorted(zip(ids, names, strict=True)), strict=True))
        return Declared(tuple(names), tuple(ids), f"{self.place}/categories")

    def _no_class_list(self, number: int, got: str, want: str) -> AnnotationError:
        return AnnotationError(
            "RC277",
            f"{self.place}/categories/{number}",
            "not a list of class names",
            got=got,
            want=want,
            fix="mend the categories",
        )

    def _images(self, entries: list[Any]) -> tuple[list[Picture], list[int]]:
        kept: list[Picture] = []
        numbers: list[int] = []
        known: set[Hashable] = set()
        for number, entry in enumerate(entries):
            place = f"{self.place}/images/{number}"
            if not isinstance(entry, Picture) or not is_id(entry.id) or not _is_name(entry):
                self._say("RC273", place, "a picture without id or file name", entry)
            elif str(entry.id) in known:  # a box may say 1 or "1"
                self._say("RC274", place, "a picture's id twice; the second is left out", entry.id)
            else:
                known.add(str(entry.id))
                kept.append(entry)
                numbers.append(number)
        return kept, numbers

    def _with_kind(self, rows: list[Any]) -> tuple[NDArray[np.int64], list[Box]]:
        if all(type(row) is Box for row in rows):
            return np.arange(len(rows)), rows
        kept = [number for number, row in enumerate(rows) if type(row) is Box]
        for number in sorted({*range(len(rows))} - {*kept}):
            place = f"{self.place}/annotations/{number}"
            self._say("RC273", place, "an annotation without box", rows[number], "box dropped")
        return np.array(kept, np.int64), [rows[number] for number in kept]

    def _repeated_ids(self, numbers: NDArray[np.int64], boxes: list[Box]) -> None:
        ids = [box.id for box in boxes]
        if are_ids(ids) and len(set(ids)) == len(ids):
            return
        known: set[Hashable] = set()
        for number, own in zip(numbers.tolist(), ids, strict=True):
            place = f"{self.place}/annotations/{number}/id"
            if own is not None and not is_id(own):
                self._say("RC273", place, "an id that is none; the box is kept", own, "none")
            elif own is not None and own in known:
                self._say("RC274", place, "an annotation's id twice; both are kept", own, "none")
            known.add(own if is_id(own) else None)

    def _corners(
        self, numbers: NDArray[np.int64], boxes: list[Box]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Give [N, 4] corners and [N] which of them are boxes."""
        found = to_corners_and_sides([box.bbox for box in boxes])
        sound: NDArray[np.bool_] = np.all(np.abs(found) < MOST, axis=1)  # NaN is not below anything
        wide: NDArray[np.bool_] = np.all(found[:, 2:] > 0, axis=1)
        for row in np.flatnonzero(~(sound & wide)).tolist():
            place = f"{self.place}/annotations/{numbers[row]}/bbox"
            code, what = ("RC207", "a box without area") if sound[row] else _NO_NUMBERS
            self._say(code, place, what, boxes[row].bbox, "box dropped")
        found[:, 2:] += found[:, :2]
        return found, sound & wide

    def _known(
        self, of_picture: NDArray[np.int64], numbers: NDArray[np.int64], boxes: list[Box]
    ) -> NDArray[np.bool_]:
        known = of_picture >= 0
        for row in np.flatnonzero(~known).tolist():
            place = f"{self.place}/annotations/{numbers[row]}/image_id"
            what = "a box of a picture that the file does not have"
            self._say("RC275", place, what, boxes[row].image_id, "box dropped")
        return known

    def _labelled(
        self,
        labels: NDArray[np.int64],
        numbers: NDArray[np.int64],
        boxes: list[Box],
        categories: Declared,
    ) -> NDArray[np.bool_]:
        known = labels >= 0
        for row in np.flatnonzero(~known).tolist():
            place = f"{self.place}/annotations/{numbers[row]}/category_id"
            self.problems.append(unknown_class(place, boxes[row].category_id, categories))
        return known

    def _put_on_pictures(
        self,
        images: list[Picture],
        of_picture: NDArray[np.int64],
        corners: NDArray[np.float64],
        box_numbers: NDArray[np.int64],
    ) -> None:
        """Say of every box that is left out on which picture it was to be, and where."""
        start = f"{self.place}/annotations/"
        for at, problem in enumerate(self.problems):
            if problem.effect != "box dropped" or not problem.place.startswith(start):
                continue
            number = int(problem.place.removeprefix(start).partition("/")[0])
            row = int(np.searchsorted(box_numbers, number))
            is_box = row < len(box_numbers) and box_numbers[row] == number
            if is_box and of_picture[row] >= 0:
                x1, y1, x2, y2 = corners[row].tolist()
                box = None if math.isnan(x1) else (x1, y1, x2, y2)
                name = str(images[of_picture[row]].file_name)
                self.problems[at] = replace(problem, spot=Spot(name, box))

    def _say(
        self, code: str, place: str, what: str, got: object, effect: Effect = "picture skipped"
    ) -> None:
        self.problems.append(
            Problem(
                code=code,
                place=place,
                what=what,
                got=_shown(got),
                want=_WANTS.get(code, ""),
                fix="mend or delete the entry",
                effect=effect,
            )
        )


_NO_NUMBERS = ("RC208", "a box that is not four numbers")
_WANTS = {
    "RC207": "x, y, width, height with width and height above 0",
    "RC208": "four finite numbers: x, y, width, height",
    "RC273": "an id, a whole number or a text, and what belongs to it",
    "RC274": "each id once",
    "RC275": "the id of an entry of images",
}


def _is_name(entry: Picture) -> bool:
    return isinstance(entry.file_name, str) and bool(entry.file_name.strip())


def _shown(value: object) -> str:
    if isinstance(value, Box | Picture):
        value = msgspec.structs.asdict(value)
    return repr(value)[:80]


def _is_set(flag: object) -> bool:
    """Read a flag; exports whose ids are texts write these as texts, too."""
    return flag not in (None, 0, "", "0", "false", "False")
