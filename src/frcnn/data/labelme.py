"""labelme's files: a JSON file for each picture, beside it or in a folder of its own.

Rectangles by two corners in any order, and the boxes around polygons, circles, masks and turned
rectangles, are read. `imageData`, a copy of the picture in the file, is not.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from frcnn.data.checksums import read_checksums
from frcnn.data.claims import read_claims, unlisted
from frcnn.data.export_claims import Entry, claims_of, ends_of, picture_folders
from frcnn.data.json_text import read_json
from frcnn.data.looking import Looking, opened
from frcnn.data.picture_paths import PictureFinder, home_of, require_inside
from frcnn.data.problems import Problem
from frcnn.data.seen import Folder, Places, Rows
from frcnn.data.shapes import Kind, Point, Shape, Tally, ellipse, no_box, number_in, to_rows
from frcnn.data.split_words import in_order, require_new_split, split_of_folder
from frcnn.errors import AnnotationError, DataError
from frcnn.ops.picture_header import place_of
from frcnn.ops.pictures import SUFFIXES
from frcnn.types import Size

_HEAD = 1 << 16
_SHAPES = re.compile(rb'"shapes"\s*:\s*\[')
_BOUNDS = re.compile(rb'"(imagePath|version|flags)"\s*:')
_LOOKED_AT = 20
"""Files of a folder that are opened to find out what they are."""
_FILES = ("annotations", "labels", "json", "jsons")
"""Folders in which the files may stand."""
_KINDS: Mapping[str, Kind] = {
    "rectangle": "box",
    "polygon": "outline",
    "mask": "outline",
    "rotation": "turned",
    "oriented_rectangle": "turned",
}
_FEWEST = {"polygon": 3, "rotation": 3, "oriented_rectangle": 3}
"""Points of a shape, where it needs more than two."""


def is_labelme(path: Path) -> bool:
    """Say whether a file begins like labelme's.

    Args:
        path: of any file.

    Returns:
        Whether it is an object with a list of shapes.
    """
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(_HEAD)
    is_object = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return bool(is_object and _SHAPES.search(head) and _BOUNDS.search(head))


def find_labelme(root: Path) -> dict[str, list[Path]]:
    """Look for files.

    Args:
        root: a folder, or one such file.

    Returns:
        The JSON files by split; none when the first ones are of another kind. AnnotationError
        RC233 when two folders mean one split.
    """
    if root.is_file():
        return {"train": [root]} if is_labelme(root) else {}
    folders: dict[str, Path] = {}
    for path in sorted(p for p in root.iterdir() if p.is_dir()):
        split = split_of_folder(path.name)
        if split and _files_below(path):
            require_new_split(split, path, folders)
            folders[split] = path
    splits = {split: _files_below(path) for split, path in folders.items()}
    return in_order(splits or {"train": found} if (found := _files_below(root)) or splits else {})


def read_folder(root: Path, look: Looking = opened) -> Folder:
    """Read all files and headers.

    AnnotationError RC233 when two folders mean one split.

    Args:
        root: of the data set, or one file.
        look: tells the size of a picture.

    Returns:
        The usable pictures, and a problem for everything else.
    """
    home = home_of(root)
    folder, tallies = Folder(), dict[Path, Tally]()
    splits = find_labelme(root)
    finders = {
        split: PictureFinder(_picture_folders(files, home, split), home)
        for split, files in splits.items()
    }
    claims = {
        split: list(claims_of(_entries(files, home, folder, tallies), finders[split], folder))
        for split, files in splits.items()
    }
    read_claims(claims, read_checksums(home), folder, look)
    total = Tally()
    for tally in tallies.values():
        total.others += tally.others
        folder.outlines += tally.outlines
    folder.problems.extend(total.problems(home))
    folder.problems.extend(unlisted(finders.values(), claims))
    return folder


def _files_below(folder: Path) -> list[Path]:
    """List the files of a folder and of those for them within; none if the first are others."""
    places = [folder, *(folder / name for name in _FILES)]
    files = [p for place in places for p in sorted(place.glob("*.json"))]
    files = [path for path in files if not path.name.startswith(".")]
    return files if any(map(is_labelme, files[:_LOOKED_AT])) else []


def _picture_folders(files: Iterable[Path], home: Path, split: str) -> list[Path]:
    beside = dict.fromkeys(path.parent for path in files)
    around = [parent.parent for parent in beside if parent != home]
    return [f for top in (*beside, *around) for f in picture_folders(top, home, split)]


def _entries(
    files: Iterable[Path], home: Path, folder: Folder, tallies: dict[Path, Tally]
) -> Iterator[Entry]:
    for path in files:
        try:
            require_inside(path, home)
            values = _require_shapes(read_json(path), path)
        except DataError as error:
            folder.problems.append(Problem.of(error, effect="picture skipped"))
            folder.pictures += 1
            continue
        places = Places(f"{place_of(path)}#/shapes/")
        tally = tallies.setdefault(path, Tally())
        tally.others.update(_flags(values.get("flags"), "flag of pictures"))
        yield Entry(
            names=_names(values.get("imagePath"), path),
            place=place_of(path),
            places=places,
            rows=partial(_rows, values["shapes"], places, tally),
            stated=_size(values),
        )


def _require_shapes(values: object, path: Path) -> Mapping[str, Any]:
    if isinstance(values, dict) and isinstance(values.get("shapes"), list):
        return values
    raise AnnotationError(
        "RC272",
        place_of(path),
        "this JSON is no file of labelme's",
        got="no list of shapes" if isinstance(values, dict) else f"a {type(values).__name__}",
        want='an object with "shapes" and "imagePath"',
        fix="take the file out of the data, or save the picture again in labelme",
    )


def _names(written: object, path: Path) -> tuple[str, ...]:
    """List what the picture may be called: as the file says, else like the file itself."""
    said = ends_of(written) if isinstance(written, str) else ()
    return (*said, *(path.stem + suffix for suffix in SUFFIXES))


def _size(values: Mapping[str, Any]) -> Size | None:
    height, width = (values.get(key) for key in ("imageHeight", "imageWidth"))
    if type(height) is int and type(width) is int and min(height, width) > 0:
        return Size(height, width)
    return None


def _rows(
    raw: list[Any], places: Places, tally: Tally, size: Size, problems: list[Problem]
) -> Rows:
    shapes: list[Shape] = []
    for number, values in enumerate(raw):
        said = values if isinstance(values, dict) else {}
        tally.others.update(_others(said))
        shape = _shape(said, number)
        if shape is None:
            problems.append(no_box(places.of(number), str(said.get("shape_type"))))
        else:
            shapes.append(shape)
    return to_rows(shapes, places, tally, problems)


def _shape(said: Mapping[str, Any], number: int) -> Shape | None:
    kind = said.get("shape_type", "polygon")  # of the first versions, which had no other
    points = tuple(_points(said.get("points")))
    label = said.get("label")
    name = label.strip() if isinstance(label, str) else ""
    difficult = said.get("difficult") is True
    if kind == "circle" and len(points) == 2:
        radius = ((points[1][0] - points[0][0]) ** 2 + (points[1][1] - points[0][1]) ** 2) ** 0.5
        return Shape(name, ellipse(points[0], (radius, radius)), number, "outline", difficult)
    if kind not in _KINDS or len(points) < _FEWEST.get(kind, 2):
        return None
    return Shape(name, points, number, _KINDS[kind], difficult)


def _points(pairs: object) -> Iterator[Point]:
    for pair in pairs if isinstance(pairs, list) else ():
        x, y = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        yield number_in(x), number_in(y)


def _others(said: Mapping[str, Any]) -> Counter[str]:
    counts = Counter({"group": 1} if said.get("group_id") is not None else {})
    counts.update({"description": 1} if said.get("description") else {})
    return counts + _flags(said.get("flags"), "flag of shapes")


def _flags(flags: object, name: str) -> Counter[str]:
    count = sum(map(bool, flags.values())) if isinstance(flags, dict) else 0
    return Counter({name: count} if count else {})
