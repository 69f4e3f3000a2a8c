"""Which kind of picture a file is, and whether it may be decoded: judged before any decoder runs.

The kind follows from the content, never from the name. Only five kinds are entered; every
published flaw of Pillow's decoders in 2026 lies outside JPEG, PNG, BMP, WebP and plain TIFF.
"""

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from frcnn import files
from frcnn.errors import PictureError
from frcnn.ops import picture_kinds
from frcnn.ops.picture_kinds import Header
from frcnn.types import Size

KINDS = "JPEG, PNG, BMP, WebP or TIFF"
"""What is accepted, as errors say it."""
MAX_PIXELS = 64_000_000
"""Default limit; Pillow's own 179 million take 1.8 GiB. A camera has up to 60 million."""

_READERS: dict[bytes, Callable[[BinaryIO], Header]] = {
    b"\xff\xd8\xff": picture_kinds.read_jpeg,
    b"\x89PNG\r\n\x1a\n": picture_kinds.read_png,
    b"II*\0": picture_kinds.read_tiff,
    b"MM\0*": picture_kinds.read_tiff,
    b"BM": picture_kinds.read_bmp,
}
_STRANGERS = {
    b"gif8": "a GIF",
    b"%pdf": "a PDF",
    b"%!ps": "a PostScript file",
    b"\xc5\xd0\xd3\xc6": "a PostScript file",
    b"8bps": "a Photoshop file",
    b"simple": "a FITS file",
    b"\0\0\1\0": "an icon",
    b"\0\0\0\x0cjp": "a JPEG 2000 file",
    b"\xff\x4f\xff\x51": "a JPEG 2000 file",
    b"<svg": "an SVG drawing",
    b"<?xml": "an XML file",
    b"<!doctype html": "an HTML page",
    b"<html": "an HTML page",
    b"ii+\0": "a BigTIFF",
    b"mm\0+": "a BigTIFF",
    b"pk\3\4": "a zip archive",
}

_BIG_TIFF = (b"II+\0", b"MM\0+")
_FIX_KIND = "convert the file to PNG or JPEG, or take it out of the data"
_FIX_BIG = (
    "convert it to PNG or JPEG, or read it in windows: `frcnn predict --tile N`; `frcnn data tile` "
    "cuts it for training"
)


def place_of(path: Path | str) -> str:
    """Write a path so that it stays on one line: control characters are escaped.

    Args:
        path: of any file; or its name as it is written somewhere, which may be an address.

    Returns:
        The path as text.
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(path))


def begins_as_picture(start: bytes) -> bool:
    """Tell a picture of an accepted kind from a text, by its first 32 bytes.

    Args:
        start: of the file; a text may begin with BM, too, but has no NUL.

    Returns:
        Whether a reader is meant for it.
    """
    is_webp = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    is_text = start.startswith(b"BM") and b"\0" not in start
    return is_webp or (not is_text and any(start.startswith(mark) for mark in _READERS))


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading, if it is one: no folder, device or pipe.

    Args:
        path: of the file.

    Returns:
        The open file. PictureError RC108 when it is missing, no regular file, or may not be read.
    """
    return files.open_regular(path, lambda reason: _unreadable(path, reason))


def read_header(file: BinaryIO, place: str, *, max_pixels: int) -> Header:
    """Read the header of an open picture file, and judge it.

    Args:
        file: seekable, at any position; left at any position.
        place: how errors name the file.
        max_pixels: more are refused.

    Returns:
        What the header says.

    Raises:
        PictureError: no accepted kind (RC101), cut in the header (RC102), damaged (RC103), too
            many pixels (RC104), none at all (RC106).
    """
    file.seek(0)
    start = file.read(32)
    try:
        header = _reader(start, place)(file)
    except (struct.error, EOFError) as error:
        fix = "replace the file"
        raise PictureError("RC102", place, "the picture is cut short", fix=fix) from error
    except ValueError as error:
        what, fix = "the picture's header is damaged", "replace the file"
        raise PictureError("RC103", place, what, got=str(error), fix=fix) from error
    _require_size(header, place, max_pixels)
    return header


def _reader(start: bytes, place: str) -> Callable[[BinaryIO], Header]:
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return picture_kinds.read_webp
    for mark, reader in _READERS.items():
        if start.startswith(mark):
            return reader
    if any(mark.startswith(start) for mark in _READERS) and start:
        raise EOFError
    raise PictureError(
        "RC101",
        place,
        "not a picture of an accepted kind",
        got=_describe(start),
        want=KINDS,
        fix=_FIX_BIG if start[:4] in _BIG_TIFF else _FIX_KIND,
    )


def _describe(start: bytes) -> str:
    if not start:
        return "an empty file"
    text = start.lstrip().lower()
    for mark, name in _STRANGERS.items():
        if start.lower().startswith(mark) or text.startswith(mark):
            return name
    if start[4:8] == b"ftyp":
        return "an HEIF or AVIF picture, or a film"
    printable = all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start)
    return "text" if printable else f"bytes {start[:8].hex(' ')}"


def no_pixels(stored: Size, place: str) -> PictureError:
    """Make the error of a picture with a side of 0 pixels.

    Args:
        stored: its sides as its file has them.
        place: of the file.

    Returns:
        The error (RC106), to be raised.
    """
    return PictureError(
        "RC106",
        place,
        "the picture has no pixels",
        got=f"{stored.width} x {stored.height}",
        want="sides of 1 pixel or more",
        fix="replace the file",
    )


def _require_size(header: Header, place: str, max_pixels: int) -> None:
    height, width = header.stored
    if min(height, width) < 1:
        raise no_pixels(header.stored, place)
    if height * width > max_pixels:
        raise PictureError(
            "RC104",
            place,
            "the picture has too many pixels",
            got=f"{width} x {height}, {height * width / 1e6:.0f} million",
            want=f"at most {max_pixels / 1e6:g} million",
            fix="make the picture smaller, or take it out of the data; of a TIFF of any size "
            "`frcnn data tile` cuts tiles to train on, and `frcnn predict --tile N` reads it",
        )


def _unreadable(path: Path, reason: str) -> PictureError:
    return PictureError(
        "RC108",
        place_of(path),
        "the picture file cannot be opened",
        got=reason,
        want="a regular file that may be read",
        fix=f"check the path and its permissions: ls -l {os.fspath(path)!r}",
    )
