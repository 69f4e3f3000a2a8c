"""A picture of any accepted form, as pixels; or an error that says which forms are accepted.

Accepted are a path, the bytes of a file, a PIL image, a NumPy [H, W, 3] uint8 array (RGB, or BGR
when that is said) and a torch [3, H, W] uint8 tensor. Nothing is guessed: floating values could
be 0 ... 1 or 0 ... 255, so they are refused with the line that converts them.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from frcnn.errors import ConfigError, PictureError, first_line
from frcnn.ops import colours, exif, pictures
from frcnn.ops.picture_header import MAX_PIXELS
from frcnn.ops.picture_parts import Enough, whole
from frcnn.prediction.video.kinds import is_video_file
from frcnn.types import Size, name_of

Source = str | os.PathLike[str] | bytes | Image.Image | NDArray[np.uint8] | Tensor
"""What `predict` takes as one picture."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Loaded:
    """One picture, upright."""

    picture: Tensor
    """[3, H, W] uint8, RGB; shares no memory with what the caller gave. Of a JPEG maybe a half, a
    quarter or an eighth of the rows and columns, where that was enough."""
    source: Path | bytes | None = None
    """The file that it came from, or its bytes; None for a picture in memory."""
    notes: tuple[str, ...] = ()
    """Remarks such as "EXIF rotation 6 applied"."""
    whole: Size | None = None
    """The size of the whole picture, where this is a part."""

    @property
    def path(self) -> Path | None:
        """Where it came from; None for a picture in memory."""
        return self.source if isinstance(self.source, Path) else None

    @property
    def size(self) -> Size:
        """Of the whole picture, in pixels."""
        return self.whole or Size(self.picture.shape[1], self.picture.shape[2])

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The whole picture as NumPy has it: [H, W, 3] uint8, RGB; read again where need be."""
        if self.source is not None and self.size != tuple(self.picture.shape[1:]):
            return pictures.decode(self.source).pixels
        return self.picture.permute(1, 2, 0).contiguous().numpy()


class _Form(NamedTuple):
    """How one library writes a picture, and how to turn other forms into it."""

    want: str
    channels: int
    """The axis of the three channels."""
    swapped: str
    """What brings the channels there."""
    three: str
    """What keeps three of four channels."""
    spread: str
    """What makes three channels of a grey picture."""
    to_bytes: str
    """What converts whole numbers 0 ... 255."""
    clipped: str
    """What keeps values in that range."""


_NUMPY = _Form(
    want="NumPy [H, W, 3] uint8, RGB (bgr=True for OpenCV's)",
    channels=2,
    swapped="picture.transpose(1, 2, 0)",
    three="picture[:, :, :3]",
    spread="np.dstack([picture] * 3)",
    to_bytes=".astype(np.uint8)",
    clipped="picture.round().clip(0, 255)",
)
_TORCH = _Form(
    want="torch [3, H, W] uint8, RGB",
    channels=0,
    swapped="picture.permute(2, 0, 1)",
    three="picture[:3]",
    spread="picture.expand(3, -1, -1)",
    to_bytes=".to(torch.uint8)",
    clipped="picture.round().clamp(0, 255)",
)
_ACCEPTED = f"a path, a PIL image, {_NUMPY.want}, or {_TORCH.want}"


def is_one_picture(source: object) -> bool:
    """Tell a picture, well-formed or not, from a list or generator of them.

    Args:
        source: what `predict` was given.

    Returns:
        True for everything that cannot be gone through picture by picture.
    """
    single = (str, os.PathLike, bytes, bytearray, Image.Image, np.ndarray, Tensor, dict)
    is_file = hasattr(source, "read")  # its lines are no pictures
    return isinstance(source, single) or is_file or not hasattr(source, "__iter__")


def load(
    source: object, *, bgr: bool = False, place: str = "predict: picture", enough: Enough = whole
) -> Loaded:
    """Read one picture.

    Args:
        source: path, bytes of a file, PIL image, NumPy array or torch tensor.
        bgr: the source is a NumPy array whose first channel is blue, as OpenCV reads them.
        place: how errors name a picture without a path.
        enough: how much of a file has to be decoded, as `pictures.decode` asks.

    Returns:
        The picture, upright. Of PIL images as of files, EXIF's rotation is applied. PictureError
        when the file or the PIL image cannot be read, and

    Raises:
        ConfigError: this is no picture (RC382), or not of an accepted form (RC380).
    """
    if bgr and not isinstance(source, np.ndarray):
        raise ConfigError(
            "RC381",
            "predict: bgr",
            "only NumPy arrays can be in the order blue, green, red",
            got=f"bgr=True with {_kind(source)}",
            want="bgr=True with NumPy arrays alone",
            fix="leave bgr out: files, PIL images and tensors are taken as RGB",
        )
    if isinstance(source, str | os.PathLike | bytes):
        return _from_file(source, enough)
    if isinstance(source, Image.Image):
        return _from_pil(source, place)
    if isinstance(source, np.ndarray):
        _require_form(source.shape, str(source.dtype), source, _NUMPY, place)
        pixels = source[:, :, ::-1] if bgr else source
        return Loaded(picture=pictures.to_tensor(pixels))
    if isinstance(source, Tensor):
        _require_form(source.shape, name_of(source.dtype), source, _TORCH, place)
        return Loaded(picture=source.detach().cpu().contiguous().clone())
    raise ConfigError(
        "RC382",
        place,
        "this is no picture",
        got=_kind(source),
        want=_ACCEPTED,
        fix="pass one of these, or a list of them",
    )


def _from_file(source: str | os.PathLike[str] | bytes, enough: Enough) -> Loaded:
    file = source if isinstance(source, bytes) else Path(source)
    if isinstance(file, Path) and file.is_dir():
        raise ConfigError(
            "RC382",
            str(file),
            "a folder is not one picture",
            got="a folder",
            want="the path of a picture",
            fix="use `frcnn predict` for folders, or pass a list of its files",
        )
    if isinstance(file, Path) and is_video_file(file):
        raise ConfigError(
            "RC382",
            str(file),
            "a video is not one picture",
            got="a video",
            want="the path of a picture",
            fix="go through its frames: for found in detector.frames(path)",
        )
    decoded = pictures.decode(file, enough=enough)
    picture = pictures.to_tensor(decoded.pixels)
    return Loaded(picture=picture, source=file, notes=decoded.notes, whole=decoded.size)


def _from_pil(image: Image.Image, place: str) -> Loaded:
    if image.width * image.height > MAX_PIXELS or not image.width * image.height:
        got = f"{image.width} x {image.height}"
        raise _unusable(place, got, f"1 ... {MAX_PIXELS / 1e6:g} million pixels")
    try:
        orientation = image.getexif().get(exif.ORIENTATION, exif.UPRIGHT)
    except Exception:  # a damaged block: whatever Pillow stumbles over
        orientation = exif.UPRIGHT
    if orientation not in range(1, 9):
        orientation = exif.UPRIGHT
    try:
        image.load()
        pixels, notes = colours.to_rgb(image, place)
    except (PictureError, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever they stumble over
        got = first_line(error)
        raise _unusable(place, got, "a whole picture") from error
    if orientation != exif.UPRIGHT:
        notes = (f"EXIF rotation {orientation} applied", *notes)
    return Loaded(picture=pictures.to_tensor(exif.upright(pixels, orientation)), notes=notes)


def _unusable(place: str, got: str, want: str) -> PictureError:
    what, fix = "the PIL image cannot be used", "load the picture again, or pass its path"
    return PictureError("RC113", place, what, got=got, want=want, fix=fix)


def _require_form(
    shape: Sequence[int], dtype: str, values: NDArray[np.uint8] | Tensor, form: _Form, place: str
) -> None:
    fits = len(shape) == 3 and shape[form.channels] == 3 and min(shape) > 0
    if fits and dtype == "uint8":
        return
    fix = _fix_dtype(dtype, values, form) if fits else _fix_shape(shape, form)
    got = f"{list(shape)} {dtype}{_range_of(values) if fits else ''}"
    what = "the picture has another form than is accepted"
    raise ConfigError("RC380", place, what, got=got, want=form.want, fix=fix)


def _fix_shape(shape: Sequence[int], form: _Form) -> str:
    if 0 in shape:
        return "pass a picture that has pixels"
    if len(shape) == 4:
        return "pass the pictures one by one: predict(list(pictures))"
    if len(shape) == 2 or (len(shape) == 3 and shape[form.channels] == 1):
        return f"a grey picture needs three channels: {form.spread}"
    if len(shape) == 3 and shape[form.channels] == 4:
        return f"leave the fourth channel out: {form.three}"
    if len(shape) == 3 and shape[2 - form.channels] == 3:
        return f"bring the channels to their place: {form.swapped}"
    return f"pass {form.want}"


def _fix_dtype(dtype: str, values: NDArray[np.uint8] | Tensor, form: _Form) -> str:
    if dtype == "bool":
        return f"picture{form.to_bytes} * 255"
    low, high = _extremes(values)
    if not (np.isfinite(low) and np.isfinite(high)):
        return "find out where NaN or infinity comes from; pixels are whole numbers 0 ... 255"
    if low < 0 or high > 65535:
        return "these are no pixel values (normalised ones?): pass the picture as it was"
    if high > 255:
        return f"16-bit values: (picture // 257){form.to_bytes}"
    if high <= 1 and "float" in dtype:
        return f"values 0 ... 1: (picture * 255).round(){form.to_bytes}"
    rounded = form.clipped if "float" in dtype else "picture"
    return f"values 0 ... 255: {rounded}{form.to_bytes}"


def _range_of(values: NDArray[np.uint8] | Tensor) -> str:
    low, high = _extremes(values)
    return f", values {low:g} ... {high:g}"


def _extremes(values: NDArray[np.uint8] | Tensor) -> tuple[float, float]:
    try:
        whole = torch.as_tensor(np.asarray(values) if isinstance(values, np.ndarray) else values)
        exact = whole.detach().to(torch.float64)
        return float(exact.min()), float(exact.max())
    except (TypeError, RuntimeError, ValueError):  # objects, texts, complex numbers
        return float("nan"), float("nan")


def _kind(source: object) -> str:
    kind = type(source)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
