"""Boxes that were drawn before the EXIF rotation, brought into the upright picture; for a repair.

Two things tell that they were: the annotation states the size of the picture before its rotation,
and the boxes lie in that (RC212); or it states none, and nearly all boxes lie in the picture before
the rotation while many leave the upright one (RC262). A stated size whose sides are exchanged
without a rotation is replaced by the picture's own, if the boxes lie in that.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from frcnn.data.layouts import read_any
from frcnn.data.looking import OTHER_SIZE, Exchanging, require_size
from frcnn.data.problems import Problem
from frcnn.data.rereading import with_corners, without_boxes_of
from frcnn.data.rotations import BEFORE_ROTATION, NEARLY_ALL, are_before_rotation, is_unknown
from frcnn.data.seen import Folder, Seen
from frcnn.data.written import fits, written_boxes
from frcnn.errors import AnnotationError, counted
from frcnn.ops import exif
from frcnn.ops.picture_header import place_of
from frcnn.ops.picture_kinds import Header
from frcnn.types import Size

_LOOK = "look at some pictures with their boxes before the copy is used"


def with_exchanged(folder: Folder, layout: str, root: Path) -> Folder:
    """Read pictures that were left out because the sides of their stated size are exchanged.

    Args:
        folder: the data set, read.
        layout: its name.
        root: its place.

    Returns:
        The data set read once more, those pictures and their boxes mended where the boxes tell in
        which frame they are; the same one where there are no such pictures.
    """
    if not any(problem.code == OTHER_SIZE for problem in folder.problems):
        return folder
    look = Exchanging()
    _, again = read_any(root, layout, look)
    aside = {id(seen): seen for split in again.splits.values() for seen in split}
    aside = {key: seen for key, seen in aside.items() if _is_exchanged(seen, look.headers)}
    problems = without_boxes_of(aside.values(), again.problems)
    mended: dict[int, Seen | None] = {}
    for is_rotated in (True, False):
        kind = {
            key: seen
            for key, seen in aside.items()
            if (seen.size == look.headers[seen.path].stored) == is_rotated
        }
        frame = _frame(list(kind.values()), layout, is_rotated=is_rotated)
        for key, seen in kind.items():
            mended[key] = _mended(seen, look.headers[seen.path], frame, problems)
    splits = {
        name: tuple(s for seen in split if (s := mended.get(id(seen), seen)) is not None)
        for name, split in again.splits.items()
    }
    return replace(again, splits=splits, problems=problems)


def turned(split: Sequence[Seen], layout: str, place: str, problems: list[Problem]) -> list[Seen]:
    """Rotate the boxes of a split's pictures on their side, where many boxes prove that need.

    Args:
        split: its pictures.
        layout: of the data.
        place: of the split.
        problems: those of the boxes as they were go, and what was done comes in.

    Returns:
        The pictures, in the same order.
    """
    if not are_before_rotation(written_boxes(layout, split)):
        return list(split)
    chosen = [seen for seen in split if is_unknown(seen)]
    problems[:] = without_boxes_of(chosen, problems)
    count = sum(len(seen.written.names) for seen in chosen)
    problems.append(
        Problem(
            code=BEFORE_ROTATION,
            place=place,
            what="boxes were drawn before the EXIF rotation; they are rotated",
            got=f"{counted(count, 'box')} in {counted(len(chosen), 'picture')}",
            fix=_LOOK,
            severity="warning",
            effect="box rotated",
            count=count,
        )
    )
    return [_rotated(s, problems) if is_unknown(s) else s for s in split]


def _is_exchanged(seen: Seen, headers: dict[Path, Header]) -> bool:
    """Say whether the size that was taken is not the picture's own."""
    return seen.path in headers and seen.size != headers[seen.path].upright


def _frame(pictures: Sequence[Seen], layout: str, *, is_rotated: bool) -> str:
    """Ask in which picture the boxes lie: "before" the rotation, "upright", or in neither."""
    written = written_boxes(layout, pictures)
    enough = NEARLY_ALL * len(written.corners)
    if is_rotated and fits(written.corners, written.sides).sum() >= enough:
        return "before"
    return "upright" if fits(written.corners, written.sides[:, ::-1]).sum() >= enough else ""


def _mended(seen: Seen, header: Header, frame: str, problems: list[Problem]) -> Seen | None:
    """Bring a picture with its boxes into its own size; None where nobody knows how."""
    stated, place = seen.size, place_of(seen.path)
    try:
        require_size(stated, header, place)
    except AnnotationError as error:
        problem = Problem.of(error, effect="picture skipped" if not frame else "size mended")
    count = len(seen.written.names)
    if frame == "before" and count:
        problem = replace(problem, effect="box rotated", count=count)
    problems.append(problem.on(seen.path))
    if not frame:
        return None
    own = replace(seen, size=header.upright, stated=header.upright, orientation=header.orientation)
    if frame == "before":
        return _rotated(own, problems)
    return with_corners(own, seen.written.boxes, problems)


def _rotated(seen: Seen, problems: list[Problem]) -> Seen:
    """Rotate the boxes of a picture on its side; its size is upright already."""
    stored = Size(height=seen.size.width, width=seen.size.height)
    corners = exif.upright_corners(seen.written.boxes, stored, seen.orientation)
    return with_corners(seen, corners, problems)
