"""Where a TIFF keeps its pixels: the strips or tiles of its first page, and how they are coded.

The package tifffile (`[tiff]` extra) parses the directory, BigTIFF's too; no pixel is read through
it. Source: TIFF 6.0, BigTIFF's design, TIFF Technical Note 2 (JPEG).
"""

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from frcnn.errors import PictureError, first_line
from frcnn.ops import exif, picture_kinds
from frcnn.ops.picture_header import MAX_PIXELS, no_pixels, open_regular, place_of
from frcnn.types import Size

MAX_WINDOWED_PIXELS = 10_000_000_000
"""More are refused: 100,000 x 100,000."""

_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BIG = _MARKS[2:]
_UNCOMPRESSED = 1
# CCITT, LZW, JPEG, deflate, PackBits, LZMA, Zstandard, WebP: each strip or tile stands alone
_CUTTABLE = frozenset({1, 2, 3, 4, 5, 7, 8, 32773, 32946, 34925, 50000, 50001})
_CODING = (258, 259, 262, 266, 277, 284, 292, 293, 317, 320, 332, 338, 339, 347, 530)
_WIDTH, _LENGTH, _BITS, _COMPRESSION, _SAMPLES, _PLANAR = 256, 257, 258, 259, 277, 284
_STRIP_OFFSETS, _ROWS_PER_STRIP, _STRIP_COUNTS = 273, 278, 279
_TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS, _TILE_COUNTS = 322, 323, 324, 325


