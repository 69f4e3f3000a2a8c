"""Where everything stands in a file of stored proposals.

It is a safetensors file, which any reader of that format opens: 8 bytes of length, a JSON header,
and four arrays back to back, little-endian. K copies are the pictures, or twice as many where each
picture is followed by its mirrored self. The arrays are written in this order, and read in any:
other writers of the format have their own.

first       [K + 1] int64         copy k has the rows first[k] ... first[k + 1]
sizes       [pictures, 2] int32   height and width of the original pictures
names       [n] uint8             their names as one JSON list, spaces behind it
proposals   [rows, 5] float32     x1, y1, x2, y2 in pixels of the original picture, score

The rows stand last, because their number alone is not known when the writing begins: the header,
which the format lets end in spaces, and `first` are written into the room that was left for them.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

from frcnn._version import __version__
from frcnn.errors import DataError

FORMAT_VERSION = 1
ORDER = ("first", "sizes", "names", "proposals")
"""In which the arrays are written."""
COLUMNS = 5
ROW_BYTES = 4 * COLUMNS
HEADER_CAP = 1024 * 1024
"""Bytes of JSON; a whole run's settings take about ten thousand."""
NAME_CAP = 2048
"""Bytes that a picture's name may have on average; file systems allow 255 characters, and JSON
takes six bytes for one that is not ASCII."""

_KEY = "frcnn_proposals"
_METADATA = "__metadata__"
_LENGTH = struct.Struct("<Q")
_MOST = 2**40
"""Rows and bytes of names; beyond any disk, and far from where integers overflow."""


