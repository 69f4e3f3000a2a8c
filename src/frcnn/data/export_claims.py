"""What the exports of labelling tools say of pictures: from a name on another machine to a file.

An export names a picture as its tool does: by an address, a path on the labeller's disk, a name
with a prefix. Only files within the data are opened; the longest end of such a path that leads to
one is the picture.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from frcnn.data.claims import Claim
from frcnn.data.picture_paths import Names, PictureFinder
from frcnn.data.problems import Problem
from frcnn.data.seen import FileId, Folder, Places, Rows
from frcnn.errors import AnnotationError, DataError
from frcnn.ops.picture_header import place_of
from frcnn.types import Size

_DRIVE = re.compile(r"^([A-Za-z]:)?[/~]*")
"""What stands before the first folder of a path."""
PICTURE_FOLDERS = ("images", "JPEGImages", "imgs", "upload", "media/upload")
"""Where pictures may be, beside the export or in the folder of the data."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What an export says of one picture."""

    names: Sequence[str]
    """Paths to look for, the likeliest first; never empty."""
    place: str
    """Where it stands, for errors."""
    places: Places
    """Of its shapes."""
    rows: Callable[[Size, list[Problem]], Rows]
    """As `Claim` has it."""
    stated: Size | None = None
    file_id: FileId = ""


def ends_of(path: str) -> tuple[str, ...]:
    """List the ends of a path that may lie within the data, the longest first.

    Args:
        path: of any system, on any machine.

    Returns:
        Such as `x/a/b.jpg`, `a/b.jpg` and `b.jpg` for `D:/x/y/../a/b.jpg`; none for no path.
    """
    plain = posixpath.normpath("/" + _DRIVE.sub("", path.replace("\\", "/")))  # nothing goes up
    parts = PurePosixPath(plain).parts[1:]
    return tuple("/".join(parts[first:]) for first in range(len(parts)))


def picture_folders(beside: Path, home: Path, split: str) -> list[Path]:
    """List where an export's pictures may be.

    Args:
        beside: the export's folder.
        home: the data set's folder.
        split: its name.

    Returns:
        Folders, likely ones first.
    """
    tops = dict.fromkeys((beside, home))
    below = [top / name for top in tops for name in PICTURE_FOLDERS]
    return [*tops, *below, home / split, home / "images" / split]


def claims_of(entries: Iterable[Entry], finder: PictureFinder, folder: Folder) -> Iterator[Claim]:
    """Find every picture.

    Args:
        entries: of one split.
        finder: of its pictures.
        folder: gets a problem for each picture that is not there, or there twice.

    Yields:
        What is said of each picture that is there.
    """
    names = Names()
    taken: dict[Path, str] = {}
    entries = list(entries)
    finder.look_below(name for entry in entries for name in entry.names)
    for entry in entries:
        try:
            path = _first_found(entry, finder)
        except DataError as error:
            folder.problems.append(Problem.of(error, effect="picture skipped"))
            folder.pictures += 1
            continue
        if path in taken:
            folder.problems.append(_twice(entry.place, path, taken[path]))
            folder.pictures += 1
            continue
        taken[path] = entry.place
        yield Claim(
            name=names.of(path),
            path=path,
            places=entry.places,
            rows=entry.rows,
            place=entry.place,
            stated=entry.stated,
            file_id=entry.file_id,
        )


def _first_found(entry: Entry, finder: PictureFinder) -> Path:
    *others, last = entry.names
    for name in others:
        try:
            return finder.find(name, entry.place)
        except AnnotationError as error:
            if error.code == "RC224":  # a link out of the data: there is such a picture
                raise
    return finder.find(last, entry.place)


def _twice(place: str, path: Path, first: str) -> Problem:
    return Problem(
        code="RC218",
        place=place,
        what="a picture is there twice in one split",
        got=f"{place_of(Path(path.name))}, first at {first}",
        fix="put both entries together; the second is left out with its boxes",
        effect="picture skipped",
    )
