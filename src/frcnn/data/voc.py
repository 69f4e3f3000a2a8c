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
from frcnn.data.looking import Looking, opened, require_size
from frcnn.data.picture_paths import another_machine, leads_out, require_inside
from frcnn.data.problems import Problem
from frcnn.data.seen import (
    Folder,
    Places,
    Rows,
    Seen,
    fit_rows,
    no_annotation,
)
from frcnn.data.voc_annotation import VOCAnnotation, read_annotation
from frcnn.data.voc_layout import Entry, find_layout
from frcnn.errors import AnnotationError, DataError
from frcnn.ops.picture_header import place_of


def read_folder(root: Path, look: Looking = opened) -> Folder:
    """Read all annotations and headers.

    AnnotationError RC201, RC228 or RC229 when the folder is no such data set.

    Args:
        root: of the data set.
        look: tells the size of a picture.

    Returns:
        The usable pictures, and a problem for everything else.
    """
    layout = find_layout(root)
    sums = read_checksums(root)
    folder = Folder(problems=list(layout.problems))
    reader = _Reader(root, sums, look, folder.problems)
    known: dict[Entry, Seen | None] = {}
    for split, entries in layout.splits.items():
        seen = []
        for entry in entries:
            if entry not in known:  # a picture in train and in trainval is read once
                known[entry] = reader.read_or_report(entry)
            seen.append(known[entry])
        folder.splits[split] = tuple(s for s in seen if s is not None)
    folder.pictures = len(known)
    if reader.sources:
        folder.problems.append(another_machine(root, "<path>", reader.sources))
    return folder


class _Reader:
    """Reads the entries of one data set."""

    def __init__(
        self, root: Path, sums: Mapping[Path, str], look: Looking, problems: list[Problem]
    ) -> None:
        self._root, self._sums, self._look, self._problems = root, sums, look, problems
        self.sources: list[str] = []
        """What `<path>` says, where it leads out of the data set."""

    def read_or_report(self, entry: Entry) -> Seen | None:
        try:
            return self._read(entry)
        except DataError as error:
            problem = Problem.of(error, effect="picture skipped")
            alone = len(entry.pictures) == 1
            self._problems.append(problem.on(entry.pictures[0]) if alone else problem)
            return None

    def _read(self, entry: Entry) -> Seen:
        path, problems = _the_picture(entry), self._problems
        require_inside(path, self._root)
        before = len(problems)
        annotation = self._annotation(entry, path)
        header, stamp = self._look(path, annotation.size, problems)
        places = Places(f"{place_of(annotation.path)}:")
        require_size(annotation.size, header, place_of(annotation.path))
        if annotation.size is None and entry.annotation is not None:
            problems.append(_no_size(annotation.path))
        problems.extend(annotation.problems)
        written = _rows(annotation)
        rows = fit_rows(written, header.upright, places, problems)
        problems[before:] = [problem.on(path) for problem in problems[before:]]
        return Seen(
            name=entry.name,
            path=path,
            size=header.upright,
            stamp=stamp,
            rows=rows,
            written=written,
            stated=annotation.size,
            orientation=header.orientation,
            places=places,
            sha256=self._sums.get(path, ""),
        )

    def _annotation(self, entry: Entry, path: Path) -> VOCAnnotation:
        """Read what is said of a picture; nothing is where it has no annotation."""
        if entry.annotation is None:
            self._problems.append(no_annotation(path))
            return VOCAnnotation(path, "", None, (), ())
        require_inside(entry.annotation, self._root)
        annotation = read_annotation(entry.annotation)
        if leads_out(annotation.source):
            self.sources.append(annotation.source)
        return annotation


def _rows(annotation: VOCAnnotation) -> Rows:
    objects = sorted((*annotation.objects, *annotation.inverted), key=lambda o: o.line)
    return Rows(
        boxes=np.array([o.box for o in objects], np.float64).reshape(-1, 4),
        names=tuple(o.name for o in objects),
        difficult=np.array([o.difficult for o in objects], np.bool_),
        numbers=np.array([o.line for o in objects], np.int64),
        is_box=np.array([o.has_area for o in objects], np.bool_),
    )


def _the_picture(entry: Entry) -> Path:
    place = entry.listed
    if len(entry.pictures) == 1:
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
