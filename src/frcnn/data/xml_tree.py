"""XML from strangers: read with line numbers, within limits, nothing else ever opened.

Document types and entities are refused (defusedxml), and so are files that are too large, too
deep or have too many elements, because expat itself sets no such limits.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from frcnn.errors import AnnotationError, PictureError
from frcnn.ops.picture_header import open_regular, place_of

MAX_BYTES = 10 * 1024 * 1024
"""Of a file; VOC's largest has 30 thousand."""
MAX_DEPTH = 50
"""Elements inside each other; VOC has 5."""
MAX_ELEMENTS = 200_000
"""Of a file; 5,000 boxes need 60 thousand."""


class Limits(NamedTuple):
    """What a file may have at most; more is refused before it takes memory."""

    size: int = MAX_BYTES
    """Bytes."""
    elements: int = MAX_ELEMENTS


ONE_PICTURE = Limits()
"""For a file that is of one picture."""


@dataclass(slots=True)
class Element:
    """One element."""

    tag: str
    line: int
    """1 is the first."""
    attributes: dict[str, str] = field(default_factory=dict)
    """VOC has none."""
    text: str = ""
    """All text directly inside, without surrounding space."""
    children: list["Element"] = field(default_factory=list)
    """In the order of the file."""

    def child(self, tag: str) -> "Element | None":
        """Find the first direct child of that name."""
        return next((c for c in self.children if c.tag == tag), None)

    def text_of(self, tag: str) -> str:
        """Give the text of the first direct child of that name; empty when there is none."""
        found = self.child(tag)
        return "" if found is None else found.text


def read_xml(path: Path, limits: Limits = ONE_PICTURE) -> Element:
    """Read a file.

    Errors are AnnotationError: RC203 when it cannot be read or is no well-formed XML, RC204 for a
    document type or entity, RC205 beyond the limits.

    Args:
        path: of the file.
        limits: of its size.

    Returns:
        The outermost element.
    """
    place = place_of(path)
    return parse_xml(_read(path, place, limits), place, limits)


def parse_xml(data: bytes, place: str, limits: Limits = ONE_PICTURE) -> Element:
    """Read XML from memory; errors as `read_xml`.

    Args:
        data: in any encoding that expat knows and the data declares, or UTF-8 or UTF-16.
        place: how errors name it.
        limits: of its size.

    Returns:
        The outermost element.

    Raises:
        AnnotationError: RC203, RC204, RC205.
    """
    target = _Target(place, limits.elements)
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    target.expat = parser.parser
    try:
        parser.feed(data)
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise AnnotationError(
            "RC204",
            f"{place}:{target.line}",
            "document types and entities are not accepted",
            got=type(error).__name__.removesuffix("Forbidden"),
            fix="remove the <!DOCTYPE ...> part; annotations need none",
        ) from error
    except ParseError as error:
        line, column = error.position
        raise _malformed(f"{place}:{line}:{column + 1}", str(error)) from error
    except (LookupError, ValueError) as error:  # an encoding that expat does not know
        raise _malformed(f"{place}:{target.line}", str(error)) from error
    return root


_TOO_LARGE = "take the file out of the data if it is no annotation, or export it in parts"


class _Target:
    """Builds the tree while expat reads."""

    def __init__(self, place: str, most: int) -> None:
        self.expat: Any = None
        self._place, self._most = place, most
        self._open = [Element(tag="", line=0)]
        self._count = 0

    @property
    def line(self) -> int:
        return int(self.expat.CurrentLineNumber)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > MAX_DEPTH or self._count > self._most:
            self._refuse()
        element = Element(tag=tag, line=self.line, attributes=attributes)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _tag: str) -> None:
        element = self._open.pop()
        element.text = element.text.strip()

    def data(self, text: str) -> None:
        self._open[-1].text += text

    def close(self) -> Element:
        return self._open[0].children[0]

    def _refuse(self) -> NoReturn:
        raise AnnotationError(
            "RC205",
            f"{self._place}:{self.line}",
            "the annotation is too large or too deep",
            got=f"{self._count} elements, {len(self._open)} deep",
            want=f"at most {self._most} elements, {MAX_DEPTH} deep",
            fix=_TOO_LARGE,
        )


def _read(path: Path, place: str, limits: Limits) -> bytes:
    try:
        with open_regular(path) as file:
            data = file.read(limits.size + 1)
    except PictureError as error:  # no file, a folder, a pipe, or one that may not be read
        raise _closed(place, error.got) from error
    except OSError as error:
        raise _closed(place, error.strerror or str(error)) from error
    if len(data) > limits.size:
        raise AnnotationError(
            "RC205",
            place,
            "the annotation is too large or too deep",
            got=f"more than {limits.size} bytes",
            want=f"at most {limits.size}",
            fix=_TOO_LARGE,
        )
    return data


def _closed(place: str, reason: str) -> AnnotationError:
    return AnnotationError(
        "RC203",
        place,
        "the annotation cannot be read",
        got=reason,
        want="a file that may be read",
        fix="put a file there that you may read (`ls -l` shows who may), or take its picture out",
    )


def _malformed(place: str, reason: str) -> AnnotationError:
    return AnnotationError(
        "RC203",
        place,
        "the annotation cannot be read as XML",
        got=reason,
        fix="mend the file by hand or export it again",
    )
