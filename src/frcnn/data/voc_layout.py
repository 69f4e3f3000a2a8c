"""Where a data set in VOC layout keeps what: found by looking, nothing is opened but lists.

Known forms, tried in this order:
1. the devkit's: JPEGImages/, Annotations/, ImageSets/Main/<split>.txt
2. one folder per split, train/ valid/ test/ (Roboflow), each in form 3 or 4
3. pictures and annotations in two folders: JPEGImages/ or images/, Annotations/ or annotations/
4. pictures and XML side by side (labelImg)
In forms 3 and 4 at the top there is one split, "train". A picture and its annotation have the
same name but for the ending. Names that start with a dot are the system's own and not looked at.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from frcnn.data.file_index import FileIndex
from frcnn.data.problems import Problem
from frcnn.data.split_words import SPLIT_NAMES, USUAL, in_order, require_new_split
from frcnn.errors import AnnotationError, PictureError
from frcnn.ops.picture_header import open_regular, place_of

_CLASS_LINE = re.compile(r"\S+\s+(-1|0|1)")

NO_DATA_SET = "RC201"
"""Code of the error that means: no data set is there."""


@dataclass(frozen=True)
class Entry:
    """One picture of a split, as far as file names tell."""

    name: str
    """File name without its ending; the devkit's image id."""
    pictures: tuple[Path, ...]
    """One; none or several are faults."""
    annotation: Path | None
    listed: str = field(compare=False)
    """Where it is named, for errors."""


@dataclass(frozen=True)
class Layout:
    """What was found."""

    splits: dict[str, tuple[Entry, ...]]
    problems: tuple[Problem, ...] = ()


def find_layout(root: Path) -> Layout:
    """Look at a folder and find its splits.

    Args:
        root: folder of the data set.

    Returns:
        The splits by name, "train", "val", "test" where another word was used for them.

    Raises:
        AnnotationError: the folder is missing or in none of the forms (RC201), a list cannot be
            read (RC229), or two folders or lists mean one split (RC233).
    """
    if not root.is_dir():
        raise AnnotationError(
            NO_DATA_SET,
            place_of(root),
            "there is no data set",
            got="a file of another kind" if root.is_file() else "no such file or folder",
            want="the folder of a data set, or its annotation file",
            fix="check the path",
        )
    lists = sorted((root / "ImageSets" / "Main").glob("*.txt"))
    if lists:
        return _from_lists(root, lists)
    folders: dict[str, Path] = {}
    for path in sorted(root.iterdir()):
        name = _usual_name(path.name)
        if path.is_dir() and name in USUAL:
            require_new_split(name, path, folders)
            folders[name] = path
    splits = {n: _pairs(folders[n]) for n in USUAL if n in folders} or {"train": _pairs(root)}
    if not any(entry.annotation for entries in splits.values() for entry in entries):
        raise _not_voc(root)
    return Layout(splits)


def _usual_name(name: str) -> str:
    return SPLIT_NAMES.get(name.lower(), name.lower())


def _pairs(folder: Path) -> tuple[Entry, ...]:
    """Pair pictures and annotations by name, in forms 3 and 4."""
    pictures, annotations = FileIndex.pictures(folder), FileIndex.annotations(folder)
    names = sorted({*pictures.names, *annotations.names})
    return tuple(
        Entry(name, pictures.find(name), (annotations.find(name) or (None,))[0], place_of(folder))
        for name in names
    )


def _from_lists(root: Path, lists: list[Path]) -> Layout:
    pictures, annotations = FileIndex.pictures(root), FileIndex.annotations(root)
    if not annotations.names:
        raise _not_voc(root)
    splits: dict[str, tuple[Entry, ...]] = {}
    used: dict[str, Path] = {}
    problems: list[Problem] = []
    for path in lists:
        lines = _read_list(path)
        if _is_class_list(path, lists, lines):
            continue
        names = _unique_names(path, lines, pictures, problems)
        split = _split_of(path)
        require_new_split(split, path, used)
        used[split] = path
        splits[split] = tuple(
            Entry(name, pictures.find(name), (annotations.find(name) or (None,))[0], place)
            for name, place in names.items()
        )
    unlisted = len(pictures.files) - len(
        {path for entries in splits.values() for entry in entries for path in entry.pictures}
    )
    if unlisted:
        problems.append(_unlisted(lists[0].parent, unlisted))
    return Layout(in_order(splits), tuple(problems))


def _split_of(path: Path) -> str:
    return SPLIT_NAMES.get(path.stem.lower(), path.stem)


def _read_list(path: Path) -> list[str]:
    try:
        with open_regular(path) as file:
            text = file.read().decode("utf-8-sig")
    except (OSError, PictureError, UnicodeDecodeError) as error:
        raise AnnotationError(
            "RC229",
            place_of(path),
            "the list of a split cannot be read",
            got=error.got if isinstance(error, PictureError) else str(error),
            want="a text file, UTF-8, one name per line",
            fix="save the list as UTF-8 text",
        ) from error
    return [line.strip() for line in text.split("\n")]


def _is_class_list(path: Path, lists: list[Path], lines: list[str]) -> bool:
    """Tell the devkit's <class>_<split>.txt (name and -1, 0 or 1 on each line) from a split."""
    name, _, split = path.stem.rpartition("_")
    beside = bool(name) and any(other.stem == split for other in lists)
    return beside and any(lines) and all(_CLASS_LINE.fullmatch(line) for line in lines if line)


def _unique_names(
    path: Path, lines: list[str], pictures: FileIndex, problems: list[Problem]
) -> dict[str, str]:
    """Give the names of a list with their places; repetitions are reported and left out."""
    names: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        place = f"{place_of(path)}:{number}"
        name = pictures.without_ending(line)
        if name in names:
            problems.append(_listed_twice(place, name, names[name]))
        elif line:
            names[name] = place
    return names


def _listed_twice(place: str, name: str, first: str) -> Problem:
    return Problem(
        code="RC218",
        place=place,
        what="a picture is listed twice in one split",
        got=f"{place_of(Path(name))}, first at {first}",
        fix="delete one of the lines; the second is left out",
        severity="warning",
    )


def _unlisted(folder: Path, count: int) -> Problem:
    return Problem(
        code="RC230",
        place=place_of(folder),
        what="pictures are in no split and not used",
        got=str(count),
        fix="add their names to a list, if they ought to be used",
        severity="warning",
    )


def _not_voc(root: Path) -> AnnotationError:
    years = sorted(path.name for path in root.iterdir() if (path / "Annotations").is_dir())
    fix = "see the page on your own data for the forms that are read"
    if years:
        fix = f"name one of the folders in it: {', '.join(years[:5])}"
    elif any((*root.glob("*.json"), *root.glob("*/*.json"))):
        fix = "this looks like COCO; `--layout coco` says what is missing"
    elif (root / "labels").is_dir() or any((*root.glob("*.yaml"), *root.glob("*/labels"))):
        fix = "this looks like YOLO; `--layout yolo` says what is missing"
    return AnnotationError(
        "RC201",
        place_of(root),
        "no annotations in PASCAL VOC form are in the folder",
        want="JPEGImages and Annotations, or pictures and .xml files side by side",
        fix=fix,
    )
