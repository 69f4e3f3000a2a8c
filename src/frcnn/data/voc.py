"""PASCAL VOC layout: folders of pictures and XML files, read but for the pixels.

Steps: find the files (`voc_layout`), read each annotation (`voc_annotation`) and the header of
its picture, compare their sizes, fit the boxes into the picture (`box_checks`). A picture without
objects is a negative, and so is one without annotation.

A bad box is left out and its picture kept; a bad picture is left out. Both are reported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from frcnn.data.box_checks import fit_box
from frcnn.data.checksums import read_checksums
from frcnn.data.problems import Problem, remark
from frcnn.data.records import Record, Stamp, stamp_of
from frcnn.data.voc_annotation import VOCAnnotation, VOCObject, read_annotation
from frcnn.data.voc_layout import Entry, find_layout
from frcnn.errors import AnnotationError, DataError
from frcnn.ops.picture_header import MAX_PIXELS, open_regular, place_of, read_header
from frcnn.ops.picture_kinds import Header
from frcnn.types import Size, Target


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A usable picture and its objects, classes still by name."""

    name: str
    path: Path
    header: Header
    stamp: Stamp
    annotation: Path | None
    """None for a picture without one."""
    objects: tuple[VOCObject, ...]
    """Boxes inside the upright picture."""
    sha256: str
    """Empty when there is no list of checksums."""


@dataclass
class Folder:
    """A data set, read but for its classes."""

    splits: dict[str, tuple[Seen, ...]] = field(default_factory=dict)
    """Usable pictures by split."""
    problems: list[Problem] = field(default_factory=list)
    """In the order of the files."""
    pictures: int = 0
    """How many there are in all splits together, usable or not."""


def read_folder(root: Path) -> Folder:
    """Read all annotations and headers.

    AnnotationError RC201, RC228 or RC229 when the folder is no such data set.

    Args:
        root: of the data set.

    Returns:
        The usable pictures, and a problem for everything else.
    """
    layout = find_layout(root)
    sums = read_checksums(root)
    folder = Folder(problems=list(layout.problems))
    known: dict[Entry, Seen | None] = {}
    for split, entries in layout.splits.items():
        seen = []
        for entry in entries:
            if entry not in known:  # a picture in train and in trainval is read once
                known[entry] = _read_or_report(entry, sums, folder.problems)
            seen.append(known[entry])
        folder.splits[split] = tuple(s for s in seen if s is not None)
    folder.pictures = len(known)
    return folder


def class_mentions(seen: Sequence[Seen]) -> dict[str, str]:
    """List the class names in use, in the order of the files.

    Args:
        seen: pictures.

    Returns:
        Each name with the file and line of its first object.
    """
    mentions: dict[str, str] = {}
    for picture in seen:
        for thing in picture.objects:
            if thing.name not in mentions and picture.annotation is not None:
                mentions[thing.name] = f"{place_of(picture.annotation)}:{thing.line}"
    return mentions


def to_record(seen: Seen, class_ids: Mapping[str, int]) -> Record:
    """Settle the classes of a picture.

    Args:
        seen: the picture.
        class_ids: id of each name; every name of the picture must be in it.

    Returns:
        The record.
    """
    target = Target(
        boxes=torch.tensor([o.box for o in seen.objects], dtype=torch.float32).reshape(-1, 4),
        labels=torch.tensor([class_ids[o.name] for o in seen.objects], dtype=torch.int64),
        difficult=torch.tensor([o.difficult for o in seen.objects], dtype=torch.bool),
    )
    return Record(
        name=seen.name,
        path=seen.path,
        size=seen.header.upright,
        target=target,
        stamp=seen.stamp,
        sha256=seen.sha256,
    )


def _read_or_report(entry: Entry, sums: Mapping[Path, str], problems: list[Problem]) -> Seen | None:
    try:
        return _read_entry(entry, sums, problems)
    except DataError as error:
        problems.append(Problem.of(error, effect="picture skipped"))
        return None


