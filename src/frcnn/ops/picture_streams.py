"""The bytes of a picture file, made fit for a decoder: checked, and without what is not pixels.

A decoder is given pixel data alone. EXIF, text and animation chunks are left out, so that
Pillow parses none of them: no text bomb, no second opinion on the orientation, no warnings.
"""

import re
import struct
import zlib
from collections.abc import Iterator

from frcnn.errors import PictureError
from frcnn.ops import exif
from frcnn.ops.picture_kinds import Header

MAX_TEXT = 1 << 20
"""Bytes a compressed text chunk may unpack to."""
NO_END = "no end marker: the last bytes are missing"
"""The remark about a file that may or may not hold all pixels."""
_SIGNATURE = 8  # bytes before the first PNG chunk
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_END = b"\0\0\0\0IEND\xaeB`\x82"
JPEG_END = b"\xff\xd9"
"""The marker."""
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # 0 and D0 ... D7 stand in coded pixels
_FRAMES, _SCAN = (0xC0, 0xC1, 0xC2), 0xDA
_SHORTEST = 6
_FILLERS = tuple(byte * 4096 for byte in (b"\xaa", b"\x55", b"\x01", b"\xfe"))
_REPLACE = "replace the file"


def pixel_stream(data: bytes, header: Header, place: str) -> tuple[bytes, tuple[str, ...]]:
    """Check a whole file and reduce it to what its decoder needs.

    Args:
        data: the file.
        header: its header.
        place: how errors name the file.

    Returns:
        A file that decodes to the stored pixels, not turned, and remarks about the original:
        no end marker, bytes after the end. PictureError when the file is cut short (RC102), has
        a wrong checksum (RC103) or carries a text bomb (RC107).
    """
    if header.kind == "PNG":
        return _png(data, place)
    if header.kind == "JPEG":
        return _jpeg(data, header)
    if header.kind == "WEBP":
        return _webp(data, place)
    if header.kind == "TIFF":
        return _tiff(data, header), ()
    return data, ()


def with_fillers(stream: bytes) -> Iterator[bytes]:
    """Put other pixels where a JPEG without end marker stops.

    libjpeg paints what is missing grey and says nothing. A complete picture decodes alike with
    and without filler; one that is cut short does not, but for chance, hence several.

    Args:
        stream: from `pixel_stream`, with the remark `NO_END`.

    Yields:
        Other JPEGs.
    """
    for filler in _FILLERS:
        yield stream.removesuffix(JPEG_END) + filler + JPEG_END


def _in_last_scan(data: bytes) -> bool:
    """Tell whether a JPEG stops in the last scan that its pixels need, not before.

    A scan brings some coefficients, of 64, of some components, and a progressive one perhaps not
    their lowest bits: the low half of the last byte of its header says how many are missing.
    """
    wanted: set[tuple[int, int]] = set()
    found: set[tuple[int, int]] = set()
    for marker, body in _segments(data):
        if marker in _FRAMES:
            wanted |= {(name, k) for name in body[6 : 6 + 3 * body[5] : 3] for k in range(64)}
        elif marker == _SCAN:
            names, (first, last, bits) = body[1 : 1 + 2 * body[0] : 2], body[-3:]
            lowest = range(first, last + 1) if not bits & 15 else ()
            found |= {(name, k) for name in names for k in lowest}
    return bool(wanted) and wanted <= found


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Walk through a JPEG's headers, over the coded pixels behind each scan's.

    Yields:
        Marker and content of each segment that is whole and at least as long as any frame's or
        scan's.
    """
    at = 2
    while begin := _MARKER.search(data, at):
        marker, at = data[begin.start() + 1], begin.end()
        length = int.from_bytes(data[at : at + 2], "big")
        body = data[at + 2 : at + length]
        if len(body) >= _SHORTEST and len(body) == length - 2:
            yield marker, body
        at += length


def _jpeg(data: bytes, header: Header) -> tuple[bytes, tuple[str, ...]]:
    for start, end in reversed(header.exif_spans):
        data = data[:start] + data[end:]
    end = data.rfind(JPEG_END)  # cannot stand inside a scan, where 0 follows every 0xFF
    if end < 0:
        open_end = data.removesuffix(b"\xff")
        return (open_end + JPEG_END if _in_last_scan(open_end) else data), (NO_END,)
    return data, _after_end(len(data) - end - 2)


def _png(data: bytes, place: str) -> tuple[bytes, tuple[str, ...]]:
    parts, at = [data[:_SIGNATURE]], _SIGNATURE
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if name == b"IEND":
            return b"".join([*parts, _END]), _after_end(len(data) - end)
        if name in _KEPT:
            _require_whole(data[at:end], length, at, place)
            parts.append(data[at:end])
        elif name in (b"zTXt", b"iTXt"):
            _require_small_text(data[at + 8 : end - 4], name, place)
        at = end
    if at > len(data):
        raise PictureError("RC102", place, "the picture is cut short", fix=_REPLACE)
    return b"".join([*parts, _END]), (NO_END,)


def _require_whole(chunk: bytes, length: int, at: int, place: str) -> None:
    if len(chunk) < length + 12:
        raise PictureError(
            "RC102",
            place,
            "the picture is cut short",
            got=f"{len(chunk)} bytes of a chunk at byte {at}",
            want=str(length + 12),
            fix=_REPLACE,
        )
    if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
        raise PictureError(
            "RC103",
            place,
            "the picture is damaged",
            got=f"a wrong checksum in chunk {chunk[4:8].decode('latin-1')} at byte {at}",
            fix=_REPLACE,
        )


def _require_small_text(body: bytes, name: bytes, place: str) -> None:
    try:
        text = zlib.decompressobj().decompress(_packed_text(body, name), MAX_TEXT + 1)
    except zlib.error:
        return  # text is never read, so a damaged one does no harm
    if len(text) > MAX_TEXT:
        raise PictureError(
            "RC107",
            place,
            "the picture carries text that unpacks without end",
            got=f"more than {MAX_TEXT} bytes of text",
            want="less",
            fix="do not trust this file; save the picture again without its text",
        )


def _packed_text(body: bytes, name: bytes) -> bytes:
    """Give the compressed part of a text chunk; empty when nothing in it is compressed."""
    _, _, rest = body.partition(b"\0")  # a keyword stands first
    if name == b"zTXt":
        return rest[1:]  # after the method
    packed = rest[:1] == b"\1"
    return rest[2:].split(b"\0", 2)[-1] if packed else b""  # after language and translation


def _webp(data: bytes, place: str) -> tuple[bytes, tuple[str, ...]]:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise PictureError(
            "RC102",
            place,
            "the picture is cut short",
            got=f"{len(data)} bytes",
            want=str(end),
            fix=_REPLACE,
        )
    return data[:end], _after_end(len(data) - end)


def _tiff(data: bytes, header: Header) -> bytes:
    for start, end in header.exif_spans:  # write "upright" there, or Pillow turns it as well
        value = exif.UPRIGHT.to_bytes(end - start, "little" if data[:2] == b"II" else "big")
        data = data[:start] + value + data[end:]
    return data


def _after_end(count: int) -> tuple[str, ...]:
    return (f"{count} bytes after the end",) if count > 0 else ()
