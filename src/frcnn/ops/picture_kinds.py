"""The headers of the five kinds of picture: where each keeps its size and its EXIF block.

Each reader takes an open file that is known by its first bytes, decodes nothing, and raises
ValueError for a damaged header, EOFError or struct.error for one that is cut short. Reading
them here and not through Pillow means that no decoder is entered before the size was judged.

Sources: ITU-T T.81 (JPEG), W3C PNG 3rd edition, RFC 9649 (WebP), TIFF 6.0, Microsoft's BMP.
"""

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

from frcnn.ops import exif
from frcnn.types import Size

_MOST_PARTS = 100_000  # chunks or segments before a file counts as hostile
_MOST_EXIF = 1 << 20  # bytes
_EXIF_MARK = b"Exif\0\0"
_APP1, _START_OF_SCAN, _END = 0xE1, 0xDA, 0xD9
_UNSAID: tuple[int, tuple[str, ...]] = (exif.UPRIGHT, ())
_NOT_FRAMES = (0xC4, 0xC8, 0xCC)  # of the markers 0xC0 ... 0xCF these hold no size


@dataclass(frozen=True, kw_only=True)
class Header:
    """A picture file, as far as its header tells."""

    kind: str
    """One of JPEG, PNG, BMP, WEBP, TIFF."""
    stored: Size
    """Of the pixels as the file has them, before turning upright."""
    orientation: int = exif.UPRIGHT
    """EXIF orientation, 1 ... 8."""
    exif_spans: tuple[tuple[int, int], ...] = ()
    """First byte and end of each EXIF segment of a JPEG; of the orientation's value in a TIFF."""
    notes: tuple[str, ...] = ()
    """Remarks for the reader of a report, such as a second page that is not read."""

    @property
    def upright(self) -> Size:
        """The size after turning upright: the frame that boxes are written in."""
        return exif.upright_size(self.stored, self.orientation)


def read_jpeg(file: BinaryIO) -> Header:
    """Walk the segments up to the first frame header.

    Args:
        file: a JPEG.

    Returns:
        Its header.

    Raises:
        ValueError: the segments do not follow each other, or there is no frame.
    """
    file.seek(2)
    orientation, notes = _UNSAID
    spans: tuple[tuple[int, int], ...] = ()
    for _ in range(_MOST_PARTS):
        marker, length = _next_segment(file)
        here = file.tell()
        if 0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES:
            bits, height, width = struct.unpack(">BHH", _exactly(file, 5))
            if bits != 8:
                raise ValueError(f"{bits} bits per colour; want 8")
            stored = Size(height, width)
            return Header(
                kind="JPEG", stored=stored, orientation=orientation, exif_spans=spans, notes=notes
            )
        if marker in (_START_OF_SCAN, _END):
            break
        if marker == _APP1 and file.read(len(_EXIF_MARK)) == _EXIF_MARK:
            block = _exactly(file, max(length - len(_EXIF_MARK), 0))
            orientation, notes = (orientation, notes) if spans else _oriented(block)
            spans += ((here - 4, here + length),)
        file.seek(here + length)
    raise ValueError("no frame header")


def read_png(file: BinaryIO) -> Header:
    """Read IHDR, then walk the chunks for EXIF and animation.

    Args:
        file: a PNG.

    Returns:
        Its header.

    Raises:
        ValueError: the first chunk is not IHDR, or there are too many chunks.
    """
    file.seek(8)
    length, name = struct.unpack(">I4s", _exactly(file, 8))
    if name != b"IHDR" or length != 13:
        raise ValueError("the first chunk is not IHDR")
    width, height = struct.unpack(">II", _exactly(file, 8))
    file.seek(33)
    orientation, notes = _UNSAID
    frames: tuple[str, ...] = ()
    for _ in range(_MOST_PARTS):
        start = file.read(8)
        if len(start) < 8 or start[4:] == b"IEND":
            stored = Size(height, width)
            return Header(kind="PNG", stored=stored, orientation=orientation, notes=notes + frames)
        length = int.from_bytes(start[:4], "big")
        here = file.tell()
        if start[4:] == b"acTL":
            frames = ("animated: only the still picture is read",)
        if start[4:] == b"eXIf" and length <= _MOST_EXIF:
            orientation, notes = _oriented(file.read(length).removeprefix(_EXIF_MARK))
        file.seek(here + length + 4)
    raise ValueError("too many chunks")


