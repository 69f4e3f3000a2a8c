"""CSV layout: tables of boxes and folders of pictures, read but for the pixels.

Tables are looked for in the folder itself, in annotations/, and in train/ valid/ test/
(Roboflow's `_annotations.csv`). A file of boxes is known by its columns (`csv_rows`). Paths in it
are relative to its own folder, to the data set's, or to a folder of pictures in either.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from frcnn.data.checksums import read_checksums
from frcnn.data.claims import Claim, read_claims, unlisted
from frcnn.data.csv_rows import CSVPicture, is_boxes, read_class_list, read_csv
from frcnn.data.looking import Looking, opened
from frcnn.data.picture_paths import Names, PictureFinder, home_of
from frcnn.data.problems import Problem, put_on_paths
from frcnn.data.seen import Declared, Folder, Places, Rows
from frcnn.data.split_words import split_of_folder, splits_of_files
from frcnn.errors import DataError
from frcnn.ops.picture_header import place_of
from frcnn.types import Size

CLASS_LIST = "classes.csv"
"""RetinaNet's file of class names."""


def find_csv(root: Path) -> dict[str, Path]:
    """Look for tables of boxes.

    AnnotationError RC233 when two of them mean one split.

    Args:
        root: a folder, or one such file.

    Returns:
        The files by split; none when this is no data set in CSV layout.
    """
    if root.is_file():
        return splits_of_files([root]) if root.suffix.lower() == ".csv" else {}
    return splits_of_files([path for path in _candidates(root) if is_boxes(path)])


def read_folder(root: Path, look: Looking = opened) -> Folder:
    """Read all tables and headers.

    AnnotationError RC233 or RC283 when a file cannot be used.

    Args:
        root: of the data set, or its only file.
        look: tells the size of a picture.

    Returns:
        The usable pictures, and a problem for everything else.
    """
    home = home_of(root)
    folder = Folder()
    claims: dict[str, list[Claim]] = {}
    finders: dict[str, PictureFinder] = {}
    for split, path in find_csv(root).items():
        pictures = read_csv(path, folder.problems)
        finders[split] = PictureFinder(_picture_folders(home, path, split), home)
        finders[split].look_below(picture.written for picture in pictures)
        claims[split] = list(_claims(path, pictures, finders[split], folder))
    if (home / CLASS_LIST).is_file() and (names := read_class_list(home / CLASS_LIST)):
        ids = tuple(range(len(names)))
        known = Declared(tuple(names), ids, place_of(home / CLASS_LIST))
        folder.declared = dict.fromkeys(claims, known)
    read_claims(claims, read_checksums(home), folder, look)
    folder.problems.extend(unlisted(finders.values(), claims))
    return folder


def _candidates(root: Path) -> Iterator[Path]:
    below = [p for p in sorted(root.iterdir()) if p.is_dir() and _may_hold_tables(p.name)]
    for folder in (root, *below):
        yield from (p for p in sorted(folder.glob("*.csv")) if p.name != CLASS_LIST)


def _may_hold_tables(name: str) -> bool:
    return bool(split_of_folder(name)) or name.lower() in ("annotations", "labels")


def _picture_folders(root: Path, path: Path, split: str) -> list[Path]:
    beside = path.parent
    words = (split, "valid") if split == "val" else (split,)
    named = [folder for word in words for folder in (root / "images" / word, root / word)]
    pictures = [f / name for f in (beside, root) for name in ("images", "JPEGImages", "Images")]
    return [beside, root, *named, *pictures]


def _claims(
    path: Path, pictures: list[CSVPicture], finder: PictureFinder, folder: Folder
) -> Iterator[Claim]:
    places = Places(f"{place_of(path)}:")
    names = Names()
    taken: dict[Path, CSVPicture] = {}
    paths: dict[str, Path] = {}
    for picture in pictures:
        place = places.of(picture.line)
        try:
            found = finder.find(picture.written, place)
        except DataError as error:
            folder.problems.append(Problem.of(error, effect="picture skipped"))
            folder.pictures += 1
            continue
        paths[picture.written] = found
        if found in taken:  # one picture under two spellings of its path
            taken[found].boxes.extend(picture.boxes)
            taken[found].inverted.extend(picture.inverted)
            continue
        taken[found] = picture
        yield Claim(
            name=names.of(found),
            path=found,
            places=places,
            rows=partial(_rows, picture),
            place=place,
            stated=picture.size,
        )
    put_on_paths(folder.problems, paths)


def _rows(picture: CSVPicture, size: Size, problems: list[Problem]) -> Rows:
    boxes = sorted((*picture.boxes, *picture.inverted), key=lambda b: b.line)
    return Rows(
        boxes=np.array([b.box for b in boxes], np.float64).reshape(-1, 4),
        names=tuple(b.name for b in boxes),
        difficult=np.array([b.difficult for b in boxes], np.bool_),
        numbers=np.array([b.line for b in boxes], np.int64),
        is_box=np.array([b.has_area for b in boxes], np.bool_),
    )
