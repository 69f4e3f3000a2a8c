"""Pictures: decode, resize, mirror. One set of functions for training and for prediction.

A picture is RGB: as NumPy [H, W, 3] uint8, as a tensor [3, H, W] uint8. EXIF rotation is applied
once, on decoding; every size and box is in the upright frame.

Files are decoded by Pillow alone, behind our own reading of the header (`picture_header`), with
the pixels alone handed on (`picture_streams`); `colours` says what becomes of other pixel types.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from torch import Tensor
from torch.nn import functional

from frcnn.errors import PictureError, ShapeError, first_line
from frcnn.ops import boxes as box_ops
from frcnn.ops import colours, exif
from frcnn.ops.picture_header import MAX_PIXELS, open_regular, place_of, read_header
from frcnn.ops.picture_kinds import Header
from frcnn.ops.picture_parts import Enough, part_of, whole
from frcnn.ops.picture_streams import NO_END, pixel_stream, with_fillers
from frcnn.types import Size

_DECODERS: dict[str, Callable[[IO[bytes]], Image.Image]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
}
KIND_OF_SUFFIX = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".bmp": "BMP",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""Pillow's name of each kind that is read and written, by the ending in small letters."""
SUFFIXES = tuple(KIND_OF_SUFFIX)
"""Endings of file names, in small letters, that are taken for pictures when looking in folders."""
_MOST_BYTES_PER_PIXEL = 16
_ANY_FILE = 16 << 20  # bytes that a file may have however few its pixels


@dataclass(frozen=True, eq=False, kw_only=True)
class Decoded:
    """A decoded picture."""

    pixels: NDArray[np.uint8]
    """[H, W, 3] uint8, RGB, upright; owned by the caller. A JPEG of which less was enough has a
    half, a quarter or an eighth of its rows and columns, rounded up."""
    size: Size
    """Of the whole picture, upright."""
    notes: tuple[str, ...] = ()
    """Remarks such as "EXIF rotation 6 applied"; empty for a plain file."""


def decode(
    source: Path | bytes,
    *,
    path: Path | None = None,
    max_pixels: int = MAX_PIXELS,
    enough: Enough = whole,
) -> Decoded:
    """Read a picture file.

    Args:
        source: path of a file, or its bytes.
        path: where the bytes are from, as far as that is known; errors and remarks name it.
        max_pixels: more are refused from the header, before anything is decoded.
        enough: told the size of the upright picture, says which suffices: a JPEG is decoded in the
            smallest part of its size that has no side below that, which costs less than all of it.

    Returns:
        The pixels, and remarks.

    Raises:
        PictureError: it cannot be read, is damaged, or is refused; codes RC101 ... RC108.
    """
    path = path if isinstance(source, bytes) else source
    place = "<bytes>" if path is None else place_of(path)
    with io.BytesIO(source) if isinstance(source, bytes) else open_regular(source) as file:
        header = read_header(file, place, max_pixels=max_pixels)
        file.seek(0)
        limit = header.stored.height * header.stored.width * _MOST_BYTES_PER_PIXEL + _ANY_FILE
        data = file.read(limit + 1)
    if len(data) > limit:
        raise PictureError(
            "RC104",
            place,
            "the file is far larger than its picture",
            got=f"{len(data)} bytes or more",
            want=f"at most {limit} for {header.stored.width} x {header.stored.height} pixels",
            fix="save the picture again",
        )
    stream, stream_notes = pixel_stream(data, header, place)
    size = header.upright
    part = part_of(size, enough(size)) if header.kind == "JPEG" else 1
    pixels, colour_notes = _load(stream, header, place, part)
    if header.kind == "JPEG" and NO_END in stream_notes:
        for other in with_fillers(stream):
            _require_complete(pixels, _load(other, header, place, part)[0], place)
    notes = (*_name_note(path, header.kind), *header.notes, *stream_notes, *colour_notes)
    return Decoded(pixels=exif.upright(pixels, header.orientation), size=size, notes=notes)


