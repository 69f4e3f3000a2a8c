"""A data set into another layout: `frcnn data convert`. Never in place, never over other files.

What the new layout cannot hold is listed, a `Problem` (RC290 ... RC299) each. Pictures keep their
bytes and, but for two of one name and for characters that lists cannot hold, their names.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, get_args

from frcnn.data.coco_writer import write_coco
from frcnn.data.csv_writer import write_csv
from frcnn.data.dataset import Dataset
from frcnn.data.layouts import WRITTEN
from frcnn.data.moving import Moved, Pictures, bring_over, move, unwritten
from frcnn.data.new_folder import new_folder
from frcnn.data.picture_paths import home_of
from frcnn.data.problems import Problem, Report
from frcnn.data.tile_origins import Origin, origins_of, read_origins, write_origins
from frcnn.data.unkept import unkept
from frcnn.data.voc_writer import write_voc
from frcnn.data.yolo_writer import write_yolo
from frcnn.errors import AnnotationError, ConfigError, counted
from frcnn.files import disk_error
from frcnn.ops.picture_header import place_of

REPORT = "conversion.jsonl"
"""The file of everything that was left out, in the new folder."""

_WRITERS: Mapping[str, Callable[[Path, Dataset, Moved, list[Problem]], dict[str, int]]] = {
    "voc": write_voc,
    "coco": write_coco,
    "yolo": write_yolo,
    "csv": write_csv,
}
_FOLDERS = {"voc": "JPEGImages", "coco": "images", "yolo": "images/{split}", "csv": "images"}


class Placed(NamedTuple):
    """Pictures in their new places."""

    data: Dataset
    """Without those that could not be brought over; its report says so."""
    moved: Moved
    origins: Mapping[Path, Origin]
    """By the old path, of those that are tiles of larger pictures."""


Placing = Callable[[Path, Moved], Placed]
"""Told the new folder and where each picture goes."""


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What was written."""

    path: Path
    """The new folder."""
    layout: str
    pictures: Mapping[str, int]
    """By split."""
    boxes: Mapping[str, int]
    """By split, as they were written."""
    report: Report
    """What was wrong with the data, and what its new layout cannot hold."""
    listing: str = REPORT
    """The file in the new folder that has it."""

    def __str__(self) -> str:
        counts = ", ".join(
            f"{split} {counted(count, 'picture')} with {counted(self.boxes[split], 'box')}"
            for split, count in self.pictures.items()
        )
        listed = "nothing left out"
        if self.report.problems:
            listed = f"{self.report.summary()}\n  all of it: {self.path / self.listing}"
        return f"{self.layout} in {self.path}: {counts}\n{listed}"

    def to_json(self) -> Mapping[str, object]:
        """Give all of it as plain values."""
        return {
            "path": str(self.path),
            "layout": self.layout,
            "pictures": dict(self.pictures),
            "boxes": dict(self.boxes),
            **self.report.to_json(),
        }


def convert(
    data: Dataset,
    out: str | Path,
    to: str,
    *,
    pictures: Pictures = "copy",
    listing: str = REPORT,
) -> Conversion:
    """Write a data set in another layout, or in its own once more.

    Args:
        data: open; what it left out is left out here, too, and said again.
        out: a new or empty folder, outside the data's own.
        to: voc, coco, yolo or csv.
        pictures: "copy", or "hardlink", which takes no space but shares the bytes: what is changed
            in one place is changed in both.
        listing: name of the file that says what was left out.

    Returns:
        What was written.

    Raises:
        ConfigError: no such layout (RC323) or way (RC325), or the folder is in use (RC331) or
            within the data's or around it (RC326).
        AnnotationError: a class has a name that no file of text can hold (RC296).
        DiskError: it could not be written; then nothing is there.
    """
    require_choices(to, pictures)
    out = Path(out)
    require_apart(data.root, out)

    def place(draft: Path, moved: Moved) -> Placed:
        bring_over(draft, moved.files, pictures)
        return Placed(data, moved, origins_of(moved.files, read_origins(home_of(data.root))))

    return write_anew(data, out, to, place, listing=listing)


