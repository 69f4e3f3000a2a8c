"""PASCAL VOC layout: folders of pictures and XML files, read but for the pixels.

Steps: find the files (`voc_layout`), read each annotation (`voc_annotation`) and the header of
its picture, compare their sizes, fit the boxes into the picture (`box_checks`). A picture without
objects is a negative, and so is one without annotation.

A bad box is left out and its picture kept; a bad picture is left out. Both are reported.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from frcnn.data.checksums import read_checksums
from frcnn.data.picture_paths import require_inside
from frcnn.data.problems import Problem
from frcnn.data.seen import (
    Folder,
    Places,
    Rows,
    Seen,
    fit_rows,
    look_at,
    no_annotation,
    require_size,
)
from frcnn.data.voc_annotation import VOCObject, read_annotation
from frcnn.data.voc_layout import Entry, find_layout
from frcnn.errors import AnnotationError, DataError
from frcnn.ops.picture_header import place_of


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


def _read_or_report(entry: Entry, sums: Mapping[Path, str], problems: list[Problem]) -> Seen | None:
    try:
        return _read_entry(entry, sums, problems)
    except DataError as error:
        problems.append(Problem.of(error, effect="picture skipped"))
        return None


def _read_entry(entry: Entry, sums: Mapping[Path, str], problems: list[Problem]) -> Seen:
    path, before = _the_picture(entry), len(problems)
    look = look_at(path, problems)
    rows, places = _rows(()), Places(f"{place_of(path)}:")
    if entry.annotation is None:
        problems.append(no_annotation(path))
    else:
        require_inside(entry.annotation)
        annotation = read_annotation(entry.annotation)
        places = Places(f"{place_of(annotation.path)}:")
        require_size(annotation.size, look.header, place_of(annotation.path))
        if annotation.size is None:
            problems.append(_no_size(annotation.path))
        problems.extend(annotation.problems)
        rows = fit_rows(_rows(annotation.objects), look.header.upright, places, problems)
    problems[before:] = [problem.on(path) for problem in problems[before:]]
    return Seen(
        name=entry.name,
        path=path,
        size=look.header.upright,
        stamp=look.stamp,
        rows=rows,
        places=places,
        sha256=sums.get(path, ""),
    )


def _rows(objects: tuple[VOCObject, ...]) -> Rows:
    return Rows(
        boxes=np.array([o.box for o in objects], np.float64).reshape(-1, 4),
        names=tuple(o.name for o in objects),
        difficult=np.array([o.difficult for o in objects], np.bool_),
        numbers=np.array([o.line for o in objects], np.int64),
    )


def _the_picture(entry: Entry) -> Path:
    place = entry.listed
    if len(entry.pictures) == 1:
        require_inside(entry.pictures[0])
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


def _no_size(path: Path) -> Problem:
    return Problem(
        code="RC213",
        place=place_of(path),
        what="the annotation does not say the picture's size; taken from the picture",
        fix="nothing need be done; export again to have the size checked",
        severity="warning",
    )