def read_webp(file: BinaryIO) -> Header:
    """Read the first chunk, then walk the others for EXIF.

    Args:
        file: a WebP.

    Returns:
        Its header.

    Raises:
        ValueError: the first chunk is none of VP8, VP8L and VP8X.
    """
    file.seek(12)
    name, _ = struct.unpack("<4sI", _exactly(file, 8))
    body = _exactly(file, 10)
    if name == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", body[6:10])
        return Header(kind="WEBP", stored=Size(height & 0x3FFF, width & 0x3FFF))
    if name == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return Header(kind="WEBP", stored=Size((bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1))
    if name != b"VP8X":
        raise ValueError("no picture in the first chunk")
    width, height = (int.from_bytes(body[i : i + 3], "little") + 1 for i in (4, 7))
    orientation, notes = _webp_exif(file) if body[0] & 0x08 else _UNSAID
    if body[0] & 0x02:
        notes = (*notes, "animated: only the first frame is read")
    return Header(kind="WEBP", stored=Size(height, width), orientation=orientation, notes=notes)


def read_bmp(file: BinaryIO) -> Header:
    """Read the size; a negative height only says that rows run downwards.

    Args:
        file: a BMP.

    Returns:
        Its header.
    """
    file.seek(14)
    (length,) = struct.unpack("<I", _exactly(file, 4))
    form, count = ("<HH", 4) if length == 12 else ("<ii", 8)
    width, height = struct.unpack(form, _exactly(file, count))
    return Header(kind="BMP", stored=Size(abs(height), width))


def read_tiff(file: BinaryIO) -> Header:
    """Read the first directory.

    Args:
        file: a TIFF.

    Returns:
        The header of its first page.

    Raises:
        ValueError: the directory is cut short, or names no size.
    """
    file.seek(0)
    head = _exactly(file, 8)
    offset = int.from_bytes(head[4:], "little" if head[:2] == b"II" else "big")
    file.seek(offset)
    directory = file.read(2 + 12 * 0xFFFF + 4)  # the longest one there can be
    entries, following = exif.read_directory(head[:4] + bytes(4) + directory, offset=8)
    if 256 not in entries or 257 not in entries:
        raise ValueError("the first page names no width and height")
    turn = entries.get(exif.ORIENTATION)
    orientation, notes = judged_orientation(exif.UPRIGHT if turn is None else turn.value)
    at = 0 if turn is None else turn.at - 8 + offset
    return Header(
        kind="TIFF",
        stored=Size(entries[257].value, entries[256].value),
        orientation=orientation,
        exif_spans=() if turn is None else ((at, at + struct.calcsize(turn.form)),),
        notes=notes if not following else (*notes, "several pages: only the first is read"),
    )


def judged_orientation(value: int) -> tuple[int, tuple[str, ...]]:
    """Take an EXIF orientation, or upright where it is none of the eight.

    Args:
        value: as the file has it.

    Returns:
        The orientation to apply, 1 ... 8, and what to remark.
    """
    if value == exif.UPRIGHT:
        return value, ()
    if 1 < value <= 8:
        return value, (f"EXIF rotation {value} applied",)
    return exif.UPRIGHT, (f"EXIF rotation {value} ignored: not one of 1 ... 8",)


def _next_segment(file: BinaryIO) -> tuple[int, int]:
    """Read a JPEG marker and how many bytes follow its length field."""
    byte = _exactly(file, 1)
    if byte != b"\xff":
        raise ValueError("no marker where one is due")
    while byte == b"\xff":  # fill bytes may stand before a marker
        byte = _exactly(file, 1)
    marker = byte[0]
    if marker in (0x01, _END) or 0xD0 <= marker <= 0xD7:  # these stand alone
        return marker, 0
    (length,) = struct.unpack(">H", _exactly(file, 2))
    if length < 2:
        raise ValueError("a segment of less than no bytes")
    return marker, length - 2


def _webp_exif(file: BinaryIO) -> tuple[int, tuple[str, ...]]:
    end = file.seek(0, io.SEEK_END)
    at = 12
    for _ in range(_MOST_PARTS):
        file.seek(at)
        start = file.read(8)
        if len(start) < 8 or at > end:
            break
        length = int.from_bytes(start[4:], "little")
        if start[:4] == b"EXIF" and length <= _MOST_EXIF:
            return _oriented(file.read(length).removeprefix(_EXIF_MARK))
        at += 8 + length + length % 2
    return exif.UPRIGHT, ("EXIF ignored: announced, but not there",)


def _oriented(block: bytes) -> tuple[int, tuple[str, ...]]:
    """Read the orientation of an EXIF block, and what to remark about it."""
    try:
        entries, _ = exif.read_directory(block)
    except ValueError as error:
        return exif.UPRIGHT, (f"EXIF ignored: {error}",)
    turn = entries.get(exif.ORIENTATION)
    return judged_orientation(exif.UPRIGHT if turn is None else turn.value)


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise EOFError
    return data
