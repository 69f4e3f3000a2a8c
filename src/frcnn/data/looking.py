"""What a picture's file says without being decoded, held against what its annotation says.

A picture is opened for its size as a rule (`opened`); who is in a hurry may believe the size that
the annotation states (`trusted`), and who cuts pictures into tiles reads those too that are larger
than memory (`windowed`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from frcnn.data.problems import Problem, remark
from frcnn.data.records import UNOPENED, Stamp, stamp_of
from frcnn.errors import AnnotationError
from frcnn.ops.picture_header import MAX_PIXELS, open_regular, place_of, read_header
from frcnn.ops.picture_kinds import Header
from frcnn.ops.tiff_layout import needs_windows, read_layout
from frcnn.types import Size


class Look(NamedTuple):
    """What a picture's file says without being decoded."""

    header: Header
    stamp: Stamp


Looking = Callable[[Path, Size | None, list[Problem]], Look]
"""Tells a picture's size; it knows the one that is stated, and adds remarks. `opened`,
`trusted` or `windowed`."""


def opened(path: Path, stated: Size | None, problems: list[Problem]) -> Look:
    """Take the size from the picture; errors are those of `look_at`.

    Args:
        path: of the picture.
        stated: its size, as the annotation has it; held against the picture's later.
        problems: gets remarks.

    Returns:
        What the picture's header says.
    """
    return look_at(path, problems)


def trusted(path: Path, stated: Size | None, problems: list[Problem]) -> Look:
    """Take the size that is stated, and open the picture only where none is.

    Args:
        path: of the picture.
        stated: its size, as the annotation has it.
        problems: gets remarks.

    Returns:
        The size; errors are those of `look_at`.
    """
    if stated is None:
        return look_at(path, problems)
    return Look(Header(kind="", stored=stated), UNOPENED)


def look_at(path: Path, problems: list[Problem]) -> Look:
    """Read a picture's header; PictureError (RC101 ... RC108) when it is unusable.

    Args:
        path: of the picture.
        problems: gets remarks.

    Returns:
        What it says.
    """
    with open_regular(path) as file:
        header = read_header(file, place_of(path), max_pixels=MAX_PIXELS)
        stamp = stamp_of(file)
    problems.extend(remark(path, note) for note in header.notes)
    return Look(header, stamp)


def windowed(path: Path, stated: Size | None, problems: list[Problem]) -> Look:
    """Take the size from the picture, a TIFF's too that is too large to be decoded at once.

    Args:
        path: of the picture.
        stated: its size, as the annotation has it; held against the picture's later.
        problems: gets remarks.

    Returns:
        What its header says; errors are those of `look_at`, and of `tiff_layout.read_layout`.
    """
    if not needs_windows(path):
        return look_at(path, problems)
    with open_regular(path) as file:
        layout = read_layout(file, path)
        stamp = stamp_of(file)
    problems.extend(remark(path, note) for note in layout.notes)
    header = Header(kind="TIFF", stored=layout.stored, orientation=layout.orientation)
    return Look(header, stamp)


def require_size(stated: Size | None, header: Header, place: str) -> None:
    """Refuse boxes that are in another frame than the upright picture's.

    Args:
        stated: the size that the annotation says; None where it says none.
        header: of the picture.
        place: of the annotation.

    Raises:
        AnnotationError: the sizes differ (RC212).
    """
    if stated is None or stated == header.upright:
        return
    what, fix = "the annotation is of a picture of another size", "pair them anew or annotate again"
    if stated == Size(header.upright.width, header.upright.height):
        what, fix = "the annotation has width and height exchanged", "exchange the two in it"
        if stated == header.stored:
            what = "the annotation is of the picture before its EXIF rotation"
            fix = "annotate the picture as viewers show it, or take the rotation out of its EXIF"
    raise AnnotationError(
        "RC212",
        place,
        what,
        got=f"{stated.width} x {stated.height}",
        want=f"{header.upright.width} x {header.upright.height}",
        fix=fix,
    )