@dataclass(frozen=True, eq=False, kw_only=True)
class Layout:
    """The first page of a TIFF, as far as its directory tells."""

    stored: Size
    """Of the pixels as the file has them, before turning upright."""
    orientation: int
    """1 ... 8, as EXIF's."""
    notes: tuple[str, ...]
    """Remarks such as "EXIF rotation 6 applied"."""
    is_tiled: bool
    segment: Size
    """Of a tile; of a strip, which is as wide as the picture."""
    offsets: Sequence[int]
    """First byte of each tile or strip, row by row; plane by plane where these are separate."""
    counts: Sequence[int]
    """Bytes of each; 0 where a sparse file left an empty one out."""
    planes: int
    """1, or as many as there are samples where each has strips or tiles of its own."""
    bits: int
    """Of a pixel in one plane."""
    coding: Mapping[int, Any]
    """Tags that decoding a strip or tile needs, with their values."""
    order: bytes
    """II: the lower byte first, MM: the higher."""

    @property
    def is_compressed(self) -> bool:
        """Whether a strip or tile can only be decoded whole."""
        return bool(self.coding[_COMPRESSION] != _UNCOMPRESSED)

    @property
    def across(self) -> int:
        """Tiles or strips side by side."""
        return -(-self.stored.width // self.segment.width)

    @property
    def per_plane(self) -> int:
        """Tiles or strips of one plane."""
        return self.across * -(-self.stored.height // self.segment.height)


def needs_windows(path: Path) -> bool:
    """Tell a TIFF that is too large to be decoded at once, and a BigTIFF, from other files.

    Args:
        path: of any file, which need not be a picture.

    Returns:
        Whether it can only be read in windows.
    """
    try:
        with open_regular(path) as file:
            mark = file.read(4)
            if mark not in _MARKS or mark in _BIG:
                return mark in _BIG
            size = picture_kinds.read_tiff(file).stored
    except (PictureError, ValueError, EOFError):  # whoever decodes it says what is wrong
        return False
    return size.height * size.width > MAX_PIXELS


def read_layout(file: BinaryIO, path: Path) -> Layout:
    """Read and judge the directory of the first page.

    Args:
        file: a TIFF or BigTIFF, seekable.
        path: of it, for messages.

    Returns:
        The layout. PictureError when the file is damaged or cut short (RC102, RC103), too large
        (RC104), has no pixels (RC106), cannot be read in windows (RC116), or tifffile is not
        installed (RC117).
    """
    tags, order, several = _parsed(file, path)
    try:
        layout = _layout(tags, order, path, several=several)
    except KeyError as error:
        raise _damaged(path, f"no tag {error}") from error
    except (TypeError, ValueError) as error:
        raise _damaged(path, first_line(error)) from error
    place = place_of(path)
    _require_size(layout, place)
    _require_cuttable(layout, place)
    _require_complete(layout, place, file.seek(0, 2))
    return layout


def small_tiff(layout: Layout, size: Size, planes: Sequence[bytes]) -> bytes:
    """Make a TIFF of its own of a strip or tile.

    Args:
        layout: of the file that it is from.
        size: of the strip or tile.
        planes: its bytes, as the file has them.

    Returns:
        The file, one strip for each plane.
    """
    directory = ImageFileDirectory_v2(prefix=layout.order)
    for tag, value in layout.coding.items():
        directory[tag] = value
    directory[_WIDTH], directory[_LENGTH] = size.width, size.height
    directory[_ROWS_PER_STRIP] = size.height
    starts = [sum(map(len, planes[:n])) for n in range(len(planes))]
    directory[_STRIP_OFFSETS] = tuple(starts)  # Pillow adds where the directory ends
    directory[_STRIP_COUNTS] = tuple(map(len, planes))
    little = layout.order == b"II"
    head = layout.order + (b"*\0\x08\0\0\0" if little else b"\0*\0\0\0\x08")
    return b"".join((head, directory.tobytes(len(head)), *planes))


def _parsed(file: BinaryIO, path: Path) -> tuple[dict[int, Any], bytes, bool]:
    """Let tifffile parse the directory: values by tag, the order of bytes, whether more follow."""
    try:
        import tifffile
    except ImportError as error:
        raise PictureError(
            "RC117",
            place_of(path),
            "a TIFF of this size is read with the package tifffile, which is not installed",
            want="tifffile >= 2025.1",
            fix="python -m pip install tifffile",
        ) from error
    try:
        with _unheard("tifffile"):
            # no dialect: what their makers mean by other tags is not read here
            tiff = tifffile.TiffFile(file, is_ndpi=False, is_lsm=False, is_scanimage=False)
            tags = {int(tag.code): _plain(tag.value) for tag in tiff.pages.first.tags}
            order = b"II" if tiff.byteorder == "<" else b"MM"
            return tags, order, _has_second(tiff.pages)
    except Exception as error:  # it raises whatever it stumbles over
        raise _damaged(path, first_line(error)) from error


def _has_second(pages: Sequence[object]) -> bool:
    try:
        return pages[1] is not None
    except IndexError:
        return False


def _plain(value: object) -> Any:  # noqa: ANN401  # whatever a tag holds
    """Make plain numbers of tifffile's enumerations and arrays."""
    if isinstance(value, np.ndarray):  # a palette
        return tuple(value.ravel().tolist())
    if isinstance(value, tuple):
        return tuple(_plain(each) for each in value)
    return int(value) if isinstance(value, int) else value


@contextlib.contextmanager
def _unheard(name: str) -> Iterator[None]:
    """Keep a library from writing its own remarks about a damaged file to stderr."""
    logger = logging.getLogger(name)

    def nothing(_: logging.LogRecord) -> bool:
        return False

    logger.addFilter(nothing)
    try:
        yield
    finally:
        logger.removeFilter(nothing)


def _layout(tags: Mapping[int, Any], order: bytes, path: Path, *, several: bool) -> Layout:
    is_tiled = _TILE_WIDTH in tags
    stored = Size(int(tags[_LENGTH]), int(tags[_WIDTH]))
    rows = min(int(tags.get(_ROWS_PER_STRIP, stored.height)), stored.height)
    strip = Size(rows, stored.width)
    samples = int(tags.get(_SAMPLES, 1))
    planes = samples if tags.get(_PLANAR, 1) == 2 else 1
    bits = {*_several(tags.get(_BITS, 1))}
    if len(bits) != 1:
        raise _damaged(path, f"samples of {sorted(bits)} bits")
    orientation, notes = picture_kinds.judged_orientation(int(tags.get(exif.ORIENTATION, 1)))
    return Layout(
        stored=stored,
        orientation=orientation,
        notes=(*notes, "several pages: only the first is read") if several else notes,
        is_tiled=is_tiled,
        segment=Size(int(tags[_TILE_LENGTH]), int(tags[_TILE_WIDTH])) if is_tiled else strip,
        offsets=_several(tags[_TILE_OFFSETS if is_tiled else _STRIP_OFFSETS]),
        counts=_several(tags[_TILE_COUNTS if is_tiled else _STRIP_COUNTS]),
        planes=planes,
        bits=bits.pop() * (samples if planes == 1 else 1),
        coding={_COMPRESSION: 1} | {tag: tags[tag] for tag in _CODING if tag in tags},
        order=order,
    )


def _several(value: Any) -> tuple[int, ...]:  # noqa: ANN401  # a tag's value
    return value if isinstance(value, tuple) else (int(value),)


def _require_size(layout: Layout, place: str) -> None:
    height, width = layout.stored
    if min(*layout.stored, *layout.segment) < 1:
        raise no_pixels(layout.stored, place)
    if height * width > MAX_WINDOWED_PIXELS:
        raise PictureError(
            "RC104",
            place,
            "the picture has too many pixels, even for tiles",
            got=f"{width} x {height}",
            want=f"at most {MAX_WINDOWED_PIXELS / 1e6:g} million",
            fix="cut the picture into several files",
        )


def _require_cuttable(layout: Layout, place: str) -> None:
    """Refuse what cannot be decoded strip by strip or tile by tile."""
    pixels = layout.segment.height * layout.segment.width
    compression = layout.coding[_COMPRESSION]
    if compression not in _CUTTABLE:
        got, want = f"compression {compression}", "none, LZW, deflate, JPEG, PackBits, Zstandard"
    elif layout.planes > 1 and layout.bits > 8:  # Pillow reads them wrong
        got, want = f"separate planes of {layout.bits} bits", "8 bits, or samples side by side"
    elif pixels > MAX_PIXELS and (layout.is_compressed or layout.is_tiled):
        got = f"{'tiles' if layout.is_tiled else 'compressed strips'} of {pixels / 1e6:.0f} million"
        want = f"at most {MAX_PIXELS / 1e6:g} million pixels in each"
    else:
        return
    raise PictureError(
        "RC116",
        place,
        "the TIFF is laid out so that it cannot be read in windows",
        got=got,
        want=want,
        fix="write it again in tiles: `gdal_translate -co TILED=YES` or `vips tiffsave --tile`",
    )


def _require_complete(layout: Layout, place: str, end: int) -> None:
    """Refuse a file whose strips or tiles are not all in it."""
    wanted = layout.per_plane * layout.planes
    ends = [at + count for at, count in zip(layout.offsets, layout.counts, strict=False)]
    if not len(layout.offsets) == len(layout.counts) == wanted or max(ends) > end:
        raise PictureError(
            "RC102",
            place,
            "the picture is cut short",
            got=f"{len(ends)} strips or tiles, up to byte {max(ends, default=0)} of {end}",
            want=f"{wanted} of them, all in the file",
            fix="replace the file",
        )


def _damaged(path: Path, got: str) -> PictureError:
    what, fix = "the picture's header is damaged", "replace the file"
    return PictureError("RC103", place_of(path), what, got=got, fix=fix)