def _read_entry(entry: Entry, sums: Mapping[Path, str], problems: list[Problem]) -> Seen:
    path = _the_picture(entry)
    with open_regular(path) as file:
        header = read_header(file, place_of(path), max_pixels=MAX_PIXELS)
        stamp = stamp_of(file)
    problems.extend(remark(path, note) for note in header.notes)
    objects: tuple[VOCObject, ...] = ()
    if entry.annotation is None:
        problems.append(_no_annotation(path))
    else:
        _require_inside(entry.annotation)
        annotation = read_annotation(entry.annotation)
        problems.extend(_compare_sizes(annotation, header))
        problems.extend(annotation.problems)
        objects = _fitting(annotation, header.upright, problems)
    return Seen(
        name=entry.name,
        path=path,
        header=header,
        stamp=stamp,
        annotation=entry.annotation,
        objects=objects,
        sha256=sums.get(path, ""),
    )


def _the_picture(entry: Entry) -> Path:
    place = entry.listed
    if len(entry.pictures) == 1:
        _require_inside(entry.pictures[0])
        return entry.pictures[0]
    if entry.pictures:
        raise AnnotationError(
            "RC225",
            place,
            "several pictures have the name of one annotation",
            got=", ".join(place_of(Path(path.name)) for path in entry.pictures),
            want="one",
            fix="rename or delete all but one",
        )
    if entry.annotation is not None:
        place = place_of(entry.annotation)
    raise AnnotationError(
        "RC216",
        place,
        "there is no picture of this name",
        got=place_of(Path(entry.name)),
        want=f"{place_of(Path(entry.name[-60:]))}.jpg or another kind",
        fix="add the picture, or give picture and annotation the same name, or delete the entry",
    )


def _require_inside(path: Path) -> None:
    """Follow no link out of the folder: an archive from a stranger may hold one."""
    if not path.is_symlink():
        return
    folder = path.parent.resolve()
    if not path.resolve().is_relative_to(folder):
        raise AnnotationError(
            "RC224",
            place_of(path),
            "a link leads out of the data set",
            got=place_of(path.resolve()),
            want=f"a file in {place_of(folder)}",
            fix="copy the file into the data set; a link to the whole folder is accepted",
        )


def _compare_sizes(annotation: VOCAnnotation, header: Header) -> list[Problem]:
    """Compare the size in the XML with the upright picture's.

    Raises:
        AnnotationError: they differ (RC212); the boxes would be in another frame.
    """
    size, place = annotation.size, place_of(annotation.path)
    if size == header.upright:
        return []
    if size is None:
        return [
            Problem(
                code="RC213",
                place=place,
                what="the annotation does not say the picture's size; taken from the picture",
                fix="nothing need be done; export again to have the size checked",
                severity="warning",
            )
        ]
    what, fix = "the annotation is of a picture of another size", "pair them anew or annotate again"
    if size == Size(header.upright.width, header.upright.height):
        what, fix = "the annotation has width and height exchanged", "exchange them in <size>"
        if size == header.stored:
            what = "the annotation is of the picture before its EXIF rotation"
            fix = "annotate the picture as viewers show it, or take the rotation out of its EXIF"
    raise AnnotationError(
        "RC212",
        place,
        what,
        got=f"{size.width} x {size.height}",
        want=f"{header.upright.width} x {header.upright.height}",
        fix=fix,
    )


def _fitting(
    annotation: VOCAnnotation, size: Size, problems: list[Problem]
) -> tuple[VOCObject, ...]:
    kept: list[VOCObject] = []
    seen: set[tuple[object, ...]] = set()
    for thing in annotation.objects:
        place = f"{place_of(annotation.path)}:{thing.line}"
        box, problem = fit_box(thing.box, size, place)
        problems.extend([problem] if problem else [])
        if (thing.name, thing.box) in seen:
            problems.append(_same_box(place, thing))
        seen.add((thing.name, thing.box))
        if box is not None:
            kept.append(VOCObject(thing.name, box, thing.difficult, thing.line))
    return tuple(kept)


def _same_box(place: str, thing: VOCObject) -> Problem:
    return Problem(
        code="RC219",
        place=place,
        what="the same box twice; both are kept",
        got="{} ({:g}, {:g}, {:g}, {:g})".format(thing.name, *thing.box),
        fix="delete one of the objects",
        severity="warning",
    )


def _no_annotation(path: Path) -> Problem:
    return Problem(
        code="RC217",
        place=place_of(path),
        what="a picture without annotation; taken as one without objects",
        fix="add its annotation, or take it out if nobody has looked for objects in it",
        severity="warning",
    )
