"""Which pictures are tiles of one larger picture: `tiles.jsonl`, beside them.

One JSON object on a line: the tile's file, the picture that it was cut from, and where in it, in
pixels of the upright picture. What is written anew (`convert`, `divide`, `repair`) takes it along,
so that tiles of one picture are never parted into two splits, and can be put back.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from frcnn.data.moving import Moved
from frcnn.data.picture_paths import require_inside
from frcnn.data.records import Record
from frcnn.errors import AnnotationError, first_line
from frcnn.ops.picture_header import open_regular, place_of
from frcnn.ops.tiles import Window

FILE = "tiles.jsonl"
"""In the folder of a data set of tiles."""


class Origin(NamedTuple):
    """Where a tile was cut out."""

    picture: str
    """Path of the larger picture within the data set that it was in."""
    window: Window
    """Of it, upright."""


class _Row(msgspec.Struct, frozen=True):
    """A line of the file."""

    tile: str
    picture: str
    x1: int
    y1: int
    x2: int
    y2: int


def read_origins(home: Path) -> dict[str, Origin]:
    """Read where the tiles of a data set are from.

    Args:
        home: the data set's folder.

    Returns:
        By the tile's file name, which no two have; empty where the data is no set of tiles.

    Raises:
        AnnotationError: a line cannot be read (RC236), or the file lies elsewhere (RC224).
    """
    path = home / FILE
    if not path.is_file():
        return {}
    require_inside(path, home)
    with open_regular(path) as file:
        lines = file.read().splitlines()
    found: dict[str, Origin] = {}
    decoder = msgspec.json.Decoder(_Row)
    for number, line in enumerate(lines, start=1):
        try:
            row = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _unreadable(f"{place_of(path)}:{number}", first_line(error)) from error
        window = Window(row.x1, row.y1, row.x2, row.y2)
        found[PurePosixPath(row.tile).name] = Origin(row.picture, window)
    return found


def origins_of(paths: Iterable[Path], origins: Mapping[str, Origin]) -> dict[Path, Origin]:
    """Find the origins of pictures.

    Args:
        paths: of the pictures.
        origins: as `read_origins` gives them.

    Returns:
        By path, of those that are tiles.
    """
    return {path: origins[path.name] for path in paths if path.name in origins}


def write_origins(folder: Path, moved: Moved, origins: Mapping[Path, Origin]) -> None:
    """Write the list, if there is a tile.

    Args:
        folder: the new one.
        moved: where its pictures are.
        origins: of those that are tiles, by their old paths.

    Raises:
        OSError: as the disk has it.
    """
    rows = [
        json.dumps({"tile": file, "picture": origins[old].picture, **origins[old].window._asdict()})
        for old, file in moved.files.items()
        if old in origins
    ]
    if rows:
        (folder / FILE).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def larger_pictures(records: Iterable[Record], origins: Mapping[str, Origin]) -> dict[Path, str]:
    """Find what tiles were cut from.

    Args:
        records: pictures.
        origins: as `read_origins` gives them.

    Returns:
        The larger picture by path, of those that are tiles.
    """
    paths = (record.path for record in records)
    return {path: origin.picture for path, origin in origins_of(paths, origins).items()}


def tiles_of_one_picture(
    records: Iterable[Record], origins: Mapping[str, Origin]
) -> Sequence[list[Record]]:
    """Put tiles together.

    Args:
        records: pictures.
        origins: as `read_origins` gives them.

    Returns:
        Those of one picture together.
    """
    every = list(records)
    larger = larger_pictures(every, origins)
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in every:
        if record.path in larger:
            found[larger[record.path]].append(record)
    return list(found.values())


def parted(
    learnt: Iterable[Record], judged: Iterable[Record], origins: Mapping[str, Origin]
) -> int:
    """Count tiles to be judged on whose picture has others to learn from.

    Args:
        learnt: pictures to learn from.
        judged: pictures to be judged on.
        origins: as `read_origins` gives them.

    Returns:
        How many.
    """
    known = set(larger_pictures(learnt, origins).values())
    return sum(picture in known for picture in larger_pictures(judged, origins).values())


def _unreadable(place: str, got: str) -> AnnotationError:
    return AnnotationError(
        "RC236",
        place,
        "the list of tiles cannot be read",
        got=got,
        want='{"tile": "images/a_0_0.png", "picture": "a.tif", "x1": 0, "y1": 0, "x2": 1024, ...}',
        fix="cut the tiles anew with `frcnn data tile`; or take the file away, if tiles of one "
        "picture may be in different splits",
    )