def to_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """Turn a NumPy picture into a tensor of its own.

    Args:
        pixels: [H, W, 3] uint8, RGB.

    Returns:
        [3, H, W] uint8, sharing no memory with the input; a pixel's colours lie side by side, as
        in the input: to bring each colour's pixels together takes longer than to resize them.

    Raises:
        ShapeError: the input is not [H, W, 3] uint8.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise ShapeError(
            "to_tensor: pixels",
            got=f"{list(pixels.shape)} {pixels.dtype}",
            want="a [H, W, 3] uint8 array",
        )
    return torch.from_numpy(pixels.copy(order="C")).permute(2, 0, 1)


def require_uint8(place: str, picture: Tensor) -> None:
    """Refuse what is no 8-bit picture, by shape and type alone.

    Args:
        place: the argument, as `function: argument`.
        picture: should be [3, H, W] uint8.

    Raises:
        ShapeError: it is not.
    """
    if picture.ndim != 3 or picture.shape[0] != 3 or picture.dtype != torch.uint8:
        raise ShapeError(place, got=box_ops.describe(picture), want="a [3, H, W] uint8 tensor")


def mirror(picture: Tensor) -> Tensor:
    """Exchange left and right; `boxes.mirror` is the same for boxes.

    Args:
        picture: [..., H, W], any type.

    Returns:
        [..., H, W], the mirrored picture.
    """
    return picture.flip(-1)


def mirror_vertical(picture: Tensor) -> Tensor:
    """Exchange top and bottom.

    Args:
        picture: [..., H, W], any type.

    Returns:
        [..., H, W], the mirrored picture.
    """
    return picture.flip(-2)


def resized_size(
    size: Size, *, shorter: int, longer: int, rounding: Literal["round", "floor"]
) -> Size:
    """Choose the size at which a picture is looked at: its shape is kept.

    The scale brings the shorter side to `shorter`, or the longer side to `longer` where that
    is smaller (Faster R-CNN §3.3, authors' code: `round(s * longest) > longer` decides).

    Args:
        size: of the picture, pixels.
        shorter: wanted length of the shorter side, pixels.
        longer: most the longer side may have, pixels.
        rounding: of the resized sides: "round" half to even (authors' code), "floor" (torchvision).

    Returns:
        The new size; every side at least 1, however thin the picture.

    Raises:
        ShapeError: a side of `size` is below 1.
    """
    low, high = min(size), max(size)
    if low < 1:
        raise ShapeError("resized_size: size", got=f"{tuple(size)}", want="sides >= 1")
    if rounding == "floor":
        scale = min(shorter / low, longer / high)
        return Size(max(int(size.height * scale), 1), max(int(size.width * scale), 1))
    scale = shorter / low
    if round(scale * high) > longer:
        scale = longer / high
    return Size(max(round(size.height * scale), 1), max(round(size.width * scale), 1))


def resize(picture: Tensor, size: Size, *, antialias: bool) -> Tensor:
    """Resize by bilinear interpolation; pixel centres at half positions.

    Args:
        picture: [3, H, W] uint8 or floating.
        size: of the result, pixels.
        antialias: smooth before shrinking.

    Returns:
        [3, h, w] float32, in the input's range; at the same size the input's own memory.
    """
    values = picture[None].float().contiguous()
    if picture.shape[1:] == tuple(size):
        return values[0]
    return functional.interpolate(
        values, size=tuple(size), mode="bilinear", align_corners=False, antialias=antialias
    )[0]


def resize_uint8(picture: Tensor, size: Size) -> Tensor:
    """Resize an 8-bit picture as Pillow does: bilinear, smoothed before shrinking, rounded.

    Args:
        picture: [3, H, W] uint8.
        size: of the result, pixels.

    Returns:
        [3, h, w] uint8.

    Raises:
        ShapeError: the picture is not [3, H, W] uint8.
    """
    require_uint8("resize_uint8: picture", picture)
    image = Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())
    smaller = image.resize((size.width, size.height), Image.Resampling.BILINEAR)
    return to_tensor(np.asarray(smaller))


def _load(
    stream: bytes, header: Header, place: str, part: int
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    try:
        with _DECODERS[header.kind](io.BytesIO(stream)) as image:
            if part > 1:
                image.draft(None, (image.width // part, image.height // part))
            image.load()
            pixels, notes = colours.to_rgb(image, place)
    except (PictureError, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever they stumble over
        code, what = "RC103", "the picture is damaged"
        if "truncated" in str(error):
            code, what = "RC102", "the picture is cut short"
        raise PictureError(
            code, place, what, got=first_line(error), fix="replace the file"
        ) from error
    if pixels.shape[:2] != tuple(-(-side // part) for side in header.stored):
        got = f"{pixels.shape[1]} x {pixels.shape[0]} decoded"
        want = f"{header.stored.width} x {header.stored.height}, as its header says"
        what = "the picture is damaged"
        raise PictureError("RC103", place, what, got=got, want=want, fix="replace the file")
    return pixels, notes


def _require_complete(
    pixels: NDArray[np.uint8], with_other_end: NDArray[np.uint8], place: str
) -> None:
    if not np.array_equal(pixels, with_other_end):
        what, fix = "the picture is cut short", "replace the file"
        raise PictureError("RC102", place, what, got="a part of its pixels", fix=fix)


def _name_note(path: Path | None, kind: str) -> tuple[str, ...]:
    if path is None:
        return ()
    named = KIND_OF_SUFFIX.get(path.suffix.lower(), kind)
    return (f"named {path.suffix} but a {kind}",) if named != kind else ()
