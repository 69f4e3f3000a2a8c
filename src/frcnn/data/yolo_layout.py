"""Where a data set in YOLO layout keeps what: found by looking, nothing is opened but lists.

Known forms, tried in this order:
1. a YAML file with `names` and a folder or a list for each split (Ultralytics, Roboflow)
2. one folder per split, train/ valid/ test/, each with images/ and labels/, or both together
3. images/ and labels/, with or without a folder per split in both
4. pictures and label files side by side (labelImg)
Without a YAML file the names stand in classes.txt or obj.names, a line for each. A picture and its
label file have the same name but for the ending.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from frcnn.data.picture_paths import require_own_path
from frcnn.data.problems import Problem
from frcnn.data.seen import Declared
from frcnn.data.split_words import in_order, require_new_split, split_of_folder
from frcnn.data.yolo_labels import read_lines
from frcnn.data.yolo_yaml import (
    declared,
    key_points_of_yaml,
    named_folders,
    names_of_yaml,
    no_names,
    pictures_below,
    read_yaml,
    yaml_file,
)
from frcnn.errors import AnnotationError, counted
from frcnn.ops.picture_header import place_of

_LISTS = ("classes.txt", "obj.names", "classes.names")
_NO_LABELS = {*_LISTS, "train.txt", "val.txt", "valid.txt", "test.txt", "readme.txt"}


class Pair(NamedTuple):
    """A picture and its label file."""

    picture: Path
    label: Path | None
    """None where there is none: a picture without objects."""


@dataclass(frozen=True, kw_only=True)
class YOLOLayout:
    """What was found."""

    splits: dict[str, tuple[Pair, ...]]
    classes: Declared
    problems: tuple[Problem, ...]
    key_points: int = 0
    """Numbers behind the box in each line, where the YAML file has a `kpt_shape`."""


def find_yolo(root: Path) -> YOLOLayout | None:
    """Look at a folder and find its splits.

    Args:
        root: a folder, or its YAML file.

    Returns:
        The splits; None when this is no data set in YOLO layout.

    Raises:
        AnnotationError: it is one without class names (RC277), its YAML file cannot be read
            (RC280), or two folders mean one split (RC233).
    """
    home = root if root.is_dir() else root.parent
    problems: list[Problem] = []
    file = yaml_file(root)
    if file is not None:
        values = read_yaml(file)
        folders = named_folders(file, values, problems)
        classes, behind = names_of_yaml(file, values), key_points_of_yaml(values)
    else:
        behind = 0
        found = _usual_folders(home)
        if not _has_labels(found.values()):
            return None
        folders = {split: [folder] for split, folder in found.items()}
        classes = _names_of_list(home, found.values())
    splits = {
        split: _once_each(_pairs(path, home, problems) for path in paths)
        for split, paths in folders.items()
    }
    return YOLOLayout(
        splits=in_order(splits),
        classes=classes,
        problems=tuple(problems),
        key_points=behind,
    )


def _once_each(parts: Iterable[list[Pair]]) -> tuple[Pair, ...]:
    """Join the folders of a split; a picture that two of them have, one in the other, is one."""
    pairs = {pair.picture: pair for part in parts for pair in part}
    return tuple(pairs.values())


def is_yolo(root: Path) -> bool:
    """Say whether a folder, or a YAML file, has YOLO's form.

    Args:
        root: of the data set.

    Returns:
        Whether `find_yolo` would find one, its names or splits not looked at.
    """
    if yaml_file(root) is not None:
        return True
    return root.is_dir() and _has_labels(_usual_folders(root).values())


def _names_of_list(home: Path, folders: Iterable[Path]) -> Declared:
    plain = home / "data.yaml"  # names alone, as `frcnn predict --save yolo` writes it
    if plain.is_file() and "names" in (values := read_yaml(plain)):
        return names_of_yaml(plain, values)
    places = [home, home / "labels", *folders, *(folder / "labels" for folder in folders)]
    for path in (place / name for place in dict.fromkeys(places) for name in _LISTS):
        if path.is_file():
            lines = [line.strip() for line in read_lines(path)]
            while lines and not lines[-1]:
                lines.pop()
            return declared(lines, place_of(path))
    raise no_names(place_of(home), "no names in a data.yaml, and no classes.txt")


def _usual_folders(root: Path) -> dict[str, Path]:
    """Find the folders of pictures in forms 2 to 4, by split."""
    for home in (root, root / "images"):
        folders: dict[str, Path] = {}
        for path in sorted(home.iterdir()) if home.is_dir() else ():
            split = split_of_folder(path.name)
            if path.is_dir() and split:
                require_new_split(split, path, folders)
                folders[split] = path / "images" if (path / "images").is_dir() else path
        if folders:
            return folders
    images = root / "images"
    return {"train": images if images.is_dir() else root}


def _has_labels(folders: Iterable[Path]) -> bool:
    """Say whether a picture has a label file; pictures are looked at only if there are texts."""
    for folder in folders:
        places = {place.parent for place in _label_places(folder / "x.png", folder)}
        has_texts = any(
            path.name.lower() not in _NO_LABELS
            for place in places
            if place.is_dir()
            for path in place.rglob("*.txt")
        )
        if has_texts and any(_label_of(p, folder) is not None for p in pictures_below(folder)):
            return True
    return False


def _label_of(picture: Path, folder: Path) -> Path | None:
    return next((p for p in _label_places(picture, folder) if p.is_file()), None)


def _label_places(picture: Path, folder: Path) -> Iterator[Path]:
    """Give the places of a label file: `labels` where the path has `images`, or beside it.

    Yields:
        Paths, the likely first.
    """
    label = picture.with_suffix(".txt")
    for parent in (folder, *folder.parents):
        if parent.name == "images":
            yield parent.with_name("labels") / label.relative_to(parent)
            break
    yield folder / "labels" / label.relative_to(folder)
    yield label


def _pairs(path: Path, home: Path, problems: list[Problem]) -> list[Pair]:
    """Pair the pictures of a folder or a list with their label files, in its order."""
    if path.is_file():
        return list(_listed(path, home, problems))
    pairs: list[Pair] = []
    used: set[Path] = set()
    for picture in pictures_below(path):
        label = _label_of(picture, path)
        if label in used:
            problems.append(_shared(picture, label))
        used.update([label] if label else [])
        pairs.append(Pair(picture, label))
    folders = {p.parent for p in used} or {next(_label_places(path / "x.txt", path)).parent}
    for folder in sorted(folders):
        for label in sorted(folder.glob("*.txt")) if folder.is_dir() else ():
            is_label = label.name.lower() not in _NO_LABELS
            problems.extend([_alone(label)] if is_label and label not in used else [])
    return pairs


def _listed(path: Path, home: Path, problems: list[Problem]) -> Iterator[Pair]:
    """Pair the pictures that a list names.

    Yields:
        The pairs, in the order of the list.
    """
    known: set[str] = set()
    for number, line in enumerate(read_lines(path), start=1):
        text, place = line.strip().removeprefix("./"), f"{place_of(path)}:{number}"
        if not text or text in known:
            problems.extend([_twice(place, text)] if text else [])
            continue
        known.add(text)
        try:
            plain = require_own_path(text, place)
        except AnnotationError as error:
            problems.append(Problem.of(error, effect="picture skipped"))
            continue
        picture = next(
            (p for p in (home / plain, path.parent / plain) if p.is_file()), home / plain
        )
        yield Pair(picture, _label_of(picture, picture.parent))


def _twice(place: str, text: str) -> Problem:
    return Problem(
        code="RC218",
        place=place,
        what="a picture is listed twice in one split",
        got=place_of(Path(text)),
        fix="delete one of the lines; the second is left out",
        severity="warning",
    )


def _shared(picture: Path, label: Path | None) -> Problem:
    return Problem(
        code="RC285",
        place=place_of(label or picture),
        what="two pictures have one label file; both get its boxes",
        got=place_of(picture),
        want="a name of its own for each picture",
        fix="rename one of the two, or take it out",
        severity="warning",
    )


def _alone(label: Path) -> Problem:
    """Report a label file without picture."""
    try:
        count = sum(bool(line.strip()) for line in read_lines(label))
    except AnnotationError:
        count = 0
    return Problem(
        code="RC216",
        place=place_of(label),
        what="there is no picture of this name; the label file is not used",
        got=counted(count, "box"),
        want=f"{place_of(Path(label.stem))}.jpg or another kind",
        fix="add the picture, or delete the label file",
        effect="box dropped" if count else "none",
        count=count,
    )
