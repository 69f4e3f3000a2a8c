"""Where every picture of a data set goes when it is written anew, and what cannot be written."""

import errno
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from frcnn.data.dataset import Dataset
from frcnn.data.picture_paths import Names
from frcnn.data.problems import Effect, Problem
from frcnn.data.records import Record
from frcnn.errors import ConfigError, counted
from frcnn.ops.picture_header import place_of
from frcnn.ops.pictures import SUFFIXES

Pictures = Literal["copy", "hardlink"]
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}
WORDS = {"voc": "PASCAL VOC", "coco": "COCO", "yolo": "YOLO", "csv": "CSV"}
"""How people call the layouts."""
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\u2028\u2029\ud800-\udfff]")
"""What not every list, XML or table holds: control characters, slashes, bytes that are no UTF-8."""
_WHATS = {
    "RC290": "cannot mark a box as difficult or a crowd; it is left out",
    "RC291": "is written without outlines of objects; their boxes are kept",
    "RC292": "has no ids of classes of its own; they become 0 ... C-1",
    "RC293": "cannot hold a box with a side of a pixel or less",
    "RC294": "has no list of classes; ids will follow the sorted names of the training split",
    "RC295": "has one list of boxes for a picture; what another split says of it is left out",
    "RC299": "is written with boxes and classes; what else the files say is not in it",
}


@dataclass(frozen=True)
class Moved:
    """The pictures of all splits; one that is in several is there once."""

    files: Mapping[Path, str]
    """The new path within the new folder, by the old one; no two have one name but for folder and
    ending."""

    def file(self, path: Path) -> str:
        """Give a picture's new path within the new folder, with forward slashes."""
        return self.files[path]

    def stem(self, path: Path) -> str:
        """Give the name of a picture's new file without its ending."""
        return self.files[path].rpartition("/")[2].rpartition(".")[0]


def move(data: Dataset, folder: str) -> Moved:
    """Give every picture its new place.

    Args:
        data: the data set.
        folder: where pictures go; `{split}` in it becomes the first split that has the picture.

    Returns:
        The places.
    """
    files: dict[Path, str] = {}
    names, taken = Names(), set[str]()
    for name, split in data.splits.items():
        for record in split.records:
            if record.path not in files:
                stem = _free(_UNFIT.sub("_", names.of(record.path)).lstrip(".").strip(), taken)
                suffix = record.path.suffix
                ending = suffix if suffix.lower() in SUFFIXES else ".jpg"
                files[record.path] = f"{folder.format(split=name)}/{stem}{ending}"
    return Moved(files)


def _free(stem: str, taken: set[str]) -> str:
    """Number a name until no other picture has it."""
    stem = wanted = stem or "picture"
    number = 1
    while stem in taken:
        number += 1
        stem = f"{wanted}_{number}"
    taken.add(stem)
    return stem


def each_once(data: Dataset, to: str, lost: list[Problem]) -> list[Record]:
    """List the pictures for a layout that has one file of boxes for each.

    Args:
        data: the data set.
        to: the layout.
        lost: gets the pictures that another split has with other boxes.

    Returns:
        Every picture as its first split has it.
    """
    first: dict[Path, Record] = {}
    for split in data.splits.values():
        for record in split.records:
            kept = first.setdefault(record.path, record)
            if not _says_the_same(kept, record):
                got = f"{counted(len(record.target.boxes), 'box')} in {split.name}"
                lost.append(unwritten("RC295", place_of(record.path), got, to, "box dropped"))
    return list(first.values())


def _says_the_same(one: Record, other: Record) -> bool:
    a, b = one.target, other.target
    pairs = ((a.boxes, b.boxes), (a.labels, b.labels), (a.difficult, b.difficult))
    return all(torch.equal(x, y) for x, y in pairs)


def all_boxes(data: Dataset) -> dict[str, int]:
    """Count the boxes of every split.

    Args:
        data: the data set.

    Returns:
        The counts, for a layout that holds them all.
    """
    return {name: sum(split.boxes_per_class.values()) for name, split in data.splits.items()}


def boxes_by_split(data: Dataset, written: Mapping[Path, int]) -> dict[str, int]:
    """Count boxes by split, where a layout has one file of boxes for a picture.

    Args:
        data: the data set.
        written: how many boxes the file of each picture has.

    Returns:
        The counts.
    """
    return {
        name: sum(written[record.path] for record in split.records)
        for name, split in data.splits.items()
    }


def ids_unwritten(data: Dataset, to: str) -> list[Problem]:
    """Report class ids that a layout without them cannot hold.

    Args:
        data: the data set.
        to: the layout.

    Returns:
        A warning where the data's own ids are others than 0 ... C-1.
    """
    ids = data.class_list.ids
    if ids == tuple(range(len(ids))):
        return []
    return [unwritten("RC292", place_of(data.root), f"{ids[0]} ... {ids[-1]}", to)]


def bring_over(draft: Path, files: Mapping[Path, str], pictures: Pictures) -> None:
    """Copy pictures, or link them.

    Args:
        draft: the new folder.
        files: new path within it, by the old one.
        pictures: "copy" or "hardlink".

    Raises:
        ConfigError: they cannot be linked from there to here (RC325).
    """
    for source, file in files.items():
        target = draft / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if pictures == "copy":
            shutil.copyfile(source, target)
            continue
        try:
            os.link(source, target, follow_symlinks=True)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise  # a full disk, say
            raise ConfigError(
                "RC325",
                "pictures",
                "pictures cannot be linked from there to here",
                got=error.strerror or type(error).__name__,
                want="one disk whose file system knows hard links",
                fix="copy them: --pictures copy",
            ) from error


def unwritten(code: str, place: str, got: str, to: str, effect: Effect = "none") -> Problem:
    """Report what a layout cannot hold.

    Args:
        code: RC290 ... RC295, or RC299.
        place: of the picture or data set.
        got: which, or how many.
        to: the layout.
        effect: what was left out.

    Returns:
        A warning.
    """
    return Problem(
        code=code,
        place=place,
        what=f"{WORDS[to]} layout {_WHATS[code]}",
        got=got,
        fix="keep the old data, or choose a layout that has room for it",
        severity="warning",
        effect=effect,
    )
