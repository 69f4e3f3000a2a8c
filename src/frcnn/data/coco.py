"""COCO layout: JSON files and folders of pictures, read but for the pixels.

Files are looked for in the folder itself, in annotations/, and in train/ valid/ test/ (Roboflow):
every JSON that begins or ends like a COCO file. Beside `instances_*.json`, COCO's other files, of
key points or captions, are not read. Pictures are looked for where these layouts have them.

A box's crowd flag becomes `difficult`: neither object nor background in training, neutral in
evaluation, where it is judged by COCO's own rule.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from frcnn.data.checksums import read_checksums
from frcnn.data.claims import Claim, read_claims, unlisted
from frcnn.data.coco_annotation import COCOAnnotation, read_coco
from frcnn.data.looking import Looking, opened
from frcnn.data.picture_paths import Names, PictureFinder, home_of
from frcnn.data.problems import Problem, put_on_paths
from frcnn.data.seen import Folder, Places, Rows
from frcnn.data.split_words import split_of_file, splits_of_files
from frcnn.errors import DataError
from frcnn.ops.picture_header import place_of
from frcnn.types import Size

_END = 1 << 16
"""Bytes at either end of a file that tell what it is."""
_LISTS = re.compile(rb'"(images|annotations|categories)"\s*:\s*\[')
_OBJECTS = "instances_"
"""How COCO calls the files of its boxes."""
_OTHERS = ("captions_", "person_keypoints_", "image_info_", "panoptic_", "stuff_")
"""How it calls those beside them."""


def find_coco(root: Path) -> dict[str, Path]:
    """Look for COCO files.

    AnnotationError RC233 when two of them mean one split.

    Args:
        root: a folder, or one such file.

    Returns:
        The files by split; none when this is no data set in COCO layout.
    """
    if root.is_file():
        return splits_of_files([root]) if _is_coco(root) else {}
    found = [path for path in _candidates(root) if _is_coco(path)]
    named = [path for path in found if path.name.startswith(_OBJECTS)]
    if not named:
        return splits_of_files(found)
    known = {split_of_file(path) for path in named}
    more = [
        path
        for path in found
        if split_of_file(path) not in known and not path.name.startswith(_OTHERS)
    ]
    return splits_of_files([*named, *more])


def read_folder(root: Path, look: Looking = opened) -> Folder:
    """Read all annotations and headers.

    AnnotationError RC233 or RC271 ... RC277 when a file cannot be used.

    Args:
        root: of the data set, or its only file.
        look: tells the size of a picture.

    Returns:
        The usable pictures, and a problem for everything else.
    """
    files = find_coco(root)
    home = home_of(root)
    folder = Folder()
    claims: dict[str, list[Claim]] = {}
    finders: dict[str, PictureFinder] = {}
    for split, path in files.items():
        annotation = read_coco(path)
        folder.problems.extend(annotation.problems)
        folder.declared[split] = annotation.categories
        folder.pictures += sum(p.effect == "picture skipped" for p in annotation.problems)
        folder.outlines += annotation.outlines
        finders[split] = PictureFinder(_picture_folders(home, path, split), home)
        finders[split].look_below(annotation.names)
        claims[split] = list(_claims(annotation, finders[split], folder))
    read_claims(claims, read_checksums(home), folder, look)
    folder.problems.extend(unlisted(finders.values(), claims))
    return folder


def _candidates(root: Path) -> Iterator[Path]:
    for folder in (root, *sorted(path for path in root.iterdir() if path.is_dir())):
        yield from (p for p in sorted(folder.glob("*.json")) if not p.name.startswith("."))


def _is_coco(path: Path) -> bool:
    """Say whether a file is an object with lists of COCO's names at its beginning or end."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(_END)
        file.seek(max(path.stat().st_size - _END, 0))
        end = file.read()
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and bool(
        _LISTS.search(start) or _LISTS.search(end)
    )


def _picture_folders(root: Path, path: Path, split: str) -> list[Path]:
    """List where a split's pictures may be, likely places first."""
    named = [
        folder
        for word in (*re.findall(r"[A-Za-z]+[0-9]+", path.stem), split)
        for folder in (root / word, root / "images" / word)
    ]
    if split == "val":
        named += [root / "valid", root / "images" / "valid"]
    beside = path.parent
    return [*named, beside / "images", root / "images", root / "JPEGImages", beside, root]


def _claims(annotation: COCOAnnotation, finder: PictureFinder, folder: Folder) -> Iterator[Claim]:
    file = place_of(annotation.path)
    places = Places(f"{file}#/annotations/", "/bbox")
    taken: dict[Path, int] = {}
    paths: dict[str, Path] = {}
    names = Names()
    for row, written in enumerate(annotation.names):
        number = int(annotation.numbers[row])
        place = f"{file}#/images/{number}"
        try:
            path = finder.find(written, place)
        except DataError as error:
            folder.problems.append(Problem.of(error, effect="picture skipped"))
            folder.pictures += 1
            continue
        paths[written] = path
        if path in taken:
            folder.problems.append(_twice(place, written, taken[path]))
            continue
        taken[path] = number
        yield Claim(
            name=names.of(path),
            path=path,
            places=places,
            rows=partial(_rows, annotation, row),
            place=place,
            stated=annotation.size(row),
            file_id=annotation.ids[row],
        )
    put_on_paths(folder.problems, paths)


def _rows(annotation: COCOAnnotation, row: int, size: Size, problems: list[Problem]) -> Rows:
    part = slice(*annotation.first[row : row + 2].tolist())
    known = annotation.categories.names
    return Rows(
        boxes=annotation.boxes[part],
        names=tuple(known[label] for label in annotation.labels[part].tolist()),
        difficult=annotation.is_crowd[part],
        numbers=annotation.box_numbers[part].astype(np.int64),
        notes=annotation.notes.chosen(part),
    )


def _twice(place: str, written: str, first: int) -> Problem:
    return Problem(
        code="RC218",
        place=place,
        what="a picture is listed twice in one split",
        got=f"{place_of(Path(written))}, first at /images/{first}",
        fix="put both entries together; the second is left out with its boxes",
        effect="picture skipped",
    )