@dataclass(frozen=True, kw_only=True)
class About:
    """What a file says about itself."""

    split: str
    """Name of the split."""
    fingerprint: str
    """Of the pictures, as `Split.picture_fingerprint`."""
    copies: int = 1
    """1, or 2 where each picture's proposals are followed by those of its mirrored self."""
    maker: Mapping[str, Any] = field(default_factory=dict)
    """What made the proposals: weights, settings; JSON values."""
    made_by: str = f"frcnn {__version__}"
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Places in a file, in bytes from its beginning."""

    header_bytes: int
    """Of the length and the JSON; a multiple of 8."""
    pictures: int
    copies: int
    names_bytes: int
    """A multiple of 8, so that the rows begin at one."""
    rows: int

    order: tuple[str, ...] = ORDER
    """In which the arrays stand."""

    @property
    def first(self) -> int:
        """Where `first` begins."""
        return self._begin("first")

    @property
    def sizes(self) -> int:
        """Where `sizes` begin."""
        return self._begin("sizes")

    @property
    def names(self) -> int:
        """Where `names` begin."""
        return self._begin("names")

    @property
    def proposals(self) -> int:
        """Where the rows begin."""
        return self._begin("proposals")

    @property
    def end(self) -> int:
        """The length of the file."""
        return self.header_bytes + sum(self._lengths.values())

    def tensors(self) -> dict[str, dict[str, Any]]:
        """Describe the arrays as the header does."""
        parts = (
            ("first", "I64", [self.pictures * self.copies + 1]),
            ("sizes", "I32", [self.pictures, 2]),
            ("names", "U8", [self.names_bytes]),
            ("proposals", "F32", [self.rows, COLUMNS]),
        )
        described = {}
        for name, kind, shape in parts:
            low = self._begin(name) - self.header_bytes
            offsets = [low, low + self._lengths[name]]
            described[name] = {"dtype": kind, "shape": shape, "data_offsets": offsets}
        return described

    @property
    def _lengths(self) -> dict[str, int]:
        """Of the arrays, in bytes."""
        return {
            "first": 8 * (self.pictures * self.copies + 1),
            "sizes": 8 * self.pictures,
            "names": self.names_bytes,
            "proposals": ROW_BYTES * self.rows,
        }

    def _begin(self, name: str) -> int:
        before = self.order[: self.order.index(name)]
        return self.header_bytes + sum(self._lengths[each] for each in before)


def room_for_header(about: About, pictures: int, names_bytes: int) -> int:
    """Tell how many bytes the length and the header may come to, whatever is found.

    Args:
        about: goes into the header.
        pictures: of the split.
        names_bytes: of their names.

    Returns:
        A multiple of 8.
    """
    largest = Layout(
        header_bytes=0,
        pictures=pictures,
        copies=about.copies,
        names_bytes=names_bytes,
        rows=_MOST,
    )
    return _LENGTH.size + -(-len(_text(about, largest)) // 8) * 8


def make_header(about: About, layout: Layout) -> bytes:
    """Write the length and the header.

    Args:
        about: goes into it.
        layout: with the number of rows that it came to.

    Returns:
        `layout.header_bytes` bytes.

    Raises:
        AssertionError: they are too few, or too many for any reader.
    """
    text = _text(about, layout)
    room = layout.header_bytes - _LENGTH.size
    if len(text) > room or room > HEADER_CAP:
        raise AssertionError(f"a header of {len(text)} bytes in a room of {room}")
    return _LENGTH.pack(room) + text.ljust(room)


def read_header(stream: BinaryIO, size: int, place: str) -> tuple[About, Layout]:
    """Read the header and prove that the file is as long as it says.

    Args:
        stream: at the beginning of the file.
        size: of the file, in bytes.
        place: the file, for messages.

    Returns:
        What the file says about itself, and where its arrays stand: all within the file.

    Raises:
        DataError: no file of stored proposals, or a damaged one (RC251), or from a newer version
            (RC252).
    """
    if size == 0:
        raise damaged(place, "an empty file")
    first = stream.read(_LENGTH.size)
    length = _LENGTH.unpack(first)[0] if len(first) == _LENGTH.size else size
    if length > min(HEADER_CAP, size - _LENGTH.size):
        raise damaged(place, f"{size} bytes without a header")
    header = _parsed(stream.read(length), place)
    about = _about(header, place)
    layout = Layout(
        header_bytes=_LENGTH.size + length,
        pictures=_side(header, "sizes", place),
        copies=about.copies,
        names_bytes=_side(header, "names", place),
        rows=_side(header, "proposals", place),
        order=tuple(sorted(ORDER, key=lambda name: _offsets(header, name, place))),
    )
    if {name: header[name] for name in header if name != _METADATA} != layout.tensors():
        raise damaged(place, "arrays that do not stand as they should")
    if layout.end != size or layout.names_bytes > NAME_CAP * (layout.pictures + 1):
        raise damaged(place, f"{size} bytes where the header has {layout.end}")
    return about, layout


def damaged(place: str, got: str) -> DataError:
    """Say that a file is not what it should be.

    Args:
        place: the file.
        got: what was found in it.

    Returns:
        The error RC251.
    """
    return DataError(
        "RC251",
        place,
        "not a file of stored proposals, or damaged",
        got=got,
        want="a whole file that `frcnn propose` wrote",
        fix="copy it again, or make it again with `frcnn propose`",
    )


def _text(about: About, layout: Layout) -> bytes:
    told = json.dumps(asdict(about), allow_nan=False)
    header = {_METADATA: {_KEY: told}, **layout.tensors()}
    return json.dumps(header, separators=(",", ":")).encode()


def _parsed(text: bytes | str, place: str) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(place, f"a header that is no JSON ({type(error).__name__})") from None
    if not isinstance(header, dict):
        raise damaged(place, "a header that names nothing")
    return header


def _about(header: Mapping[str, Any], place: str) -> About:
    metadata = header.get(_METADATA)
    text = metadata.get(_KEY) if isinstance(metadata, dict) else None
    told = _parsed(text, place) if isinstance(text, str) else {}
    version = told.get("format_version")
    if type(version) is int and version > FORMAT_VERSION:
        raise DataError(
            "RC252",
            place,
            "stored proposals of a newer version",
            got=f"format {version} of {str(told.get('made_by'))[:40]}",
            want=f"format {FORMAT_VERSION}",
            fix="update frcnn, or make the file again with `frcnn propose`",
        )
    kinds = {name: type(value) for name, value in told.items()}
    texts = ("split", "fingerprint", "made_by")
    wanted = {**dict.fromkeys(texts, str), "copies": int, "format_version": int, "maker": dict}
    if kinds != wanted or told["copies"] not in (1, 2) or version != FORMAT_VERSION:
        raise damaged(place, "a header without what describes stored proposals")
    return About(**told)


def _side(header: Mapping[str, Any], name: str, place: str) -> int:
    """Give the first side of an array, a plain number in any case."""
    described = header.get(name)
    shape = described.get("shape") if isinstance(described, dict) else None
    side = shape[0] if isinstance(shape, list) and shape else None
    if type(side) is not int or not 0 <= side <= _MOST:
        raise damaged(place, f"no array {name!r} of a plain shape")
    return side


def _offsets(header: Mapping[str, Any], name: str, place: str) -> list[int]:
    """Give where an array begins and ends as the header has it, to be proven by the caller."""
    described = header.get(name)
    offsets = described.get("data_offsets") if isinstance(described, dict) else None
    if not isinstance(offsets, list) or not all(type(each) is int for each in offsets):
        raise damaged(place, f"no array {name!r} in a plain place")
    return offsets
