"""One PASCAL VOC annotation: what the file says, and the form in which it is written.

VOC's corners are 1-based and inclusive; `ops.boxes.from_voc` makes our continuous ones of them.
`<path>` and `<folder>` are never opened: they name places on somebody else's machine.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.sax.saxutils import escape

from frcnn.data.box_checks import NUMBER
from frcnn.data.problems import Problem, Spot, odd_flag
from frcnn.data.xml_tree import Element, read_xml
from frcnn.errors import AnnotationError
from frcnn.ops import boxes as box_ops
from frcnn.ops.picture_header import place_of
from frcnn.types import Corners, Size

_EDGES = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class VOCObject:
    """One object of an annotation."""

    name: str
    box: Corners
    difficult: bool
    line: int = 0
    """Of its <bndbox>."""
    score: float | None = None
    """Of a prediction; written, never read."""

    @property
    def has_area(self) -> bool:
        """Whether its last pixel lies behind its first, as VOC counts them, in both directions."""
        x1, y1, x2, y2 = self.box
        return x2 - x1 > 1 and y2 - y1 > 1


@dataclass(frozen=True)
class VOCAnnotation:
    """A file, without what was wrong in it."""

    path: Path
    filename: str
    """Of the picture, as the file has it; empty when it does not say."""
    size: Size | None
    """Of the picture; None when the file does not say."""
    objects: tuple[VOCObject, ...]
    problems: tuple[Problem, ...]
    """A dropped box for each object that could not be read."""
    inverted: tuple[VOCObject, ...] = ()
    """Objects without area, reported and not used."""
    source: str = ""
    """What <path> says; not to be opened."""


def read_annotation(path: Path) -> VOCAnnotation:
    """Read a file; objects with unusable boxes are left out and reported.

    Args:
        path: of the XML file.

    Returns:
        What it says.

    Raises:
        AnnotationError: no well-formed XML or beyond the limits (RC203 ... RC205), or XML of
            another kind (RC206).
    """
    root = read_xml(path)
    if root.tag != "annotation":
        raise AnnotationError(
            "RC206",
            f"{place_of(path)}:{root.line}",
            "this XML is no VOC annotation",
            got=f"<{root.tag[:50]}>",
            want="<annotation>",
            fix="take the file out of the data, or export the annotations as PASCAL VOC",
        )
    objects: list[VOCObject] = []
    problems: list[Problem] = []
    for element in root.children:
        if element.tag == "object":
            _read_object(element, path, objects, problems)
    return VOCAnnotation(
        path,
        root.text_of("filename"),
        _read_size(root),
        tuple(thing for thing in objects if thing.has_area),
        tuple(problems),
        tuple(thing for thing in objects if not thing.has_area),
        root.text_of("path"),
    )


def write_annotation(filename: str, size: Size, objects: Sequence[VOCObject]) -> bytes:
    """Write the file that `read_annotation` reads back without loss.

    Args:
        filename: of the picture, without folders.
        size: of the picture, pixels.
        objects: both sides of each box must be longer than 1 pixel, or VOC's corners meet.

    Returns:
        The file, UTF-8.

    Raises:
        AnnotationError: a box is too small to be written (RC207).
    """
    for thing in objects:
        if not thing.has_area:
            raise AnnotationError(
                "RC207",
                filename,
                "a box without area",
                got=str(tuple(thing.box)),
                want="sides longer than 1 pixel",
                fix="leave the box out",
            )
    rows = [_written(thing) for thing in objects]
    return (
        f"<annotation>\n  <filename>{escape(filename)}</filename>\n"
        f"  <size><width>{size.width}</width><height>{size.height}</height>"
        f"<depth>3</depth></size>\n{''.join(rows)}</annotation>\n"
    ).encode()


def _written(thing: VOCObject) -> str:
    edges = box_ops.to_voc(thing.box)
    corners = "".join(
        f"<{edge}>{value:.10g}</{edge}>" for edge, value in zip(_EDGES, edges, strict=True)
    )
    flag = int(thing.difficult)
    score = "" if thing.score is None else f"    <score>{thing.score}</score>\n"
    return (
        f"  <object>\n    <name>{escape(thing.name)}</name>\n    <difficult>{flag}</difficult>\n"
        f"    <bndbox>{corners}</bndbox>\n{score}  </object>\n"
    )


def _read_size(root: Element) -> Size | None:
    element = root.child("size")
    if element is None:
        return None
    texts = element.text_of("height"), element.text_of("width")
    if not all(NUMBER.fullmatch(text) and len(text) < 10 for text in texts):
        return None
    sides = [float(text) for text in texts]
    if not all(map(math.isfinite, sides)):  # 1e400
        return None
    size = Size(*map(int, sides))
    return size if max(size) > 0 else None  # labelImg writes 0 x 0 when it does not know


def _read_object(
    element: Element, path: Path, objects: list[VOCObject], problems: list[Problem]
) -> None:
    place = place_of(path)
    name = element.text_of("name")
    if not name:
        problems.append(_dropped("RC215", f"{place}:{element.line}", "an object without a name"))
        return
    frame = element.child("bndbox")
    line = element.line if frame is None else frame.line
    texts = ["" if frame is None else frame.text_of(edge) for edge in _EDGES]
    edges = [float(t) if NUMBER.fullmatch(t) else float("nan") for t in texts]
    xmin, ymin, xmax, ymax = edges
    shown = ", ".join(f"{e} {t[:20] or 'missing'}" for e, t in zip(_EDGES, texts, strict=True))
    if not all(abs(edge) < 1e9 for edge in edges):  # NaN is not below anything
        problems.append(
            _dropped("RC208", f"{place}:{line}", "a box that is not four numbers", shown)
        )
    else:
        box = box_ops.from_voc((xmin, ymin, xmax, ymax))
        thing = VOCObject(name, box, _difficult(element, place, problems), line)
        objects.append(thing)
        if not thing.has_area:
            problem = _dropped("RC207", f"{place}:{line}", "a box without area", shown)
            problems.append(replace(problem, spot=Spot(box=box)))


def _difficult(element: Element, place: str, problems: list[Problem]) -> bool:
    flag = element.child("difficult")
    if flag is None or flag.text in ("0", "", "false", "False"):
        return False
    if flag.text in ("1", "true", "True"):
        return True
    problems.append(odd_flag(f"{place}:{flag.line}", flag.text))
    return False


def _dropped(code: str, place: str, what: str, got: str = "") -> Problem:
    wants = {
        "RC207": "xmin < xmax and ymin < ymax",
        "RC208": "finite xmin, ymin, xmax, ymax",
        "RC215": "<name> with the class in it",
    }
    return Problem(
        code=code,
        place=place,
        what=what,
        got=got,
        want=wants[code],
        fix="mend or delete the object; its box is left out",
        effect="box dropped",
    )