def write_anew(
    data: Dataset, out: Path, to: str, place: Placing, *, listing: str = REPORT
) -> Conversion:
    """Write a data set whose pictures are brought over by somebody else.

    Args:
        data: open.
        out: as `convert` has it.
        to: as `convert` has it.
        place: puts the pictures where they are to be.
        listing: as `convert` has it.

    Returns:
        What was written; errors are those of `convert`, and of `place`.
    """
    _require_texts(data)
    with new_folder(out) as draft:
        try:
            data, moved, origins = place(draft, move(data, _FOLDERS[to]))
            write_origins(draft, moved, origins)
            lost: list[Problem] = []
            boxes = _WRITERS[to](draft, data, moved, lost)
            report = data.report.plus([*lost, *_outlines(data, to), *unkept(data, to)])
            if report.problems:
                rows = (json.dumps(p.to_json(), allow_nan=False) for p in report.problems)
                (draft / listing).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        except OSError as error:
            raise disk_error(error, out) from error
    return Conversion(
        path=out,
        layout=to,
        pictures={name: len(split) for name, split in data.splits.items()},
        boxes=boxes,
        report=report,
        listing=listing,
    )


def convert_folder(
    data: str | Path,
    out: str | Path,
    to: str,
    *,
    layout: str = "",
    pictures: Pictures = "copy",
) -> Conversion:
    """Open a data set, however much is wrong with it, and write it in another layout.

    Args:
        data: its folder, or its annotation file.
        out: as `convert` has it.
        to: voc, coco, yolo or csv.
        layout: of the data; empty: found by looking.
        pictures: as `convert` has it.

    Returns:
        What was written. Errors are those of `convert` and of `Dataset.open`.
    """
    require_choices(to, pictures)
    require_apart(Path(data), Path(out))
    opened = Dataset.open(data, layout=layout, bad_data="report")
    return convert(opened, out, to, pictures=pictures)


def require_choices(to: str, pictures: str) -> None:
    """Refuse a layout or a way that there is not, before anything is read.

    Args:
        to: the layout to write.
        pictures: how they are brought over.

    Raises:
        ConfigError: no such layout or way (RC325).
    """
    if to not in WRITTEN:
        known = ", ".join(WRITTEN)
        raise ConfigError(
            "RC325",
            "to",
            "no such layout to write",
            got=repr(to),
            want=known,
            fix="name one: --to coco",
        )
    if pictures not in get_args(Pictures):
        raise ConfigError(
            "RC325",
            "pictures",
            "no such way to bring pictures over",
            got=repr(pictures),
            want=" or ".join(get_args(Pictures)),
            fix="copy is the safe one",
        )


def _require_texts(data: Dataset) -> None:
    for name in data.classes:
        if not name.isprintable():
            raise AnnotationError(
                "RC296",
                place_of(data.root),
                "a class has a name that not every file of text can hold",
                got=ascii(name)[:80],
                want="printable characters",
                fix="rename the class in the annotations",
            )


def require_apart(root: Path, out: Path) -> None:
    """Refuse a new folder in the data's own, or around it.

    Args:
        root: of the data.
        out: the new folder.

    Raises:
        ConfigError: one is within the other (RC326).
    """
    home = home_of(root).resolve()
    there = out.resolve()
    if there.is_relative_to(home) or home.is_relative_to(there):
        raise ConfigError(
            "RC326",
            str(out),
            "the new folder and the data are within each other",
            got=str(home),
            want="a folder beside the data's",
            fix="name another folder; nothing is converted in place",
        )


def _outlines(data: Dataset, to: str) -> list[Problem]:
    if not data.outlines:
        return []
    return [unwritten("RC291", place_of(data.root), str(data.outlines), to)]
